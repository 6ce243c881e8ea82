//! Proves a rule by its golden cases, under its own limits.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::case::pattern::{difference, filled, fits};
use super::rehearsal::{Rehearsal, rehearse};
use super::{Case, CaseFailure, Cases, LoadError, Rule};

/// Runs all of a rule's golden cases: those beside it, and those in its manifest.
///
/// # Errors
/// The first one that is none, or that it does not pass.
pub(super) async fn prove(rule: &Arc<Rule>, cases: &Cases) -> Result<(), LoadError> {
    let mut all = cases.parse().map_err(LoadError::CaseFile)?;
    let inline = rule.manifest.cases.iter().cloned().enumerate();
    all.extend(inline.map(|(index, case)| (format!("cases[{index}]"), case)));
    for (name, case) in &all {
        let failed = |failure| LoadError::Case {
            case: case.title(name),
            failure,
        };
        run(rule, case).await.map_err(failed)?;
    }
    Ok(())
}

/// Runs a case. `Ok` is a pass.
///
/// # Errors
/// How it came out otherwise.
pub async fn run(rule: &Arc<Rule>, case: &Case) -> Result<Rehearsal, CaseFailure> {
    let settings = case.settings.as_ref().map(serde_json::value::to_raw_value);
    let settings = settings
        .transpose()
        .map_err(|problem| CaseFailure::Event(problem.to_string()))?;
    let rehearsal = rehearse(rule, &case.event, settings.as_deref()).await;
    let rehearsal = rehearsal.map_err(CaseFailure::Event)?;
    let answer = rehearsal
        .answer
        .as_ref()
        .map_err(|fault| CaseFailure::Fault(fault.clone()))?;
    let (wanted, mut got) = (json(&case.expect), json(answer));
    if wanted["denied"].is_object()
        && wanted["denied"].get("description").is_none()
        && let Some(denied) = got.get_mut("denied").and_then(Value::as_object_mut)
    {
        denied.remove("description");
    }
    if !fits(&wanted, &got).map_err(CaseFailure::Event)? {
        return Err(CaseFailure::Answer(difference(
            &filled(&wanted, &got),
            &got,
        )));
    }
    match &rehearsal.applied {
        Ok(_) => Ok(rehearsal),
        Err(fault) => Err(CaseFailure::Fault(fault.clone())),
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
