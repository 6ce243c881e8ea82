//! What the child process does.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as ADAPTED,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as PREVIEW1_ADAPTER,
};
use wasmtime::CacheStore;
use wit_component::{ComponentEncoder, metadata};

use super::functions::Functions;
use super::{EXIT_INVALID, Job, Product};
use crate::rule::engine::Engine;
use crate::rule::identify::{Kind, exports, identify};
use crate::rule::lane::command::START;

/// The child's part: reads a job from `input`, writes what it made to `output`. It limits itself before it reads
/// a byte. The answer is the exit code.
pub fn compile_as_child(
    seconds: u32,
    bytes: u64,
    mut input: impl Read,
    mut output: impl Write,
) -> u8 {
    limit_oneself(seconds, bytes);
    let mut job = Vec::new();
    let product = input
        .read_to_end(&mut job)
        .map_err(|problem| problem.to_string())
        .and_then(|_| answer(&job));
    match product.and_then(|product| {
        output
            .write_all(&product)
            .map_err(|problem| problem.to_string())
    }) {
        Ok(()) => 0,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "{problem}");
            EXIT_INVALID as u8
        }
    }
}

fn answer(job: &[u8]) -> Result<Vec<u8>, String> {
    let said = |problem: postcard::Error| problem.to_string();
    let job: Job<'_> = postcard::from_bytes(job).map_err(said)?;
    let functions = job.functions.map(Functions::read).transpose();
    let functions = functions.map_err(said)?.map(Arc::new);
    let code = compile(job.wasm, functions.clone())?;
    let functions = functions.filter(|functions| functions.has_new());
    let functions = functions.map(|functions| functions.write()).transpose();
    let product = Product {
        code,
        functions: functions.map_err(said)?,
    };
    postcard::to_stdvec(&product).map_err(said)
}

fn compile(wasm: &[u8], functions: Option<Arc<Functions>>) -> Result<Vec<u8>, String> {
    let engine = Engine::compiler(functions.map(|functions| functions as Arc<dyn CacheStore>))
        .map_err(|problem| format!("{problem:#}"))?;
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

/// Compiling gives way to everything else on the machine.
const NICENESS: i32 = 10;
const BUILD_ADVICE: &str = "Build it as a program for WASI (such as GOOS=wasip1, zig's wasm32-wasi, wasm32-wasip1), or with \
     wit-bindgen for the world rulemint:rule/rule";
