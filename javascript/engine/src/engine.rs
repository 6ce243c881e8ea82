//! The script, loaded and waiting: what a snapshot keeps.

use std::cell::OnceCell;

use rquickjs::context::EvalOptions;
use rquickjs::{Array, Context, Ctx, Function, Object, Persistent, Result, Runtime, Value};

use crate::exports::rulemint::javascript::script::{Module, Program};
use crate::rejection::Rejections;
use crate::rulemint::rule::types::{Change, Failure};
use crate::{answer, bytecode, host, mistake};

/// A script with the runtime around it. The functions that a token needs were looked up when it was loaded.
///
/// The order of the fields is the order they are freed in: QuickJS ends the sandbox if a runtime goes before what is in it.
struct Engine {
    calls: Calls,
    rejections: Rejections,
    context: Context,
    runtime: Runtime,
    file: String,
}

/// What the runtime offers, as `__rulemint`.
struct Calls {
    enrich: Persistent<Function<'static>>,
    tick: Persistent<Function<'static>>,
    result: Persistent<Function<'static>>,
}

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

/// Loads a program into this sandbox.
///
/// # Errors
/// When the script cannot be loaded; the text is for its author.
pub fn boot(program: Program) -> std::result::Result<(), String> {
    let engine = Engine::load(program)?;
    match ENGINE.with(|kept| kept.set(engine)) {
        Ok(()) => Ok(()),
        Err(_) => {
            Err("this sandbox holds a script already; load this one into a new sandbox".into())
        }
    }
}

/// Runs the script for one token. Says what was rejected in it and never heard.
///
/// # Errors
/// When the script refuses the token or fails.
pub fn enrich(event: &str, say: impl Fn(&str)) -> std::result::Result<Vec<Change>, Failure> {
    ENGINE.with(|kept| match kept.get() {
        Some(engine) => {
            let answer = engine.enrich(event);
            engine.say_unheard(say);
            answer
        }
        None => Err(Failure::Internal(
            "no script is loaded: this is the engine alone; boot a script and take a snapshot"
                .into(),
        )),
    })
}

/// A context of a runtime of its own that gives up before the sandbox's stack is full.
pub fn sandbox() -> std::result::Result<(Runtime, Context), String> {
    let made = Runtime::new().and_then(|runtime| {
        runtime.set_max_stack_size(STACK_BYTES_MAX);
        let context = Context::full(&runtime)?;
        Ok((runtime, context))
    });
    made.map_err(|_| "there is too little memory for the JavaScript engine to start".into())
}

/// Evaluates a classic script, in sloppy mode unless it says otherwise. Errors name `file`.
pub fn evaluate<'js>(ctx: &Ctx<'js>, file: &str, source: String) -> Result<Value<'js>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file.to_owned());
    ctx.eval_with_options(source, options)
}

impl Engine {
    fn load(program: Program) -> std::result::Result<Self, String> {
        let (runtime, context) = sandbox()?;
        let rejections = Rejections::of(&runtime);
        let file = program.file.clone();
        let told = |ctx: &Ctx<'_>, error| mistake::told(ctx, error, &file);
        context.with(|ctx| load(&ctx, program).map_err(|error| told(&ctx, error)))?;
        run_jobs(&runtime, &file)?;
        let calls = context.with(|ctx| Calls::of(&ctx).map_err(|error| told(&ctx, error)))?;
        // There is no log yet, and no token that they would matter to.
        context.with(|ctx| rejections.take(&ctx, &file));
        settle(&runtime);
        Ok(Self {
            calls,
            rejections,
            context,
            runtime,
            file,
        })
    }

    fn enrich(&self, event: &str) -> std::result::Result<Vec<Change>, Failure> {
        self.call(&self.calls.enrich, (event,), |_| Ok(()))?;
        loop {
            run_jobs(&self.runtime, &self.file).map_err(Failure::Internal)?;
            if !self.call(
                &self.calls.tick,
                (),
                |more| Ok(more.as_bool() == Some(true)),
            )? {
                break;
            }
        }
        self.call(&self.calls.result, (), answer::read)
    }

    fn say_unheard(&self, say: impl Fn(&str)) {
        for reason in self
            .context
            .with(|ctx| self.rejections.take(&ctx, &self.file))
        {
            say(&format!(
                "a promise was rejected, and nothing in the script hears of it: {reason}"
            ));
        }
    }

    /// Calls one of the runtime's functions. They catch what a script throws: what comes out of one all the same is a
    /// fault.
    fn call<A, T>(
        &self,
        function: &Persistent<Function<'static>>,
        arguments: A,
        read: impl FnOnce(Value<'_>) -> std::result::Result<T, Failure>,
    ) -> std::result::Result<T, Failure>
    where
        A: for<'js> rquickjs::function::IntoArgs<'js>,
    {
        self.context.with(|ctx| {
            let called = function.clone().restore(&ctx);
            match called.and_then(|function| function.call::<_, Value>(arguments)) {
                Ok(value) => read(value),
                Err(error) => Err(Failure::Internal(mistake::told(&ctx, error, &self.file))),
            }
        })
    }
}

impl Calls {
    fn of(ctx: &Ctx<'_>) -> Result<Self> {
        let runtime: Object = ctx.globals().get(RUNTIME)?;
        let function = |name| {
            let function = runtime.get::<_, Function>(name);
            function.map(|function| Persistent::save(ctx, function))
        };
        Ok(Self {
            enrich: function("enrich")?,
            tick: function("tick")?,
            result: function("result")?,
        })
    }
}

fn load(ctx: &Ctx<'_>, program: Program) -> Result<()> {
    ctx.globals().set("__host", host::functions(ctx)?)?;
    bytecode::run(ctx, "rulemint:runtime", program.runtime)?;
    let runtime: Object = ctx.globals().get(RUNTIME)?;
    let boot: Function = runtime.get("boot")?;
    let modules = modules(ctx, program.modules)?;
    boot.call((program.file, program.source, modules, program.options))
}

fn modules<'js>(ctx: &Ctx<'js>, given: Vec<Module>) -> Result<Array<'js>> {
    let list = Array::new(ctx.clone())?;
    for (place, module) in given.into_iter().enumerate() {
        let pair = Array::new(ctx.clone())?;
        pair.set(0, module.name)?;
        pair.set(1, module.source)?;
        list.set(place, pair)?;
    }
    Ok(list)
}

/// Runs what promises have waiting until nothing is.
fn run_jobs(runtime: &Runtime, file: &str) -> std::result::Result<(), String> {
    loop {
        match runtime.execute_pending_job() {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(thrown) => {
                let told = |ctx: Ctx<'_>| mistake::told(&ctx, rquickjs::Error::Exception, file);
                return Err(thrown.0.with(told));
            }
        }
    }
}

/// Frees what loading left behind, and keeps the collector away from tokens: it would touch all of the snapshot's
/// memory, and most sandboxes are thrown away long before it is due.
fn settle(runtime: &Runtime) {
    runtime.run_gc();
    let used = runtime.memory_usage().malloc_size;
    runtime.set_gc_threshold(usize::try_from(used).unwrap_or(0) + GARBAGE_BYTES_MAX);
}

const RUNTIME: &str = "__rulemint";
/// The linker gives the sandbox a stack of 512 KiB (`build.rs`). What is left is for functions that do not ask how much
/// there is. The host's own stack for WebAssembly must hold 2 MiB, or it is full before this one.
const STACK_BYTES_MAX: usize = 384 * 1024;
/// How much a token may allocate before the collector looks for cycles in it.
const GARBAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests;
