//! What whoever writes rules works with: the same engine as the server's, without a server.
//!
//! - [`Subject`] is a rule to work on: a project directory, or a file with what stands beside it.
//! - [`Workbench`] loads it as the server would. [`check`] says whether it would go live and what it needs,
//!   [`mod@bench`] how fast it is, [`compare`] what another version would change.
//! - [`script`] says what moving one of Auth0's scripts here takes.
//! - [`scaffold`] begins a project, [`build`] makes its file, [`deploy`] puts it into a rules directory.

pub mod bench;
pub mod build;
pub mod check;
pub mod compare;
pub mod deploy;
mod remark;
pub mod scaffold;
pub mod script;
mod subject;
pub mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

pub use remark::Remark;
pub use subject::{Subject, SubjectError};

use crate::clock::Clock;
use crate::random::Random;
use crate::rule::{
    Cases, CompiledRules, CompilerProgram, Configuration, Digest, EngineError, Fingerprint, Form,
    LoadError, Loader, Manifest, Outside, Rule, Source, Surroundings,
};
use crate::telemetry::metrics::Metrics;

/// An engine to try rules on.
pub struct Workbench {
    loader: Loader,
    configuration: Arc<Configuration>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What a workbench is made of.
pub struct Parts {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes random values.
    pub random: Arc<dyn Random>,
    /// Compiles rules.
    pub compiler: CompilerProgram,
    /// Remembers what was compiled, from one command to the next.
    pub compiled: CompiledRules,
    /// What manifests may refer to.
    pub outside: Outside,
}

impl Workbench {
    /// Sets one up.
    ///
    /// # Errors
    /// When the machine cannot run the engine.
    pub fn new(parts: Parts) -> Result<Self, EngineError> {
        let clock = Arc::clone(&parts.clock);
        let configuration = Arc::clone(&parts.outside.configuration);
        let surroundings = Surroundings::new(parts.clock, parts.random, Metrics::new())?;
        let surroundings = surroundings.with(parts.outside);
        Ok(Self {
            loader: Loader::new(Arc::new(surroundings), parts.compiled, parts.compiler),
            configuration,
            clock,
        })
    }

    /// Gives scripts that are loaded from now on the values that all of them share. Without that they have none.
    pub fn share(&self, values: BTreeMap<String, SecretString>) {
        self.configuration.replace(values);
    }

    /// Loads a rule as the server would, but for its golden cases: those are run one by one, to be told about each.
    ///
    /// # Errors
    /// Why the server would not take it.
    pub async fn load(&self, subject: &Subject) -> Result<Arc<Rule>, LoadError> {
        self.loader.load(&subject.source()).await
    }

    /// Whether a script that is no file yet can run: its syntax, and what it requires.
    ///
    /// # Errors
    /// Why the server would not take it.
    pub async fn judge(&self, name: &str, script: &str) -> Result<(), LoadError> {
        let bytes = script.as_bytes();
        let source = Source {
            name: name.into(),
            form: Form::Script,
            digest: Digest::of(bytes),
            bytes: bytes.into(),
            manifest: None,
            manifest_file: format!("{name}.toml").into(),
            outside: Fingerprint::default(),
            cases: Cases::default(),
            is_proven: true,
        };
        self.loader.judge(&source).await
    }

    /// Forgets what a rule was compiled to, so that its limits on compiling mean something.
    pub(crate) fn forget(&self, subject: &Subject) {
        self.loader.forget(&subject.source(), &subject.manifest);
    }

    /// The same with another manifest.
    pub(crate) async fn load_as(
        &self,
        subject: &Subject,
        manifest: &Manifest,
    ) -> Result<Arc<Rule>, LoadError> {
        let text = toml::to_string(manifest).map_err(|problem| {
            LoadError::CaseFile(format!("the manifest cannot be written: {problem}"))
        })?;
        let source = Source {
            manifest: Some(text.into()),
            ..subject.source()
        };
        self.loader.load(&source).await
    }
}
