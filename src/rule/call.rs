//! One call of one rule, in a sandbox that is made for it and thrown away after it, unless the rule keeps its sandboxes.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::answer::Answer;
use super::sandbox::{self, Cause, Reply};
use super::state::{CallState, NotQuick, Pace};
use super::{Rule, kept};
use crate::grant::Draft;

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
    sandbox::reply(&mut state, answer)
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
    let mut store = sandbox::fresh(rule, Some(draft), Pace::Quick);
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
    let mut store = sandbox::fresh(rule, Some(draft), Pace::Patient);
    store.data_mut().settings = settings;
    let answer = sandbox::within_budget(rule, rule.code.answer(&mut store)).await;
    (store.into_data(), answer)
}
