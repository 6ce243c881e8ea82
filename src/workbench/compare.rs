//! What another version of a rule would change: both run over the same events, and their claims are compared.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::Subject;
use super::Workbench;
use crate::rule::{Answer, Event, LoadError, Rule, rehearse};

/// How two versions differ over one event.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Which event, counted from 0.
    pub event: usize,
    /// The outcome with the old version: the claims, or the refusal.
    pub old: Value,
    /// The same with the new one.
    pub new: Value,
}

/// Loads both versions, which share a manifest where the new one has none of its own.
///
/// # Errors
/// Why one of them does not load.
pub async fn load_both(
    bench: &Workbench,
    old: &Subject,
    new: &Subject,
) -> Result<(Arc<Rule>, Arc<Rule>), LoadError> {
    let old_rule = bench.load(old).await?;
    let new_rule = match new.manifest_text() {
        Some(_) => bench.load(new).await?,
        None => bench.load_as(new, &old.manifest).await?,
    };
    Ok((old_rule, new_rule))
}

/// Runs both over every event. Gives only the events whose outcome differs.
///
/// # Errors
/// When an event makes no sense.
pub async fn compare(
    old: &Arc<Rule>,
    new: &Arc<Rule>,
    events: &[Event<'_>],
) -> Result<Vec<Difference>, String> {
    let mut differences = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let (old, new) = (outcome(old, event).await?, outcome(new, event).await?);
        if old != new {
            differences.push(Difference {
                event: index,
                old,
                new,
            });
        }
    }
    Ok(differences)
}

/// The claims after the rule, or how it said no.
async fn outcome(rule: &Arc<Rule>, event: &Event<'_>) -> Result<Value, String> {
    let rehearsal = rehearse(rule, event, None).await?;
    let failed = |fault: &dyn std::fmt::Display| serde_json::json!({ "fault": fault.to_string() });
    Ok(match (&rehearsal.answer, &rehearsal.applied) {
        (Err(fault), _) | (Ok(_), Err(fault)) => failed(fault),
        (Ok(Answer::Changes(_)), Ok(_)) => rehearsal.after,
        (Ok(answer), Ok(_)) => serde_json::to_value(answer).unwrap_or_default(),
    })
}

/// Reads events: a JSON object, a list of them, or one object a line. A golden case counts as its event.
///
/// # Errors
/// When the text is none of these; which event, and why.
pub fn events(text: &str) -> Result<Vec<Event<'static>>, String> {
    let values: Vec<Value> = match serde_json::from_str(text) {
        Ok(Value::Array(list)) => list,
        Ok(single) => vec![single],
        Err(_) => serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|problem| problem.to_string())?,
    };
    let event = |(index, value): (usize, Value)| {
        let inner = match value.get("expect") {
            Some(_) => value
                .get("event")
                .cloned()
                .unwrap_or_else(|| serde_json::json!({})),
            None => value,
        };
        let text = inner.to_string(); // Its claims are kept as text, which a value in memory is not.
        serde_json::from_str(&text).map_err(|problem| format!("event {index}: {problem}"))
    };
    values.into_iter().enumerate().map(event).collect()
}
