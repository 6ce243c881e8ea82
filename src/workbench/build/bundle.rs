//! Makes one file of a script and the npm packages that it brings along, with esbuild.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::BuildError;
use crate::rule::Analysis;

/// Bundles a script. What the server has for every script is left out, unless it is installed beside this one.
///
/// # Errors
/// When esbuild is missing, or cannot make sense of the script; it has said why.
pub fn bundle(
    file: &Path,
    output: &Path,
    analysis: &Analysis,
    say: impl Fn(&str),
) -> Result<(), BuildError> {
    let unreadable = |source| BuildError::Read {
        path: file.to_owned(),
        source,
    };
    let text = fs::read_to_string(file).map_err(unreadable)?;
    let (file, output) = (
        &std::path::absolute(file).map_err(unreadable)?,
        &std::path::absolute(output).map_err(unreadable)?,
    );
    let esbuild = esbuild(file).ok_or(BuildError::NoTool {
        tool: "esbuild".to_owned(),
        advice: "run `npm install --save-dev esbuild` beside the script, or put it on PATH",
    })?;
    let dialect = analysis.dialect.as_deref().unwrap_or_default();
    let arguments = arguments(file, output, dialect, left_out(file, analysis));
    let shown = format!("{} {}", esbuild.display(), arguments.join(" "));
    say(&shown);
    let directory = file.parent().unwrap_or(Path::new("/"));
    let ran = run((&esbuild, &arguments), directory, &program(&text, dialect));
    ran.map_err(|source| BuildError::Start {
        command: shown.clone(),
        source,
    })?;
    match output.is_file() {
        true => Ok(()),
        false => Err(BuildError::NoOutput(output.to_owned())),
    }
}

/// The nearest installed one, as npm looks for programs; then that on PATH.
fn esbuild(file: &Path) -> Option<PathBuf> {
    let mut installed = file
        .ancestors()
        .skip(1)
        .map(|directory| directory.join("node_modules/.bin/esbuild"));
    installed
        .find(|program| program.is_file())
        .or_else(|| which::which("esbuild").ok())
}

/// The bundled modules that the script requires and that are not installed beside it.
fn left_out(file: &Path, analysis: &Analysis) -> Vec<String> {
    let is_installed = |name: &str| {
        let mut directories = file.ancestors().skip(1);
        directories.any(|directory| directory.join("node_modules").join(name).exists())
    };
    let requests = analysis.modules.iter().map(|module| &module.request);
    requests
        .filter(|request| !is_installed(request))
        .cloned()
        .collect()
}

fn arguments(file: &Path, output: &Path, dialect: &str, left_out: Vec<String>) -> Vec<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut arguments = vec![
        "--bundle".to_owned(),
        "--format=cjs".to_owned(),
        // Its built-in modules stay as they are: the server has those that can be had.
        "--platform=node".to_owned(),
        "--target=es2023".to_owned(),
        "--log-level=warning".to_owned(),
        "--loader=js".to_owned(),
        format!("--sourcefile={name}"),
        format!("--banner:js=/* rulemint dialect: {dialect} */"),
        format!("--outfile={}", output.display()),
    ];
    arguments.extend(
        left_out
            .into_iter()
            .map(|name| format!("--external:{name}")),
    );
    arguments
}

/// A Rule is a function without a name, and so no program; as a module it is one.
fn program(text: &str, dialect: &str) -> String {
    let is_module = text.contains("module.exports") || text.contains("exports.");
    match dialect == "rule" && !is_module {
        true => format!("module.exports = {text}"),
        false => text.to_owned(),
    }
}

/// What the program requires is looked for from the directory on.
fn run(
    (esbuild, arguments): (&Path, &[String]),
    directory: &Path,
    program: &str,
) -> std::io::Result<()> {
    let mut child = Command::new(esbuild)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(program.as_bytes())?;
    }
    let status = child.wait()?;
    match status.success() {
        true => Ok(()),
        false => Err(std::io::Error::other(format!("it failed: {status}"))),
    }
}
