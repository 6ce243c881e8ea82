//! The JavaScript engine: reads scripts, and makes components of them.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{
    Component, ComponentNamedList, ComponentType, Instance, InstancePre, Lift, Linker, Lower,
};
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wizer::{ComponentContext, Wizer};

use super::ours;
use super::snapshot::Sandbox;
use crate::rule::compile::Job;
use crate::rule::compiled::Compiled;
use crate::rule::compiler::Compiler;
use crate::rule::error::LimitHit;
use crate::rule::state::MemoryMeter;
use crate::rule::{Digest, Fault, Limits, LoadError, Surroundings};

/// The engine, ready to take scripts.
pub(super) struct ScriptEngine {
    surroundings: Arc<Surroundings>,
    linked: InstancePre<Trial>,
    /// What a snapshot is made with.
    context: ComponentContext<'static>,
}

/// The sandbox of a script that is being read or evaluated. It has nothing: what it would call is a trap.
struct Trial {
    memory: MemoryMeter,
}

/// See `javascript/engine/wit/engine.wit`.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Program {
    pub(super) runtime: String,
    pub(super) file: String,
    pub(super) source: String,
    pub(super) modules: Vec<Module>,
    pub(super) options: String,
}

/// A module that a script may require.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) source: String,
}

impl ScriptEngine {
    /// Compiles the engine, unless that was done before.
    ///
    /// # Errors
    /// When it cannot be compiled, or does not fit this host.
    pub(super) async fn new(compiler: &Compiler) -> Result<Self, LoadError> {
        let instrumented = Wizer::new().instrument_component(ENGINE);
        let (context, instrumented) = instrumented.map_err(|problem| misfit(&problem))?;
        let surroundings = Arc::clone(&compiler.surroundings);
        let compiled = compile(compiler, &instrumented).await?;
        let linked = link(&surroundings, compiled).map_err(|problem| misfit(&problem))?;
        Ok(Self {
            surroundings,
            linked,
            context,
        })
    }

    /// Asks the analyser about a script: JSON.
    ///
    /// # Errors
    /// When it fails, or takes too long.
    pub(super) async fn analyse(&self, file: &str, text: &str) -> Result<String, LoadError> {
        let asked = (ANALYSER.to_owned(), file.to_owned(), text.to_owned());
        let called = self.call("analyse", asked, &Limits::largest()).await?;
        let said: Result<String, String> = called.2;
        said.map_err(LoadError::Script)
    }

    /// Evaluates a program, and makes a component that holds it evaluated.
    ///
    /// # Errors
    /// When the script fails, or takes more than its limits allow.
    pub(super) async fn snapshot(
        &self,
        program: Program,
        limits: &Limits,
    ) -> Result<Vec<u8>, LoadError> {
        let _running = self.surroundings.engine.running();
        let (mut store, instance, said) = self.call("boot", (program,), limits).await?;
        let said: Result<(), String> = said;
        said.map_err(LoadError::Script)?;
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
        let mut sandbox = Sandbox {
            store: &mut store,
            instance,
        };
        let wizer = Wizer::new();
        let component = wizer.snapshot_component(&self.context, &mut sandbox);
        component.await.map_err(|problem| misfit(&problem))
    }

    /// Calls a function of the interface `script` in a sandbox of its own.
    async fn call<P, T>(
        &self,
        function: &str,
        arguments: P,
        limits: &Limits,
    ) -> Result<(Store<Trial>, Instance, T), LoadError>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        T: Lift + Send + Sync + 'static,
        (T,): ComponentNamedList + Lift,
    {
        let _running = self.surroundings.engine.running();
        let mut store = self.sandbox(limits);
        let called = async {
            let instance = self.linked.instantiate_async(&mut store).await?;
            let interface = instance.get_export_index(&mut store, None, SCRIPT);
            let function = instance.get_export_index(&mut store, interface.as_ref(), function);
            let function = function.ok_or_else(|| wasmtime::format_err!("no {SCRIPT}"))?;
            let function = instance.get_typed_func::<P, (T,)>(&mut store, function)?;
            let (said,) = function.call_async(&mut store, arguments).await?;
            wasmtime::Result::Ok((instance, said))
        };
        let bytes = limits.host_call_bytes;
        let (instance, said) = called
            .await
            .map_err(|error| LoadError::Start(Fault::of_engine(&error, None, bytes)))?;
        Ok((store, instance, said))
    }

    fn sandbox(&self, limits: &Limits) -> Store<Trial> {
        let trial = Trial {
            memory: MemoryMeter::new(limits.memory_bytes),
        };
        let mut store = Store::new(self.surroundings.engine.wasmtime(), trial);
        store.limiter(|trial| &mut trial.memory);
        let clock = Arc::clone(&self.surroundings.clock);
        let end = clock.monotonic() + EVALUATION_MAX;
        store.epoch_deadline_callback(move |_| match clock.monotonic() < end {
            true => Ok(UpdateDeadline::YieldCustom(
                1,
                Box::pin(tokio::task::yield_now()),
            )),
            false => Err(LimitHit::Evaluation(EVALUATION_MAX.as_secs()).into()),
        });
        store.set_epoch_deadline(1);
        store
    }
}

async fn compile(compiler: &Compiler, instrumented: &[u8]) -> Result<Compiled, LoadError> {
    let digest = Digest::of(instrumented);
    if let Some(known) = compiler.known(&digest) {
        return Ok(known);
    }
    let functions = compiler.functions();
    let job = Job {
        wasm: instrumented,
        functions: Some(&functions),
    };
    compiler
        .compile(None, &digest, &job, &ours(&Limits::default()))
        .await
}

fn link(surroundings: &Surroundings, compiled: Compiled) -> wasmtime::Result<InstancePre<Trial>> {
    let component: Component = match compiled {
        Compiled::Component(component) => component,
        Compiled::Module(_) => wasmtime::bail!("it is no component"),
    };
    let mut linker = Linker::new(surroundings.engine.wasmtime());
    linker.define_unknown_imports_as_traps(&component)?;
    linker.instantiate_pre(&component)
}

/// The engine comes with this program: that it does not fit is our mistake.
fn misfit(problem: &wasmtime::Error) -> LoadError {
    LoadError::Script(format!(
        "the JavaScript engine of this program does not work: {problem:#}"
    ))
}

/// The engine: a component for the world `engine`, made by `.ci/rebuild-javascript`.
pub(super) const ENGINE: &[u8] = include_bytes!("../../../javascript/engine.wasm");
/// What gives Auth0's names their meaning.
pub(super) const RUNTIME: &str = include_str!("../../../javascript/dist/runtime.js");
/// What reads scripts.
pub(super) const ANALYSER: &str = include_str!("../../../javascript/dist/analyse.js");
const SCRIPT: &str = "rulemint:javascript/script@1.0.0";
/// Reading a script, or evaluating it and its modules, each.
const EVALUATION_MAX: Duration = Duration::from_secs(10);
