//! The sandbox of a call: made with every limit set, and emptied of what the call brought.

use std::mem;
use std::sync::Arc;

use tokio::time::timeout;
use wasmtime::Store;

use super::Rule;
use super::answer::Answer;
use super::error::{Fault, LimitHit};
use super::limits::HANDLES_MAX;
use super::log::CallLog;
use super::state::{CallState, Pace, Usage, on_tick};
use crate::grant::Draft;

/// A fresh sandbox, with every limit set.
pub(super) fn fresh(rule: &Arc<Rule>, draft: Option<Box<Draft>>, pace: Pace) -> Store<CallState> {
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

/// What a call brought.
pub(super) struct Reply {
    pub(super) draft: Box<Draft>,
    pub(super) answer: Result<Answer, Fault>,
    pub(super) log: CallLog,
    pub(super) usage: Usage,
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

/// Why a call brought no answer.
pub(super) enum Cause {
    Engine(wasmtime::Error),
    WallBudget,
}

impl Cause {
    pub(super) fn into_fault(self, state: &CallState) -> Fault {
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
