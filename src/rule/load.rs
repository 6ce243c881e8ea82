//! Makes a rule of a file, or says why it cannot be one.

use std::sync::Arc;

use serde_json::value::RawValue;
use wasmtime::component::{Component, HasSelf, Linker};

use super::bindings::v1;
use super::cache::RuleCache;
use super::identify::{Kind, identify};
use super::mismatch;
use super::quarantine::Quarantine;
use super::state::CallState;
use super::{
    CompileError, CompiledRules, CompilerProgram, Digest, Fault, Manifest, Outcome, Rule,
    Surroundings, call, wasi,
};
use crate::document::Mistake;

/// The bytes of a rule and of its manifest, read from the rules directory.
#[derive(Clone)]
pub struct Source {
    /// The file's name without its ending.
    pub name: Arc<str>,
    /// The file.
    pub wasm: Arc<[u8]>,
    /// The SHA-256 of the file.
    pub digest: Digest,
    /// The manifest's text, if there is one.
    pub manifest: Option<Arc<str>>,
}

/// Makes rules of files.
pub struct Loader {
    surroundings: Arc<Surroundings>,
    linker: Linker<CallState>,
    compiled: CompiledRules,
    compiler: CompilerProgram,
}

impl Loader {
    /// A loader for a server.
    pub fn new(
        surroundings: Arc<Surroundings>,
        compiled: CompiledRules,
        compiler: CompilerProgram,
    ) -> Self {
        let linker = linker(&surroundings).expect("the host's own interfaces have distinct names");
        Self {
            surroundings,
            linker,
            compiled,
            compiler,
        }
    }

    /// Compiles, links, checks the settings and starts a rule once, all off to the side.
    ///
    /// # Errors
    /// Why it cannot go live.
    pub async fn load(&self, source: &Source) -> Result<Arc<Rule>, LoadError> {
        let manifest = match &source.manifest {
            Some(text) => Manifest::parse(text, &format!("{}.toml", source.name))?,
            None => Manifest::default(),
        };
        let component = self.component(source, &manifest).await?;
        let rule = Arc::new(self.link(source, manifest, &component)?);
        let typed = call::start_only(&rule).await.map_err(LoadError::Start)?;
        typed.map_err(|problem| self.misfit(&problem, &component))?;
        let verdict = call::validate_settings(&rule)
            .await
            .map_err(LoadError::Validate)?;
        verdict.map_err(LoadError::Settings)?;
        Ok(rule)
    }

    async fn component(
        &self,
        source: &Source,
        manifest: &Manifest,
    ) -> Result<Component, LoadError> {
        let (bytes, limit) = (source.wasm.len() as u64, manifest.limits.file_bytes);
        if bytes > limit {
            return Err(LoadError::TooLarge { bytes, limit });
        }
        check_kind(&source.wasm)?;
        let engine = &self.surroundings.engine;
        if let Some(component) = self.compiled.get(&source.digest, engine) {
            return Ok(component);
        }
        let code = self
            .compiler
            .compile(&source.wasm, &manifest.limits)
            .await?;
        let kept = self.compiled.put(&source.digest, &code, engine);
        // It compiles, but is larger than any rule may be: its first memory, its number of tables and the like.
        kept.map_err(|problem| LoadError::TooDemanding(format!("{:#}", problem.root_cause())))
    }

    fn link(
        &self,
        source: &Source,
        manifest: Manifest,
        component: &Component,
    ) -> Result<Rule, LoadError> {
        let engine = &self.surroundings.engine;
        let fits = mismatch::check(component, engine).map_err(LoadError::Mismatch)?;
        let misfit = |problem| self.misfit(&problem, component);
        let linked = self.linker.instantiate_pre(component).map_err(misfit)?;
        let validating = match fits.validates_settings {
            true => {
                Some(v1::with_settings::RuleWithSettingsPre::new(linked.clone()).map_err(misfit)?)
            }
            false => None,
        };
        let quick = match fits.uses_wasi || manifest.cache.is_some() {
            true => None,
            false => Some(v1::quick::RulePre::new(linked.clone()).map_err(misfit)?),
        };
        let outcomes = Outcome::ALL.map(Outcome::as_str);
        Ok(Rule {
            linked: v1::RulePre::new(linked).map_err(misfit)?,
            quick,
            validating,
            settings: settings_text(&manifest),
            cache: manifest.cache.map(RuleCache::new),
            quarantine: Quarantine::default(),
            metrics: self.surroundings.metrics.for_rule(&source.name, &outcomes),
            surroundings: Arc::clone(&self.surroundings),
            name: Arc::clone(&source.name),
            digest: source.digest,
            manifest,
        })
    }
}

impl Loader {
    fn misfit(&self, problem: &wasmtime::Error, component: &Component) -> LoadError {
        let engine = &self.surroundings.engine;
        LoadError::Mismatch(mismatch::explain(problem, component, engine))
    }
}

fn linker(surroundings: &Surroundings) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(surroundings.engine.wasmtime());
    v1::Rule::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    wasi::link(&mut linker)?;
    Ok(linker)
}

fn settings_text(manifest: &Manifest) -> Box<RawValue> {
    let text = serde_json::value::to_raw_value(&manifest.settings);
    text.expect("a JSON object can be written as JSON")
}

fn check_kind(wasm: &[u8]) -> Result<(), LoadError> {
    Err(LoadError::NotARule(match identify(wasm) {
        Kind::Component | Kind::CoreModule => return Ok(()),
        Kind::Precompiled => {
            "it is machine code that was compiled before, which is never run from \
                              here; put the .wasm file here instead"
        }
        Kind::Text => "it is WebAssembly in text form; assemble it first (wasm-tools parse)",
        Kind::Html => "it is a web page: the download that made it must have failed",
        Kind::Empty => "it is empty",
        Kind::Unknown => "it is not WebAssembly",
    }))
}

/// Why a file cannot be a rule. The texts are for its author.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The manifest has mistakes.
    #[error("{}", listed(.0))]
    Manifest(Vec<Mistake>),
    /// It is something else.
    #[error("{0}")]
    NotARule(&'static str),
    /// It is larger than a rule may be.
    #[error("it has {bytes} bytes and may have {limit} (limits.file_bytes)")]
    TooLarge {
        /// What it has.
        bytes: u64,
        /// What it may have.
        limit: u64,
    },
    /// It wants more to begin with than any rule may have.
    #[error("it wants more than any rule may have: {0}")]
    TooDemanding(String),
    /// It does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It wants what is not offered, or lacks what is wanted.
    #[error("{0}")]
    Mismatch(String),
    /// It cannot even start.
    #[error("starting it failed: {0}")]
    Start(Fault),
    /// Its check of the settings failed to come to a verdict.
    #[error("its check of the settings failed: {0}")]
    Validate(Fault),
    /// It does not like its settings.
    #[error("it refuses its settings: {}", .0.join("; "))]
    Settings(Vec<String>),
}

impl From<Vec<Mistake>> for LoadError {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Manifest(mistakes)
    }
}

impl LoadError {
    /// A short name, for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "manifest",
            Self::NotARule(_) => "not_a_rule",
            Self::TooLarge { .. } => "too_large",
            Self::TooDemanding(_) => "too_demanding",
            Self::Compile(CompileError::Invalid(_)) => "invalid",
            Self::Compile(CompileError::Time(_)) => "compile_timeout",
            Self::Compile(CompileError::Memory(_)) => "compile_memory",
            Self::Compile(CompileError::Crashed(_) | CompileError::Spawn(_)) => "compile_failed",
            Self::Mismatch(_) => "mismatch",
            Self::Start(_) => "start",
            Self::Validate(_) => "validate",
            Self::Settings(_) => "settings",
        }
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .map(Mistake::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
