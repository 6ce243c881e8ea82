//! One call of one rule, in a sandbox that is made for it and thrown away after it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tracing::warn;
use wasmtime::Store;
use wasmtime::component::Resource;

use super::bindings::RequestHandle;
use super::bindings::v1::RuleIndices;
use super::bindings::v1::rulemint::rule::types::{Change, Denial, Failure};
use super::change::{self, Applied};
use super::error::{DenialCode, Fault, LimitHit};
use super::limits::HANDLES_MAX;
use super::state::{CallState, NotQuick, Pace, on_tick};
use super::{OnError, Outcome, Rule, RuleError};
use crate::grant::Grant;

/// What one rule did for one token, for the ledger.
pub struct Step {
    /// Which rule.
    pub rule: Arc<Rule>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it changed.
    pub changes: Vec<Applied>,
    /// How long it took, waiting included.
    pub took: Duration,
}

/// Runs a rule and applies what it asks for.
///
/// # Errors
/// When it denies the token, or fails and its `on_error` is `deny`.
pub(super) async fn run(
    rule: &Arc<Rule>,
    grant: Box<Grant>,
) -> Result<(Box<Grant>, Step), RuleError> {
    let clock = &rule.surroundings.clock;
    let started = clock.monotonic();
    let (grant, answer) = match rule.quarantine.admit(started) {
        Ok(()) => ask(rule, grant).await,
        Err(resting) => (grant, Err(Ended::Fault(resting))),
    };
    let took = clock.monotonic().saturating_sub(started);
    let outcome = match &answer {
        Ok(_) => Outcome::Ok,
        Err(Ended::Denied(..)) => Outcome::Denied,
        Err(Ended::Fault(fault)) => fault.outcome(),
    };
    rule.metrics.observe(outcome as usize, took);
    note_health(rule, &answer, started + took);
    let changes = match answer {
        Ok(changes) => changes,
        Err(ended) => resolve(rule, ended, &grant.transaction_id)?,
    };
    let step = Step {
        rule: Arc::clone(rule),
        outcome,
        changes,
        took,
    };
    Ok((grant, step))
}

/// How a call ended, other than with changes.
enum Ended {
    Denied(DenialCode, String),
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for Ended {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

async fn ask(rule: &Arc<Rule>, grant: Box<Grant>) -> (Box<Grant>, Result<Vec<Applied>, Ended>) {
    let _running = rule.surroundings.engine.running();
    let (mut state, answer) = match quick_answer(rule, grant) {
        Ok(answered) => answered,
        Err(grant) => patient_answer(rule, grant).await,
    };
    finish_log(&mut state);
    let answer = answer.map_err(|cause| cause.into_fault(&state));
    let mut grant = state
        .grant
        .expect("the grant went in with the state and stays in it");
    let applied = answer.map_err(Ended::Fault).and_then(|answer| {
        let changes = answer.map_err(said_no)?;
        Ok(change::apply(changes, &mut grant.claims, &rule.manifest)?)
    });
    (grant, applied)
}

type Answered = (CallState, Result<Result<Vec<Change>, Failure>, Cause>);

/// Tries to get the answer before the first tick, which nearly every rule gives. Gives the grant back when it did not:
/// what a call has done until then is worth nothing, and nobody can have seen it.
fn quick_answer(rule: &Arc<Rule>, grant: Box<Grant>) -> Result<Answered, Box<Grant>> {
    let Some(linked) = &rule.quick else {
        return Err(grant);
    };
    let mut store = sandbox(rule, Some(grant), Pace::Quick);
    let answer = linked.instantiate(&mut store).and_then(|instance| {
        instance
            .rulemint_rule_enrich()
            .call_enrich(&mut store, the_request())
    });
    let state = store.into_data();
    match answer {
        Err(error) if error.is::<NotQuick>() => {
            Err(state.grant.expect("it went in with the state"))
        }
        answer => Ok((state, answer.map_err(Cause::Engine))),
    }
}

async fn patient_answer(rule: &Arc<Rule>, grant: Box<Grant>) -> Answered {
    let mut store = sandbox(rule, Some(grant), Pace::Patient);
    let call = async {
        let instance = rule.linked.instantiate_async(&mut store).await?;
        instance
            .rulemint_rule_enrich()
            .call_enrich(&mut store, the_request())
            .await
    };
    let answer = within_budget(rule, call).await;
    (store.into_data(), answer)
}

/// Each sandbox serves one request, so any number will stand for it.
fn the_request() -> Resource<RequestHandle> {
    Resource::new_borrow(0)
}

/// A fresh sandbox, with every limit set.
fn sandbox(rule: &Arc<Rule>, grant: Option<Box<Grant>>, pace: Pace) -> Store<CallState> {
    let limits = &rule.manifest.limits;
    let engine = rule.surroundings.engine.wasmtime();
    let mut store = Store::new(engine, CallState::new(Arc::clone(rule), grant, pace));
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(limits.host_call_bytes as usize);
    store.set_max_component_handles(HANDLES_MAX);
    store.epoch_deadline_callback(on_tick);
    store.set_epoch_deadline(1);
    store
}

/// Asks a rule with settings what it thinks of them, under its own limits. A rule without a `validate` has no objection.
///
/// # Errors
/// When it fails while thinking.
pub(super) async fn validate_settings(rule: &Arc<Rule>) -> Result<Result<(), Vec<String>>, Fault> {
    let Some(linked) = &rule.validating else {
        return Ok(Ok(()));
    };
    let _running = rule.surroundings.engine.running();
    let mut store = sandbox(rule, None, Pace::Patient);
    let call = async {
        let instance = linked.instantiate_async(&mut store).await?;
        let settings = instance.rulemint_rule_settings();
        settings
            .call_validate(&mut store, &rule.settings.get().to_owned())
            .await
    };
    let verdict = within_budget(rule, call).await;
    end_trial(store, verdict)
}

/// Makes a sandbox and looks for what a rule must export: one that cannot even start, or has the right name for the
/// wrong thing, is found out before it goes live.
///
/// # Errors
/// When it cannot start; inside, when its `enrich` has other types than the contract's.
pub(super) async fn start_only(rule: &Arc<Rule>) -> Result<wasmtime::Result<()>, Fault> {
    let _running = rule.surroundings.engine.running();
    let mut store = sandbox(rule, None, Pace::Patient);
    let linked = rule.linked.instance_pre();
    let call = async {
        let instance = linked.instantiate_async(&mut store).await?;
        let typed = RuleIndices::new(linked)?.load(&mut store, &instance);
        Ok(typed.map(drop))
    };
    let started = within_budget(rule, call).await;
    end_trial(store, started)
}

fn end_trial<T>(store: Store<CallState>, result: Result<T, Cause>) -> Result<T, Fault> {
    let mut state = store.into_data();
    finish_log(&mut state);
    result.map_err(|cause| cause.into_fault(&state))
}

enum Cause {
    Engine(wasmtime::Error),
    WallBudget,
}

impl Cause {
    fn into_fault(self, state: &CallState) -> Fault {
        let limits = &state.rule.manifest.limits;
        match self {
            Self::WallBudget => LimitHit::Wall(limits.wall_ms).into(),
            Self::Engine(error) => {
                Fault::of_engine(&error, state.log.last_error(), limits.host_call_bytes)
            }
        }
    }
}

/// Runs a call under the wall budget.
async fn within_budget<T>(
    rule: &Rule,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T, Cause> {
    match timeout(rule.manifest.limits.wall(), call).await {
        Ok(result) => result.map_err(Cause::Engine),
        Err(_) => Err(Cause::WallBudget),
    }
}

fn said_no(failure: Failure) -> Ended {
    match failure {
        Failure::Denied(Denial { code, description }) => match DenialCode::parse(&code) {
            Some(code) => Ended::Denied(code, description),
            None => Fault::UnknownDenial(code).into(),
        },
        Failure::Invalid(text) => Ended::Denied(DenialCode::InvalidRequest, text),
        Failure::Internal(text) => Fault::Internal(text).into(),
    }
}

fn finish_log(state: &mut CallState) {
    if let Some(wasi) = state.wasi.take() {
        wasi.drain_into(&mut state.log);
    }
    let transaction = state
        .grant
        .as_ref()
        .map_or("", |grant| &grant.transaction_id);
    state.log.flush(&state.rule.name, transaction);
}

fn note_health(rule: &Rule, answer: &Result<Vec<Applied>, Ended>, now: Duration) {
    match answer {
        Ok(_) | Err(Ended::Denied(..)) => rule.quarantine.succeeded(),
        Err(Ended::Fault(fault)) if fault.is_the_rules_doing() => {
            if let Some(rest) = rule.quarantine.failed(now) {
                warn!(
                    rule = &*rule.name,
                    ?rest,
                    "the rule keeps failing and is left alone"
                );
            }
        }
        Err(Ended::Fault(_)) => {}
    }
}

/// What a call that brought no changes means for the token.
fn resolve(rule: &Rule, ended: Ended, transaction: &str) -> Result<Vec<Applied>, RuleError> {
    let rule_name = || Arc::clone(&rule.name);
    match (ended, rule.manifest.on_error) {
        (Ended::Denied(code, description), _) => Err(RuleError::Denied {
            rule: rule_name(),
            code,
            description,
        }),
        (Ended::Fault(fault), OnError::Deny) => Err(RuleError::Failed {
            rule: rule_name(),
            fault,
        }),
        (Ended::Fault(fault), OnError::Skip) => {
            warn!(rule = &*rule.name, transaction, %fault, "the rule failed and was skipped");
            Ok(Vec::new())
        }
    }
}
