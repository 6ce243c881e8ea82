//! Makes a rule of a file, or says why it cannot be one.

use std::sync::{Arc, OnceLock};

use serde_json::value::RawValue;
use wasmtime::component::Component;

use super::cache::RuleCache;
use super::capability::Capabilities;
use super::compile::Job;
use super::compiled::Compiled;
use super::compiler::Compiler;
use super::configuration::Shared;
use super::identify::{Form, Kind, identify};
use super::kept::{self, Shelf};
use super::lane::command::Programs;
use super::lane::{Code, Major, majors};
use super::log::LogPace;
use super::mismatch::{self, Fits};
use super::quarantine::Quarantine;
use super::script::{Script, Scripts};
use super::{
    Analysis, CompiledRules, CompilerProgram, Fingerprint, LoadError, Manifest, Outcome, Rule,
    Source, Surroundings, proof, trial,
};

/// Makes rules of files.
pub struct Loader {
    pub(super) surroundings: Arc<Surroundings>,
    /// The majors of the contract that it runs.
    pub(super) majors: Vec<Arc<dyn Major>>,
    programs: Programs,
    scripts: Scripts,
    compiler: Compiler,
}

impl Loader {
    /// A loader for a server.
    pub fn new(
        surroundings: Arc<Surroundings>,
        compiled: CompiledRules,
        compiler: CompilerProgram,
    ) -> Self {
        let engine = surroundings.engine.wasmtime();
        let distinct = "the host's own interfaces have distinct names";
        Self {
            majors: majors(engine).expect(distinct),
            programs: Programs::new(engine).expect(distinct),
            scripts: Scripts::default(),
            compiler: Compiler {
                surroundings: Arc::clone(&surroundings),
                compiled,
                program: compiler,
            },
            surroundings,
        }
    }

    /// Reads a script without running it: what it is, what it wants, and what in it cannot work here.
    ///
    /// # Errors
    /// When it is no text, or the engine fails.
    pub async fn analyse(&self, source: &Source) -> Result<Analysis, LoadError> {
        let script = Script::of(source)?;
        self.scripts.analyse(&self.compiler, &script).await
    }

    /// Reads a script without running it: whether it can be run at all.
    ///
    /// # Errors
    /// Why it would not be loaded, whatever its manifest says.
    pub async fn judge(&self, source: &Source) -> Result<(), LoadError> {
        let script = Script::of(source)?;
        self.scripts.judge(&self.compiler, &script).await
    }

    /// Compiles, links, checks the settings and starts a rule once, all off to the side.
    ///
    /// # Errors
    /// Why it cannot go live.
    pub async fn load(&self, source: &Source) -> Result<Arc<Rule>, LoadError> {
        let manifest = match &source.manifest {
            Some(text) => Manifest::parse(text, &source.manifest_file)?,
            None => Manifest::default(),
        };
        manifest.check_settings(&source.manifest_file)?;
        let shared = self.surroundings.shared_with(source.form, &manifest);
        let granted = (&manifest, shared.clone());
        let capabilities = Capabilities::new(&source.name, granted, &self.surroundings).await?;
        let compiled = self.compiled(source, &manifest, &shared).await?;
        let code = self.link(source, &manifest, &compiled)?;
        kept::check(&*code, &manifest, &source.manifest_file)?;
        let rule = Arc::new(self.rule(source, manifest, (code, capabilities)));
        let typed = trial::start_only(&rule).await.map_err(LoadError::Start)?;
        typed.map_err(|problem| self.misfit(&problem, &compiled, source))?;
        let description = trial::describe(&rule).await.map_err(LoadError::Start)?;
        drop(rule.description.set(description));
        let problems = trial::problems(&rule).await.map_err(LoadError::Validate)?;
        if !problems.is_empty() {
            return Err(LoadError::Settings(problems));
        }
        if !source.is_proven {
            proof::prove(&rule, &source.cases).await?;
        }
        Ok(rule)
    }

    /// Takes the fingerprint of what a manifest refers to outside the rules directory: secrets, certificates. Blocks: call
    /// it where that is allowed.
    pub fn fingerprint(&self, form: Form, manifest: Option<&str>) -> Fingerprint {
        self.surroundings.fingerprint(form, manifest)
    }

    /// Forgets what a rule was compiled to: the next load compiles it again.
    pub(crate) fn forget(&self, source: &Source, manifest: &Manifest) {
        let compiled_of = match source.form {
            Form::Wasm => Some(source.digest),
            Form::Script => {
                let shared = self.surroundings.shared_with(source.form, manifest);
                let script = Script::of(source);
                script.map(|it| it.sharing(&shared).key(manifest)).ok()
            }
        };
        if let Some(digest) = compiled_of {
            self.compiler.forget(&digest);
        }
    }

    async fn compiled(
        &self,
        source: &Source,
        manifest: &Manifest,
        shared: &Shared,
    ) -> Result<Compiled, LoadError> {
        let (bytes, limit) = (source.bytes.len() as u64, manifest.limits.file_bytes);
        if bytes > limit {
            return Err(LoadError::TooLarge { bytes, limit });
        }
        let job = match source.form {
            Form::Script => {
                let script = Script::of(source)?.sharing(shared);
                let compiled = self.scripts.compiled(&self.compiler, &script, manifest);
                return compiled.await;
            }
            Form::Wasm => Job {
                wasm: &source.bytes,
                functions: None,
            },
        };
        check_kind(&source.bytes)?;
        if let Some(compiled) = self.compiler.known(&source.digest) {
            return Ok(compiled);
        }
        let (rule, digest) = (Some(&*source.name), &source.digest);
        let compiled = self.compiler.compile(rule, digest, &job, &manifest.limits);
        compiled.await
    }

    fn link(
        &self,
        source: &Source,
        manifest: &Manifest,
        compiled: &Compiled,
    ) -> Result<Box<dyn Code>, LoadError> {
        let linked = match compiled {
            Compiled::Module(module) => self.programs.module(module),
            Compiled::Component(component) => match self.fits(component, manifest)? {
                Fits::Program => self.programs.component(component, manifest.http.is_some()),
                Fits::Contract(major, mut wants) => {
                    wants.leaves_traces = manifest.cache.is_some() || wants.uses_http;
                    major.link(component, &wants)
                }
            },
        };
        linked.map_err(|problem| self.misfit(&problem, compiled, source))
    }

    fn fits(&self, component: &Component, manifest: &Manifest) -> Result<Fits, LoadError> {
        let engine = &self.surroundings.engine;
        let grants_http = manifest.http.is_some();
        mismatch::check(component, engine, (&self.majors, grants_http)).map_err(LoadError::Mismatch)
    }

    fn rule(
        &self,
        source: &Source,
        manifest: Manifest,
        (code, capabilities): (Box<dyn Code>, Capabilities),
    ) -> Rule {
        let outcomes = Outcome::ALL.map(Outcome::as_str);
        Rule {
            code,
            capabilities,
            description: OnceLock::new(),
            settings: settings_text(&manifest),
            cache: manifest.cache.map(RuleCache::new),
            shelf: Shelf::of(&manifest, &source.name, &self.surroundings.metrics),
            quarantine: Quarantine::default(),
            log_pace: LogPace::new(Arc::clone(&self.surroundings.clock)),
            metrics: self.surroundings.metrics.for_rule(&source.name, &outcomes),
            surroundings: Arc::clone(&self.surroundings),
            name: Arc::clone(&source.name),
            form: source.form,
            digest: source.digest,
            manifest,
        }
    }

    fn misfit(&self, problem: &wasmtime::Error, compiled: &Compiled, source: &Source) -> LoadError {
        LoadError::Mismatch(match compiled {
            Compiled::Module(_) => mismatch::explain_module(problem),
            Compiled::Component(component) => {
                let engine = &self.surroundings.engine;
                mismatch::explain(problem, component, engine, (&self.majors, &source.bytes))
            }
        })
    }
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
        Kind::Unknown => "it is not WebAssembly; if it is JavaScript, its name must end with .js",
    }))
}
