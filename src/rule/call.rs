//! One call of one rule, in a sandbox that is made for it and thrown away after it, unless the rule keeps its sandboxes.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::timeout;
use tracing::field::display;
use tracing::warn;
use wasmtime::Store;

use super::answer::{Answer, Change};
use super::change::{self, Applied};
use super::error::{DenialCode, Fault, LimitHit};
use super::lane::Description;
use super::limits::HANDLES_MAX;
use super::log::CallLog;
use super::span::Span;
use super::state::{CallState, NotQuick, Pace, Usage, on_tick};
use super::{OnError, Outcome, Rule, RuleError, kept};
use crate::grant::Draft;
use crate::telemetry::trace::Trace;

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
    draft: Box<Draft>,
    trace: Option<&Trace>,
) -> Result<(Box<Draft>, Step), RuleError> {
    let clock = &rule.surroundings.clock;
    let started = clock.monotonic();
    let (draft, applied, log) = match rule.quarantine.admit(started) {
        Ok(()) => ask_and_apply(rule, draft).await,
        Err(resting) => (draft, Err(Ended::Fault(resting)), CallLog::new(0)),
    };
    let pace = &rule.log_pace;
    let is_logged = pace.flush(&log, &rule.name, &draft.transaction_id, trace);
    let took = clock.monotonic().saturating_sub(started);
    let outcome = match &applied {
        Ok(_) => Outcome::Ok,
        Err(Ended::Denied(..)) => Outcome::Denied,
        Err(Ended::Fault(fault)) => fault.outcome(),
    };
    rule.metrics.observe(outcome as usize, took);
    if let Some(trace) = trace {
        trace.rule(|| Span { started, took }.of(rule, outcome, is_logged.then_some(&log)));
    }
    note_health(rule, &applied, started + took);
    let changes = match applied {
        Ok(changes) => changes,
        Err(ended) => resolve(rule, ended, &draft.transaction_id, trace)?,
    };
    let step = Step {
        rule: Arc::clone(rule),
        outcome,
        changes,
        took,
    };
    Ok((draft, step))
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

async fn ask_and_apply(
    rule: &Arc<Rule>,
    draft: Box<Draft>,
) -> (Box<Draft>, Result<Vec<Applied>, Ended>, CallLog) {
    let Reply {
        mut draft,
        answer,
        log,
        usage,
    } = ask(rule, draft, None).await;
    rule.metrics.observe_usage(usage.ticks, usage.memory_bytes);
    rule.metrics.observe_host_calls(&usage.host_calls);
    let applied = answer.map_err(Ended::Fault).and_then(|answer| {
        let changes = verdict_of(answer)?;
        let applied = change::apply(changes, &mut draft.claims, &rule.manifest);
        Ok(applied.map_err(|fault| rule.capabilities.secrets.scrub_fault(fault))?)
    });
    (draft, applied, log)
}

/// What a call brought.
pub(super) struct Reply {
    pub(super) draft: Box<Draft>,
    pub(super) answer: Result<Answer, Fault>,
    pub(super) log: CallLog,
    pub(super) usage: Usage,
}

/// Calls a rule once, in a fresh sandbox or in one that it keeps. The draft comes back as it went in. A rehearsal may give it other settings.
pub(super) async fn ask(
    rule: &Arc<Rule>,
    draft: Box<Draft>,
    settings: Option<Arc<RawValue>>,
) -> Reply {
    let _running = rule.surroundings.engine.running();
    if let (None, Some(shelf)) = (&settings, kept::shelf(rule)) {
        return kept::ask(rule, draft, shelf).await;
    }
    let (mut state, answer) = match quick_answer(rule, draft, settings.as_ref()) {
        Ok(answered) => answered,
        Err(draft) => patient_answer(rule, draft, settings).await,
    };
    reply(&mut state, answer)
}

/// Takes out of a call's state what it brought. Nothing of the request is left in it.
pub(super) fn reply(state: &mut CallState, answer: Result<Answer, Cause>) -> Reply {
    state.collect_printed();
    let secrets = &state.rule.capabilities.secrets;
    Reply {
        answer: answer
            .map_err(|cause| cause.into_fault(state))
            .map(|answer| secrets.scrub_answer(answer)),
        usage: state.usage(),
        log: mem::replace(&mut state.log, CallLog::new(0)),
        draft: state
            .draft
            .take()
            .expect("the draft went in with the state and stays in it"),
    }
}

type Answered = (CallState, Result<Answer, Cause>);

/// Tries to get the answer before the first tick, which nearly every rule gives. Gives the draft back when it did not:
/// what a call has done until then is worth nothing, and nobody can have seen it.
fn quick_answer(
    rule: &Arc<Rule>,
    draft: Box<Draft>,
    settings: Option<&Arc<RawValue>>,
) -> Result<Answered, Box<Draft>> {
    let Some(code) = rule.code.quick() else {
        return Err(draft);
    };
    let mut store = sandbox(rule, Some(draft), Pace::Quick);
    store.data_mut().settings = settings.cloned();
    let answer = code.answer(&mut store);
    let state = store.into_data();
    match answer {
        Err(error) if error.is::<NotQuick>() => {
            Err(state.draft.expect("it went in with the state"))
        }
        answer => Ok((state, answer.map_err(Cause::Engine))),
    }
}

async fn patient_answer(
    rule: &Arc<Rule>,
    draft: Box<Draft>,
    settings: Option<Arc<RawValue>>,
) -> Answered {
    let mut store = sandbox(rule, Some(draft), Pace::Patient);
    store.data_mut().settings = settings;
    let answer = within_budget(rule, rule.code.answer(&mut store)).await;
    (store.into_data(), answer)
}

/// A fresh sandbox, with every limit set.
pub(super) fn sandbox(rule: &Arc<Rule>, draft: Option<Box<Draft>>, pace: Pace) -> Store<CallState> {
    let engine = rule.surroundings.engine.wasmtime();
    let mut store = Store::new(engine, CallState::new(Arc::clone(rule), draft, pace));
    store.limiter(|state| &mut state.memory);
    store.set_max_component_handles(HANDLES_MAX);
    store.epoch_deadline_callback(on_tick);
    set_budgets(&mut store);
    store
}

/// Makes a sandbox that was kept ready for its next call.
pub(super) fn begin_again(store: &mut Store<CallState>, rule: &Arc<Rule>, draft: Box<Draft>) {
    store.data_mut().begin(Arc::clone(rule), draft);
    set_budgets(store);
}

/// What a call may use up, given anew to each.
fn set_budgets(store: &mut Store<CallState>) {
    let limits = &store.data().rule.manifest.limits;
    store.set_hostcall_fuel(limits.host_call_bytes as usize);
    store.set_epoch_deadline(1);
}

/// Asks a rule what is wrong with its settings, under its own limits.
///
/// # Errors
/// When it fails while thinking.
pub(super) async fn problems(rule: &Arc<Rule>) -> Result<Vec<String>, Fault> {
    let _running = rule.surroundings.engine.running();
    let mut store = sandbox(rule, None, Pace::Patient);
    let problems = within_budget(rule, rule.code.problems(&mut store)).await;
    let secrets = &rule.capabilities.secrets;
    let problems = end_trial(store, problems)?.into_iter();
    Ok(problems.map(|text| secrets.scrub(&text).into()).collect())
}

/// Asks a rule what it is.
///
/// # Errors
/// When there is no room for the call.
pub(super) async fn describe(rule: &Arc<Rule>) -> Result<Option<Description>, Fault> {
    let _running = rule.surroundings.engine.running();
    let mut store = sandbox(rule, None, Pace::Patient);
    let description = within_budget(rule, rule.code.describe(&mut store)).await;
    description.map_err(|cause| cause.into_fault(&store.into_data()))
}

/// Makes a sandbox and looks for what a rule must export: one that cannot even start, or has the right name for the
/// wrong thing, is found out before it goes live.
///
/// # Errors
/// When it cannot start; inside, when its exports have other types than the contract's.
pub(super) async fn start_only(rule: &Arc<Rule>) -> Result<wasmtime::Result<()>, Fault> {
    let _running = rule.surroundings.engine.running();
    let mut store = sandbox(rule, None, Pace::Patient);
    let started = within_budget(rule, rule.code.start(&mut store)).await;
    end_trial(store, started)
}

fn end_trial<T>(store: Store<CallState>, result: Result<T, Cause>) -> Result<T, Fault> {
    let mut state = store.into_data();
    state.collect_printed();
    let rule = &state.rule;
    rule.log_pace.flush(&state.log, &rule.name, "", None);
    result.map_err(|cause| cause.into_fault(&state))
}

/// Why a call brought no answer.
pub(super) enum Cause {
    Engine(wasmtime::Error),
    WallBudget,
}

impl Cause {
    fn into_fault(self, state: &CallState) -> Fault {
        let limits = &state.rule.manifest.limits;
        match self {
            Self::WallBudget => LimitHit::Wall(limits.wall_ms).into(),
            Self::Engine(error) => {
                let words = state.log.last_words();
                let fault = Fault::of_engine(&error, words, limits.host_call_bytes);
                state.rule.capabilities.secrets.scrub_fault(fault)
            }
        }
    }
}

/// Runs a call under the wall budget.
pub(super) async fn within_budget<T>(
    rule: &Rule,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> Result<T, Cause> {
    match timeout(rule.manifest.limits.wall(), call).await {
        Ok(result) => result.map_err(Cause::Engine),
        Err(_) => Err(Cause::WallBudget),
    }
}

fn verdict_of(answer: Answer) -> Result<Vec<Change>, Ended> {
    Err(match answer {
        Answer::Changes(changes) => return Ok(changes),
        Answer::Denied(denial) => match DenialCode::parse(&denial.code) {
            Some(code) => Ended::Denied(code, denial.description),
            None => Fault::UnknownDenial(denial.code).into(),
        },
        Answer::Invalid(text) => Ended::Denied(DenialCode::InvalidRequest, text),
        Answer::Internal(text) => Fault::Internal(text).into(),
    })
}

fn note_health(rule: &Rule, applied: &Result<Vec<Applied>, Ended>, now: Duration) {
    match applied {
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
fn resolve(
    rule: &Rule,
    ended: Ended,
    transaction: &str,
    trace: Option<&Trace>,
) -> Result<Vec<Applied>, RuleError> {
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
            let trace_id = trace.and_then(Trace::id).map(display);
            warn!(rule = &*rule.name, transaction, trace_id, %fault, "the rule failed and was skipped");
            Ok(Vec::new())
        }
    }
}
