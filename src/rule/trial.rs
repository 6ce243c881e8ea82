//! What a rule is asked before it goes live: whether it starts, what it is, and what is wrong with its settings.

use std::sync::Arc;

use wasmtime::Store;

use super::Rule;
use super::error::Fault;
use super::lane::Description;
use super::sandbox::{self, Cause};
use super::state::{CallState, Pace};

/// Asks a rule what is wrong with its settings, under its own limits.
///
/// # Errors
/// When it fails while thinking.
pub(super) async fn problems(rule: &Arc<Rule>) -> Result<Vec<String>, Fault> {
    let _running = rule.surroundings.engine.running();
    let mut store = sandbox::fresh(rule, None, Pace::Patient);
    let problems = sandbox::within_budget(rule, rule.code.problems(&mut store)).await;
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
    let mut store = sandbox::fresh(rule, None, Pace::Patient);
    let description = sandbox::within_budget(rule, rule.code.describe(&mut store)).await;
    description.map_err(|cause| cause.into_fault(&store.into_data()))
}

/// Makes a sandbox and looks for what a rule must export: one that cannot even start, or has the right name for the
/// wrong thing, is found out before it goes live.
///
/// # Errors
/// When it cannot start; inside, when its exports have other types than the contract's.
pub(super) async fn start_only(rule: &Arc<Rule>) -> Result<wasmtime::Result<()>, Fault> {
    let _running = rule.surroundings.engine.running();
    let mut store = sandbox::fresh(rule, None, Pace::Patient);
    let started = sandbox::within_budget(rule, rule.code.start(&mut store)).await;
    end_trial(store, started)
}

fn end_trial<T>(store: Store<CallState>, result: Result<T, Cause>) -> Result<T, Fault> {
    let mut state = store.into_data();
    state.collect_printed();
    let rule = &state.rule;
    rule.log_pace.flush(&state.log, &rule.name, "", None);
    result.map_err(|cause| cause.into_fault(&state))
}
