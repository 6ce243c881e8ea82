//! Scripts: Auth0's Rules, Hooks and Actions, which run in a JavaScript engine that is itself WebAssembly.
//!
//! A script is read by an analyser, evaluated once in a sandbox, and the sandbox's memory becomes part of a component: from
//! there on it is a rule like any other, and a token costs a call, not the reading of a script. The analyser, the engine and
//! what scripts `require` are in `javascript/`.

mod analysis;
mod engine;
mod modules;
mod snapshot;

use std::str;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;

pub use analysis::{Analysis, Finding, Severity, Wanted};

use super::compile::Job;
use super::compiled::Compiled;
use super::compiler::Compiler;
use super::configuration::Shared;
use super::{Digest, Limits, LoadError, Manifest, Source};
use engine::{Program, ScriptEngine};
use modules::Modules;

/// What every script needs, made when the first one comes.
#[derive(Default)]
pub(super) struct Scripts {
    engine: OnceCell<ScriptEngine>,
    modules: OnceCell<Modules>,
}

/// A script, not yet understood.
pub(super) struct Script<'s> {
    /// The rule that it is: `10-partner`.
    rule: &'s str,
    /// What its errors name: `10-partner.js`.
    file: String,
    text: &'s str,
    /// The names of what all scripts share, as far as this one gets it.
    shared: Vec<String>,
}

/// What the runtime is told when a script is evaluated.
#[derive(Serialize)]
struct Options<'o> {
    dialect: Option<&'o str>,
    settings: &'o serde_json::Map<String, Value>,
    /// The names of the secrets that it may see.
    secrets: Vec<&'o str>,
    memory_bytes: u64,
}

impl<'s> Script<'s> {
    /// The script in a file.
    ///
    /// # Errors
    /// When the file is something else.
    pub(super) fn of(source: &'s Source) -> Result<Self, LoadError> {
        let not = |text: &'static str| Err(LoadError::NotARule(text));
        match &*source.bytes {
            [b'\0', b'a', b's', b'm', ..] => {
                return not("it is WebAssembly; its name must end with .wasm");
            }
            bytes if bytes.trim_ascii().is_empty() => return not("it is empty"),
            _ => {}
        }
        match str::from_utf8(&source.bytes) {
            Ok(text) => Ok(Self {
                rule: &source.name,
                file: source.file_name(),
                // Editors on Windows begin a file with it.
                text: text.trim_start_matches('\u{feff}'),
                shared: Vec::new(),
            }),
            Err(_) => not("it is not UTF-8, as JavaScript is"),
        }
    }

    /// The same with names that it may look up beside those in its manifest.
    #[must_use]
    pub(super) fn sharing(self, shared: &Shared) -> Self {
        let shared = shared.iter().map(|(name, _)| name.clone()).collect();
        Self { shared, ..self }
    }

    /// Stands for what it is compiled to: everything that a snapshot depends on.
    pub(super) fn key(&self, manifest: &Manifest) -> Digest {
        let options = self.options(None, manifest);
        let parts = [
            engine::ENGINE,
            engine::RUNTIME.as_bytes(),
            engine::ANALYSER.as_bytes(),
            modules::PACKED,
            self.file.as_bytes(),
            self.text.as_bytes(),
            options.as_bytes(),
        ];
        let digests = parts.map(|part| *Digest::of(part).as_bytes());
        Digest::of(digests.as_flattened())
    }

    fn options(&self, dialect: Option<&str>, manifest: &Manifest) -> String {
        let visible = manifest.secrets.iter().filter(|(_, source)| source.visible);
        let own = visible.map(|(name, _)| name.as_str());
        let options = Options {
            dialect,
            settings: &manifest.settings,
            secrets: own.chain(self.shared.iter().map(String::as_str)).collect(),
            memory_bytes: manifest.limits.memory_bytes,
        };
        serde_json::to_string(&options).expect("names, numbers and JSON are JSON")
    }
}

impl Scripts {
    /// What a script is, and what it wants.
    ///
    /// # Errors
    /// When the engine fails.
    pub(super) async fn analyse(
        &self,
        compiler: &Compiler,
        script: &Script<'_>,
    ) -> Result<Analysis, LoadError> {
        let engine = self.engine(compiler).await?;
        let said = engine.analyse(&script.file, script.text).await?;
        serde_json::from_str(&said)
            .map_err(|problem| LoadError::Script(format!("its analysis is garbled: {problem}")))
    }

    /// Whether a script is one that can run here.
    ///
    /// # Errors
    /// Why it is not, in words for its author, or when the engine fails.
    pub(super) async fn judge(
        &self,
        compiler: &Compiler,
        script: &Script<'_>,
    ) -> Result<(), LoadError> {
        let analysis = self.analyse(compiler, script).await?;
        let verdict = analysis.verdict(&script.file);
        verdict.map(drop).map_err(LoadError::Script)
    }

    /// Makes a component of a script and compiles it, unless that was done before.
    ///
    /// # Errors
    /// Why it cannot run here, in words for its author.
    pub(super) async fn compiled(
        &self,
        compiler: &Compiler,
        script: &Script<'_>,
        manifest: &Manifest,
    ) -> Result<Compiled, LoadError> {
        let key = script.key(manifest);
        if let Some(compiled) = compiler.known(&key) {
            return Ok(compiled);
        }
        let analysis = self.analyse(compiler, script).await?;
        let dialect = analysis.verdict(&script.file).map_err(LoadError::Script)?;
        let modules = self.modules().await?.with_all(analysis.names());
        let program = Program {
            runtime: engine::RUNTIME.to_owned(),
            file: script.file.clone(),
            source: script.text.to_owned(),
            modules,
            options: script.options(Some(dialect), manifest),
        };
        let engine = self.engine(compiler).await?;
        let limits = &manifest.limits;
        let component = engine.snapshot(program, limits).await?;
        let functions = compiler.functions();
        let job = Job {
            wasm: &component,
            functions: Some(&functions),
        };
        let rule = Some(script.rule);
        compiler.compile(rule, &key, &job, &ours(limits)).await
    }

    async fn engine(&self, compiler: &Compiler) -> Result<&ScriptEngine, LoadError> {
        self.engine
            .get_or_try_init(|| ScriptEngine::new(compiler))
            .await
    }

    async fn modules(&self) -> Result<&Modules, LoadError> {
        let unpacked = self.modules.get_or_try_init(|| async { Modules::unpack() });
        unpacked
            .await
            .map_err(|problem| LoadError::Script(format!("the bundled modules: {problem}")))
    }
}

/// The code is the engine's own, whatever the script: nobody has to raise limits for it.
fn ours(limits: &Limits) -> Limits {
    Limits {
        compile_seconds: limits.compile_seconds.max(ENGINE_COMPILE_SECONDS),
        compile_bytes: limits.compile_bytes.max(Limits::default().compile_bytes),
        ..limits.clone()
    }
}

/// Processor time for compiling the engine, in seconds.
const ENGINE_COMPILE_SECONDS: u32 = 120;
