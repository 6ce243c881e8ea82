//! Makes the rule file of a project by its language's usual commands.

mod bundle;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

pub use bundle::bundle;

use super::Subject;

/// Runs a project's commands, with their output where the caller's goes. `say` is told each command before it runs.
///
/// # Errors
/// When a tool is missing, a command fails, or the file is not there in the end.
pub fn build(subject: &Subject, quiet: bool, say: impl Fn(&str)) -> Result<PathBuf, BuildError> {
    let (Some(project), Some(build)) = (&subject.project, subject.build()) else {
        return Err(BuildError::NoProject(subject.file.clone()));
    };
    for command in &build.run {
        for part in command.split("&&").flat_map(|part| part.split("||")) {
            check_tool(part.trim_matches(['(', ')', ' ']), project)?;
        }
        say(command);
        let status = run(command, project, quiet).map_err(|source| BuildError::Start {
            command: command.clone(),
            source,
        })?;
        if !status.success() {
            check_target(command, project)?;
            return Err(BuildError::Failed {
                command: command.clone(),
                status,
            });
        }
    }
    match subject.file.is_file() {
        true => Ok(subject.file.clone()),
        false => Err(BuildError::NoOutput(subject.file.clone())),
    }
}

fn run(command: &str, project: &Path, quiet: bool) -> std::io::Result<ExitStatus> {
    let output = || match quiet {
        true => Stdio::null(),
        false => Stdio::inherit(),
    };
    Command::new("sh")
        .args(["-c", command])
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(output())
        .status()
}

/// A tool that is missing is named, with where to get it, before a shell says "not found".
fn check_tool(command: &str, project: &Path) -> Result<(), BuildError> {
    let Some(tool) = tool_of(command) else {
        return Ok(());
    };
    let found = match tool.contains('/') {
        true => project.join(tool).exists(),
        false => which::which(tool).is_ok() || SHELL_WORDS.contains(&tool),
    };
    if !found {
        return Err(BuildError::NoTool {
            tool: tool.to_owned(),
            advice: advice(tool),
        });
    }
    Ok(())
}

/// A compiler that cannot compile for WebAssembly yet says so at length; what to do is one command.
fn check_target(command: &str, project: &Path) -> Result<(), BuildError> {
    match target_of(command) {
        Some(target) if tool_of(command) == Some("cargo") && !has_target(target, project) => {
            Err(BuildError::NoTarget(target.to_owned()))
        }
        _ => Ok(()),
    }
}

/// The program that a command line runs: its first word that sets no variable.
fn tool_of(command: &str) -> Option<&str> {
    let mut words = command.split_whitespace();
    words.find(|word| !word.contains('='))
}

fn target_of(command: &str) -> Option<&str> {
    let mut words = command.split_whitespace();
    words.find(|word| *word == "--target")?;
    words.next()
}

/// Whether the compiler has a standard library for a target. Where it cannot be asked, cargo will say.
fn has_target(target: &str, project: &Path) -> bool {
    let asked = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(project)
        .output();
    match asked {
        Ok(said) if said.status.success() => {
            Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_dir()
        }
        _ => true,
    }
}

fn advice(tool: &str) -> &'static str {
    let known = TOOLS.iter().find(|(name, _)| *name == tool);
    known.map_or("install it, or put it on PATH", |(_, advice)| advice)
}

/// Why a project cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A rule file is built already.
    #[error("{} is a rule file, not a project: there is nothing to build", .0.display())]
    NoProject(PathBuf),
    /// A tool is missing.
    #[error("{tool} is not installed: {advice}")]
    NoTool {
        /// Which.
        tool: String,
        /// Where to get it.
        advice: &'static str,
    },
    /// Rust cannot compile for WebAssembly yet.
    #[error("Rust has no standard library for {0} here: run `rustup target add {0}`")]
    NoTarget(String),
    /// The shell did not start.
    #[error("run {command:?}")]
    Start {
        /// What.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// A command failed; it has said why.
    #[error("{command:?} failed: {status}")]
    Failed {
        /// Which.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A script cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// All commands ran and left nothing.
    #[error("the commands ran, but {} is not there: is [build] output right?", .0.display())]
    NoOutput(PathBuf),
}

/// Where to get what the examples are built with.
const TOOLS: &[(&str, &str)] = &[
    ("cargo", "get Rust from https://rustup.rs"),
    ("go", "get Go 1.27 or later from https://go.dev/dl"),
    (
        "zig",
        "get Zig from https://ziglang.org/download, or run `pip install ziglang`",
    ),
    ("npm", "get Node.js 20 or later from https://nodejs.org"),
    ("npx", "get Node.js 20 or later from https://nodejs.org"),
    (
        "python3",
        "get Python 3.10 or later from https://www.python.org",
    ),
    (
        "pip",
        "get Python 3.10 or later from https://www.python.org",
    ),
    (
        "clang",
        "install clang and wasi-sdk (https://github.com/WebAssembly/wasi-sdk)",
    ),
];
const SHELL_WORDS: &[&str] = &["cd", "test", "[", "export", "if", "for", "true", "set", ":"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_the_first_word_that_sets_nothing() {
        assert_eq!(
            tool_of("GOOS=wasip1 GOARCH=wasm go build -o x ."),
            Some("go")
        );
        assert_eq!(tool_of("npm ci"), Some("npm"));
        assert_eq!(
            target_of("cargo build --release --target wasm32-wasip1"),
            Some("wasm32-wasip1")
        );
    }
}
