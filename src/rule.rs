//! Runs the user's rules over a token in the making: the sandbox, the contract, and what a rule may do.
//!
//! - [`run`] takes a [`Grant`] through the chain and yields [`ApprovedClaims`].
//! - [`Loader`] turns the bytes of a file into a [`Rule`] that can run, or says why it cannot.
//! - A fresh sandbox serves each token from a pre-linked component and is thrown away: nothing leaks from one token to
//!   the next, and a crash ends one call.
//!
//! The only module that names wasmtime.

mod bindings;
mod cache;
mod call;
mod chain;
mod change;
mod compile;
mod compiled;
mod engine;
mod error;
mod event;
mod identify;
mod limits;
mod load;
mod log;
mod manifest;
mod mismatch;
mod protect;
mod quarantine;
mod state;
mod tripwire;
mod wasi;

use std::sync::Arc;

use serde_json::value::RawValue;

pub use call::Step;
pub use chain::Chain;
pub use change::Applied;
pub use compile::{CompileError, CompilerProgram, compile_as_child, componentize};
pub use compiled::CompiledRules;
pub use engine::Engine;
pub use error::{DenialCode, Fault, LimitHit, Outcome, RuleError};
pub use identify::Digest;
pub use limits::{FILE_BYTES_MAX, Limits};
pub use load::{LoadError, Loader, Source};
pub use manifest::{CacheAllowed, ClaimsAllowed, Manifest, OnError, When};

use crate::clock::Clock;
use crate::grant::Grant;
use crate::random::Random;
use crate::telemetry::metrics::{Metrics, RuleMetrics};

/// A rule that can run.
pub struct Rule {
    /// The file's name without its ending.
    pub name: Arc<str>,
    /// The SHA-256 of the file.
    pub digest: Digest,
    /// What its operator said about it.
    pub manifest: Manifest,
    /// The manifest's settings, as the rule reads them.
    settings: Box<RawValue>,
    linked: bindings::v1::RulePre<state::CallState>,
    /// For a rule whose calls leave nothing behind, so that one can be begun again: no WASI, no cache.
    quick: Option<bindings::v1::quick::RulePre<state::CallState>>,
    /// For a rule that exports a check of its settings.
    validating: Option<bindings::v1::with_settings::RuleWithSettingsPre<state::CallState>>,
    cache: Option<cache::RuleCache>,
    quarantine: quarantine::Quarantine,
    metrics: RuleMetrics,
    surroundings: Arc<Surroundings>,
}

/// What every rule of a server shares.
pub struct Surroundings {
    engine: Engine,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    tripwire: tripwire::Tripwire,
    metrics: Metrics,
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
            clock,
            random,
            metrics,
        })
    }
}

/// The machine cannot run the WebAssembly engine.
#[derive(Debug, thiserror::Error)]
#[error("start the WebAssembly engine: {0}")]
pub struct EngineError(String);

/// Claims that every rule has had its say about. Only [`run`] makes one.
pub struct ApprovedClaims {
    grant: Box<Grant>,
    steps: Vec<Step>,
    jti: Box<str>,
    json: String,
    generation: i64,
}

impl ApprovedClaims {
    /// What the client is granted, its claims included.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// What each rule did, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The token's id, whoever made it.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// The claims set: what is signed.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The number of the chain that approved.
    pub fn generation(&self) -> i64 {
        self.generation
    }
}

/// Takes a grant through the chain, rule by rule.
///
/// # Errors
/// When a rule denies the token, or fails.
pub async fn run(
    chain: &Chain,
    surroundings: &Surroundings,
    mut grant: Box<Grant>,
) -> Result<ApprovedClaims, RuleError> {
    let mut steps = Vec::new();
    for rule in chain.candidates(&grant.api) {
        if chain::applies(rule, &grant) {
            let step;
            (grant, step) = call::run(rule, grant).await?;
            steps.push(step);
        }
    }
    check_jti(&grant, &steps, surroundings)?;
    let jti = grant
        .claims
        .jti
        .get_or_insert_with(|| surroundings.random.uuid_v4().into())
        .clone();
    Ok(ApprovedClaims {
        json: grant.claims.to_json(),
        grant,
        steps,
        jti,
        generation: chain.generation,
    })
}

/// A `jti` that a rule made must not be one that a token has already.
fn check_jti(grant: &Grant, steps: &[Step], surroundings: &Surroundings) -> Result<(), RuleError> {
    let Some(jti) = &grant.claims.jti else {
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
