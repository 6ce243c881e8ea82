//! Compiles rules in a child process: a hostile file can make a compiler work for minutes or eat all memory, and only a
//! process of its own can be held to a limit and killed.

mod child;
mod functions;

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

pub use child::{compile_as_child, componentize};

use super::Limits;

/// The program that compiles: this one, in another role.
#[derive(Clone, Debug)]
pub struct CompilerProgram {
    /// The executable.
    pub path: PathBuf,
    /// What makes it compile standard input instead of doing anything else.
    pub arguments: Vec<OsString>,
}

impl CompilerProgram {
    /// This program, in the role of the compiler.
    ///
    /// # Errors
    /// When the operating system does not say where this program is.
    pub fn this_one() -> io::Result<Self> {
        Ok(Self {
            path: std::env::current_exe()?,
            arguments: vec!["compile-rule".into()],
        })
    }

    /// Compiles a component, or a core module that says what component it wants to be, to machine code.
    ///
    /// # Errors
    /// When it cannot be compiled, or not within the limits.
    pub(super) async fn compile(
        &self,
        job: &Job<'_>,
        limits: &Limits,
    ) -> Result<Product, CompileError> {
        let garbled = |problem: postcard::Error| CompileError::Crashed(problem.to_string());
        let job = postcard::to_stdvec(job).map_err(garbled)?;
        let wall = Duration::from_secs(limits.compile_seconds.into()).mul_f32(WALL_FACTOR);
        let mut child = self.spawn(limits).map_err(CompileError::Spawn)?;
        match timeout(wall, converse(&mut child, &job)).await {
            Ok(spoken) => {
                let (status, product, complaint) = spoken.map_err(CompileError::Spawn)?;
                let product = verdict(status, product, &complaint, limits)?;
                postcard::from_bytes(&product).map_err(garbled)
            }
            Err(_) => Err(CompileError::Time(limits.compile_seconds)),
        }
    }

    fn spawn(&self, limits: &Limits) -> io::Result<Child> {
        Command::new(&self.path)
            .args(&self.arguments)
            .arg(limits.compile_seconds.to_string())
            .arg(limits.compile_bytes.to_string())
            .env_clear()
            // The allocator would reserve a GiB at once, which is all the address space there is.
            .env("MIMALLOC_ARENA_RESERVE", ALLOCATOR_RESERVE_KIB)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// What the child is asked for.
#[derive(Deserialize, Serialize)]
pub(super) struct Job<'j> {
    /// A component or a core module.
    pub(super) wasm: &'j [u8],
    /// Compiled functions to take over, as an earlier [`Product`] had them; empty where there are none. `None` for a file
    /// that shares its functions with no other.
    pub(super) functions: Option<&'j [u8]>,
}

/// What the child made.
#[derive(Deserialize, Serialize)]
pub(super) struct Product {
    /// Machine code.
    pub(super) code: Vec<u8>,
    /// Every function of the file, compiled, where some of them were not among those to take over.
    pub(super) functions: Option<Vec<u8>>,
}

async fn converse(child: &mut Child, job: &[u8]) -> io::Result<(ExitStatus, Vec<u8>, String)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut code, mut complaint) = (Vec::new(), Vec::new());
    let send = async {
        let Some(mut stdin) = stdin else { return };
        // A child that has given up closes its end; what it says then is the better explanation.
        let _ = stdin.write_all(job).await;
    };
    let receive = async {
        match stdout {
            Some(mut stdout) => stdout.read_to_end(&mut code).await.map(drop),
            None => Ok(()),
        }
    };
    let listen = async {
        match stderr {
            Some(stderr) => stderr
                .take(COMPLAINT_BYTES_MAX)
                .read_to_end(&mut complaint)
                .await
                .map(drop),
            None => Ok(()),
        }
    };
    let ((), received, listened) = tokio::join!(send, receive, listen);
    received.and(listened)?;
    let status = child.wait().await?;
    Ok((
        status,
        code,
        String::from_utf8_lossy(&complaint).trim().to_owned(),
    ))
}

fn verdict(
    status: ExitStatus,
    code: Vec<u8>,
    complaint: &str,
    limits: &Limits,
) -> Result<Vec<u8>, CompileError> {
    let signal = status.signal();
    if status.success() {
        Ok(code)
    } else if status.code() == Some(EXIT_INVALID) {
        Err(CompileError::Invalid(complaint.to_owned()))
    } else if signal == Some(Signal::XCPU.as_raw()) || signal == Some(Signal::KILL.as_raw()) {
        Err(CompileError::Time(limits.compile_seconds))
    } else if signal == Some(Signal::ABORT.as_raw()) && complaint.contains("memory allocation") {
        Err(CompileError::Memory(limits.compile_bytes))
    } else {
        Err(CompileError::Crashed(format!("{status}: {complaint}")))
    }
}

/// Why a file could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is not valid WebAssembly, or uses what is switched off here.
    #[error("it is not WebAssembly that can run here: {0}")]
    Invalid(String),
    /// It took too long.
    #[error("compiling it took more than {0} s (limits.compile_seconds)")]
    Time(u32),
    /// It took too much memory.
    #[error("compiling it took more than {0} bytes (limits.compile_bytes)")]
    Memory(u64),
    /// The compiler crashed.
    #[error("the compiler crashed on it: {0}")]
    Crashed(String),
    /// The compiler could not be started.
    #[error("the compiler could not be started: {0}")]
    Spawn(#[source] io::Error),
}

/// `EX_DATAERR` of sysexits.
const EXIT_INVALID: i32 = 65;
/// The processor limit is the child's own; the clock only catches a child that waits, or that a busy machine starves.
const WALL_FACTOR: f32 = 4.0;
const ALLOCATOR_RESERVE_KIB: &str = "65536";
const COMPLAINT_BYTES_MAX: u64 = 16 * 1024;
