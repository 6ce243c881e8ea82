//! Compiles rules in a child process: a hostile file can make a compiler work for minutes or eat all memory, and only a
//! process of its own can be held to a limit and killed.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, nice, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as ADAPTED,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as PREVIEW1_ADAPTER,
};
use wit_component::{ComponentEncoder, metadata};

use super::Limits;
use super::engine::Engine;
use super::identify::{Kind, exports, identify};
use super::lane::command::START;

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
        wasm: &[u8],
        limits: &Limits,
    ) -> Result<Vec<u8>, CompileError> {
        let wall = Duration::from_secs(limits.compile_seconds.into()).mul_f32(WALL_FACTOR);
        let mut child = self.spawn(limits).map_err(CompileError::Spawn)?;
        match timeout(wall, converse(&mut child, wasm)).await {
            Ok(spoken) => {
                let (status, code, complaint) = spoken.map_err(CompileError::Spawn)?;
                verdict(status, code, &complaint, limits)
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

async fn converse(child: &mut Child, wasm: &[u8]) -> io::Result<(ExitStatus, Vec<u8>, String)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut code, mut complaint) = (Vec::new(), Vec::new());
    let send = async {
        let Some(mut stdin) = stdin else { return };
        // A child that has given up closes its end; what it says then is the better explanation.
        let _ = stdin.write_all(wasm).await;
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

/// The child's part: reads WebAssembly from `input`, writes machine code to `output`. It limits itself before it reads
/// a byte. The answer is the exit code.
pub fn compile_as_child(
    seconds: u32,
    bytes: u64,
    mut input: impl Read,
    mut output: impl Write,
) -> u8 {
    limit_oneself(seconds, bytes);
    let mut wasm = Vec::new();
    let compiled = input
        .read_to_end(&mut wasm)
        .map_err(|problem| problem.to_string())
        .and_then(|_| compile(&wasm));
    match compiled.and_then(|code| {
        output
            .write_all(&code)
            .map_err(|problem| problem.to_string())
    }) {
        Ok(()) => 0,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "{problem}");
            EXIT_INVALID as u8
        }
    }
}

fn compile(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let engine = Engine::compiler().map_err(|problem| format!("{problem:#}"))?;
    let is_core_module = identify(wasm) == Kind::CoreModule;
    let code = match (is_core_module, is_core_module && is_program(wasm)) {
        (true, true) => engine.precompile_module(wasm),
        (true, false) => engine.precompile_component(&componentize(wasm)?),
        (false, _) => engine.precompile_component(wasm),
    };
    code.map_err(|problem| format!("{problem:#}"))
}

/// Whether a core module is a WASI command, and does not say that it wants to be a component.
fn is_program(wasm: &[u8]) -> bool {
    !carries_type(wasm) && exports(wasm, START)
}

fn carries_type(wasm: &[u8]) -> bool {
    matches!(metadata::decode(wasm), Ok((Some(_), _)))
}

/// Makes a component of a core module that carries the type of one, as `wit-bindgen` embeds it: what `cargo build` for
/// `wasm32-unknown-unknown` leaves behind is a rule already. A module that uses WASI preview 1 gets the adapter of
/// wasmtime for it.
///
/// # Errors
/// When the module does not carry one, or does not fit it. The text is for the rule's author.
pub fn componentize(wasm: &[u8]) -> Result<Vec<u8>, String> {
    if !carries_type(wasm) {
        return Err(format!(
            "it is a core module that does not say what component it wants to be, and no WASI command either: it \
             exports no {START}. {BUILD_ADVICE}"
        ));
    }
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(wasm)
        .and_then(|encoder| encoder.adapter(ADAPTED, PREVIEW1_ADAPTER))
        .and_then(|mut encoder| encoder.encode());
    encoded.map_err(|problem| {
        format!("it is a core module that cannot be made a component: {problem:#}. {BUILD_ADVICE}")
    })
}

fn limit_oneself(seconds: u32, bytes: u64) {
    let limit = |resource, amount: u64| {
        let limit = Rlimit {
            current: Some(amount),
            maximum: Some(amount),
        };
        // Where a limit cannot be set, the parent's clock still is there.
        let _ = setrlimit(resource, limit);
    };
    limit(Resource::Cpu, seconds.into());
    limit(Resource::As, bytes);
    limit(Resource::Core, 0);
    let _ = nice(NICENESS);
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
/// Compiling gives way to everything else on the machine.
const NICENESS: i32 = 10;
const ALLOCATOR_RESERVE_KIB: &str = "65536";
const COMPLAINT_BYTES_MAX: u64 = 16 * 1024;
const BUILD_ADVICE: &str = "Build it as a program for WASI (such as GOOS=wasip1, zig's wasm32-wasi, wasm32-wasip1), or with \
     wit-bindgen for the world rulemint:rule/rule";
