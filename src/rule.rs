//! Runs the user's rules over a token in the making: the sandbox, the contract, and what a rule may do.
//!
//! - [`run`] takes a [`Grant`] through the chain and yields [`ApprovedClaims`].
//! - [`Loader`] turns the bytes of a file into a [`Rule`] that can run, or says why it cannot.
//! - A fresh sandbox serves each token from a pre-linked component and is thrown away: nothing leaks from one token to
//!   the next, and a crash ends one call. A manifest may ask for instances that are kept instead.
//!
//! The only module that names wasmtime.
//!
//! # The files
//!
//! - A token's way: `chain` says which rules it meets, `step` takes it through one, `call` asks that in a `sandbox` or in one
//!   that is `kept`; `answer` is what comes back, `change` and `protect` what is made of it.
//! - What a sandbox has and offers: `state`, `host`, `wasi`, `outbound`, `secret`, `cache`, `event`, `log`, under `limits`.
//! - How code is called: `lane`, over `bindings`.
//! - A file's way to a rule: `source`, `load`, `manifest`, `capability`, `configuration`; `identify`, `script`, `compiler`,
//!   `compile`, `compiled`; `mismatch` where it does not fit; `trial`, `case` and `proof` before it goes live.
//! - What all rules share and how each is doing: `engine`, `pool`, `tripwire`, `quarantine`, `span`.
//! - Without a token: `rehearsal`, `inspect`.

mod answer;
mod bindings;
mod cache;
mod call;
mod capability;
mod case;
mod chain;
mod change;
mod compile;
mod compiled;
mod compiler;
mod configuration;
mod engine;
mod error;
mod event;
mod host;
mod identify;
mod inspect;
mod kept;
mod lane;
mod limits;
mod load;
mod load_error;
mod log;
mod manifest;
mod mismatch;
mod outbound;
mod pool;
mod proof;
mod protect;
mod quarantine;
mod rehearsal;
mod sandbox;
mod script;
mod secret;
mod source;
mod span;
mod state;
mod step;
mod trial;
mod tripwire;
mod wasi;

use std::sync::{Arc, OnceLock};

use serde_json::value::RawValue;
use tokio::sync::Semaphore;

pub use answer::{Answer, Change, Denial, Json};
pub use capability::Outside;
pub use case::{CASES_ENDING, Case, CaseFailure, Cases, Expected};
pub use chain::Chain;
pub use change::Applied;
pub use compile::{CompileError, CompilerProgram, compile_as_child, componentize};
pub use compiled::CompiledRules;
pub use configuration::Configuration;
pub use engine::Engine;
pub use error::{DenialCode, Fault, LimitHit, Outcome, RuleError};
pub use event::Event;
pub use identify::{Digest, Form};
pub use inspect::{Inspection, inspect};
pub use lane::Description;
pub use limits::{FILE_BYTES_MAX, Limits};
pub use load::Loader;
pub use load_error::LoadError;
pub use manifest::{Build, CacheAllowed, Instances, Manifest, OnError, When};
pub use outbound::{HttpAllowed, Resolver, SystemResolver};
pub use proof::run as run_case;
pub use protect::ClaimsAllowed;
pub use quarantine::Rest;
pub use rehearsal::{ClaimTexts, Rehearsal, rehearse, start_once};
pub use script::{Analysis, Finding, Severity, Wanted};
pub use secret::{Fingerprint, SecretSource};
pub(crate) use secret::{SECRET_BYTES_MIN, is_variable_name};
pub use source::Source;
pub use step::Step;

use crate::claims::StatusPlace;
use crate::clock::Clock;
use crate::config::Environment;
use crate::grant::{Draft, Grant};
use crate::random::Random;
use crate::revocation::RULE_DIGITS;
use crate::telemetry::metrics::{Metrics, RuleMetrics};
use crate::telemetry::trace::Trace;

/// A rule that can run.
pub struct Rule {
    /// The file's name without its ending.
    pub name: Arc<str>,
    /// How it is written.
    pub form: Form,
    /// The SHA-256 of the file.
    pub digest: Digest,
    /// What its operator said about it.
    pub manifest: Manifest,
    /// The manifest's settings, as the rule reads them.
    settings: Box<RawValue>,
    code: Box<dyn lane::Code>,
    /// What the rule says about itself, once it was asked.
    description: OnceLock<Option<Description>>,
    cache: Option<cache::RuleCache>,
    /// Where instances wait for the next token, if the manifest keeps them.
    shelf: Option<kept::Shelf>,
    capabilities: capability::Capabilities,
    quarantine: quarantine::Quarantine,
    log_pace: log::LogPace,
    metrics: RuleMetrics,
    surroundings: Arc<Surroundings>,
}

impl Rule {
    /// What a program says about itself, if it does.
    pub fn description(&self) -> Option<&Description> {
        self.description.get()?.as_ref()
    }

    /// How it rests at this moment, after failing again and again; `None` while it runs.
    pub fn rest(&self) -> Option<Rest> {
        self.quarantine.rest_at(self.surroundings.clock.monotonic())
    }

    /// Keeps its instances from now on, if its manifest says so. A rule begins without.
    pub fn keep_instances(&self) {
        if let Some(shelf) = &self.shelf {
            shelf.open();
        }
    }

    /// Lets go of the instances that it has kept, and keeps none any more.
    pub fn drop_instances(&self) {
        if let Some(shelf) = &self.shelf {
            shelf.close();
        }
    }

    /// Which way it is written, in a few words for people.
    pub fn lane(&self) -> &'static str {
        match self.form {
            Form::Wasm => self.code.lane(),
            Form::Script => "JavaScript",
        }
    }
}

/// What every rule of a server shares.
pub struct Surroundings {
    engine: Engine,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    tripwire: tripwire::Tripwire,
    metrics: Metrics,
    outside: Outside,
    fingerprints: secret::FingerprintKey,
    /// Room for instances that are kept, of all rules.
    room_for_kept: Arc<Semaphore>,
}

impl Surroundings {
    /// Builds the engine and everything around it.
    ///
    /// # Errors
    /// When the machine cannot run the engine.
    pub fn new(
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        metrics: Metrics,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            engine: Engine::new().map_err(|error| EngineError(format!("{error:#}")))?,
            tripwire: tripwire::Tripwire::new(),
            outside: Outside::of_system(Environment::of([])),
            fingerprints: secret::FingerprintKey::new(random.bytes()),
            room_for_kept: kept::room(),
            clock,
            random,
            metrics,
        })
    }

    /// The same with other things outside than an empty environment and the system's resolver.
    #[must_use]
    pub fn with(self, outside: Outside) -> Self {
        Self { outside, ..self }
    }
}

/// The machine cannot run the WebAssembly engine.
#[derive(Debug, thiserror::Error)]
#[error("start the WebAssembly engine: {0}")]
pub struct EngineError(String);

/// Claims that every rule has had its say about. Only [`run`] makes one.
pub struct ApprovedClaims {
    draft: Box<Draft>,
    steps: Vec<Step>,
    jti: Box<str>,
    generation: i64,
}

impl ApprovedClaims {
    /// What the client is granted, its claims included.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What each rule did, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The token's id, whoever made it.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// Gives the token its place on a status list.
    pub(crate) fn take_place(&mut self, place: StatusPlace) {
        self.draft.claims.status = Some(place);
    }

    /// The claims set: what is signed.
    pub fn json(&self) -> String {
        self.draft.claims.to_json()
    }

    /// The number of the chain that approved.
    pub fn generation(&self) -> i64 {
        self.generation
    }
}

/// Takes a grant through the chain, rule by rule, and tells the request's trace about each, if it has one.
///
/// # Errors
/// When a rule denies the token, or fails.
pub async fn run(
    chain: &Chain,
    surroundings: &Surroundings,
    grant: Grant,
    trace: Option<&Trace>,
) -> Result<ApprovedClaims, RuleError> {
    let mut draft = grant.into_draft();
    let mut steps = Vec::new();
    for rule in chain.candidates(&draft.api) {
        if chain::applies(rule, &draft) {
            let step;
            (draft, step) = step::run(rule, draft, trace).await?;
            steps.push(step);
        }
    }
    check_jti(&draft, &steps, surroundings)?;
    draft.claims.rules = beginnings(&steps);
    let jti = draft
        .claims
        .jti
        .get_or_insert_with(|| surroundings.random.uuid_v4().into())
        .clone();
    Ok(ApprovedClaims {
        draft,
        steps,
        jti,
        generation: chain.generation,
    })
}

/// The rules that ran, as a token carries them: revocation goes by it.
fn beginnings(steps: &[Step]) -> String {
    let mut text = String::with_capacity(steps.len() * (RULE_DIGITS + 1));
    for step in steps {
        if !text.is_empty() {
            text.push(' ');
        }
        let mut digits = hex::Buffer::<32>::new();
        text.push_str(&digits.format(step.rule.digest.as_bytes())[..RULE_DIGITS]);
    }
    text
}

/// A `jti` that a rule made must not be one that a token has already.
fn check_jti(draft: &Draft, steps: &[Step], surroundings: &Surroundings) -> Result<(), RuleError> {
    let Some(jti) = &draft.claims.jti else {
        return Ok(());
    };
    if surroundings.tripwire.is_new(jti) {
        return Ok(());
    }
    let sets_jti =
        |change: &Applied| matches!(change, Applied::SetClaim { name, .. } if name == "jti");
    let culprit = steps
        .iter()
        .rev()
        .find(|step| step.changes.iter().any(sets_jti));
    Err(RuleError::Failed {
        rule: culprit.map_or_else(|| Arc::from(""), |step| Arc::clone(&step.rule.name)),
        fault: Fault::RepeatedJti,
    })
}
