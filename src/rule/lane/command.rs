//! Programs as rules: the event comes in on standard input, the answer goes out on standard output, standard error is
//! the log, and an exit code other than 0 means that the rule has a fault. Anything that compiles to WASI can do that.
//!
//! Two kinds of file are programs: a core module for WASI preview 1, and a component that exports `wasi:cli/run`.

use wasmtime::component::Component;
use wasmtime::{InstancePre, Linker, Module, Store};
use wasmtime_wasi::p1;
use wasmtime_wasi::p2::bindings::CommandPre;

use super::program::{self, Call, Description};
use super::{Called, Code};
use crate::rule::answer::Answer;
use crate::rule::error::Fault;
use crate::rule::host::wasi;
use crate::rule::state::CallState;
use crate::rule::wasi::Given;

/// Links programs.
pub(in crate::rule) struct Programs {
    modules: Linker<CallState>,
    components: wasmtime::component::Linker<CallState>,
    /// For components that may send HTTP requests.
    with_http: wasmtime::component::Linker<CallState>,
}

impl Programs {
    pub(in crate::rule) fn new(engine: &wasmtime::Engine) -> wasmtime::Result<Self> {
        let mut modules = Linker::new(engine);
        p1::add_to_linker_async(&mut modules, CallState::preview1)?;
        let mut components = wasmtime::component::Linker::new(engine);
        wasi::link(&mut components)?;
        let mut with_http = wasmtime::component::Linker::new(engine);
        wasi::link(&mut with_http)?;
        wasi::link_http(&mut with_http)?;
        Ok(Self {
            modules,
            components,
            with_http,
        })
    }

    /// Links a core module that has a `_start`.
    ///
    /// # Errors
    /// When it imports what is not in WASI preview 1.
    pub(in crate::rule) fn module(&self, module: &Module) -> wasmtime::Result<Box<dyn Code>> {
        Ok(Box::new(Program(Form::Module(
            self.modules.instantiate_pre(module)?,
        ))))
    }

    /// Links a component that exports `wasi:cli/run`.
    ///
    /// # Errors
    /// When it imports what is not in WASI 0.2.
    pub(in crate::rule) fn component(
        &self,
        component: &Component,
        grants_http: bool,
    ) -> wasmtime::Result<Box<dyn Code>> {
        let linker = match grants_http {
            true => &self.with_http,
            false => &self.components,
        };
        let linked = linker.instantiate_pre(component)?;
        Ok(Box::new(Program(Form::Component(CommandPre::new(linked)?))))
    }
}

struct Program(Form);

enum Form {
    Module(InstancePre<CallState>),
    Component(CommandPre<CallState>),
}

impl Program {
    /// Runs the program from its start to its end. What it wrote is in the state then.
    async fn run(&self, store: &mut Store<CallState>, call: Call) -> wasmtime::Result<()> {
        let input = call.input(store.data())?;
        let call = call.as_str();
        store.data_mut().begin_program(Given { call, input });
        let ended = match &self.0 {
            Form::Module(linked) => {
                let instance = linked.instantiate_async(&mut *store).await?;
                let start = instance.get_typed_func::<(), ()>(&mut *store, START)?;
                start.call_async(store, ()).await
            }
            Form::Component(linked) => {
                let instance = linked.instantiate_async(&mut *store).await?;
                let run = instance.wasi_cli_run().call_run(store).await;
                run.and_then(|ended| ended.map_err(|()| exit(1)))
            }
        };
        match ended {
            Err(problem) => match problem.downcast_ref::<wasmtime_wasi::I32Exit>() {
                Some(wasmtime_wasi::I32Exit(0)) => Ok(()),
                Some(wasmtime_wasi::I32Exit(code)) => Err(exit(*code)),
                None => Err(problem),
            },
            Ok(()) => Ok(()),
        }
    }

    /// Runs it for a call that it need not know, and so may fail in any way.
    async fn try_run(&self, store: &mut Store<CallState>, call: Call) -> Vec<u8> {
        match self.run(store, call).await {
            Ok(()) => store.data_mut().written().0,
            Err(_) => Vec::new(),
        }
    }
}

fn exit(code: i32) -> wasmtime::Error {
    let said = String::new(); // Known when the guest's output has been collected.
    Fault::Exit { code, said }.into()
}

impl Code for Program {
    fn lane(&self) -> &'static str {
        match self.0 {
            Form::Module(_) => "program, WASI preview 1",
            Form::Component(_) => "program, WASI 0.2",
        }
    }

    fn answer<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Answer> {
        Box::pin(async {
            self.run(store, Call::Enrich).await?;
            let (written, bytes) = store.data_mut().written();
            Ok(program::answer(&written, bytes, &store.data().rule)?)
        })
    }

    /// A program does its work when it is started, so it is only put into place here.
    fn start<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, wasmtime::Result<()>> {
        Box::pin(async {
            match &self.0 {
                Form::Module(linked) => {
                    let instance = linked.instantiate_async(&mut *store).await?;
                    let start = instance.get_typed_func::<(), ()>(store, START);
                    Ok(start.map(drop))
                }
                Form::Component(linked) => {
                    linked.instantiate_async(store).await?;
                    Ok(Ok(()))
                }
            }
        })
    }

    fn problems<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Vec<String>> {
        Box::pin(async {
            let described = store.data().rule.description();
            let knows = described.map(|about| about.knows(Call::ValidateSettings));
            if knows == Some(false) {
                return Ok(Vec::new());
            }
            if knows.is_none() {
                let written = self.try_run(store, Call::ValidateSettings).await;
                return Ok(program::problems(&written).unwrap_or_default());
            }
            self.run(store, Call::ValidateSettings).await?;
            let (written, _) = store.data_mut().written();
            program::problems(&written).ok_or_else(|| Fault::NoVerdict.into())
        })
    }

    fn describe<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Option<Description>> {
        Box::pin(async {
            let written = self.try_run(store, Call::Describe).await;
            Ok(Description::read(&written))
        })
    }
}

/// What a preview 1 command exports.
pub(in crate::rule) const START: &str = "_start";
