//! What another version of a rule would change: both run over the same events, and their claims are compared.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

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

/// Loads both versions, which share a manifest where one of them has none of its own.
///
/// # Errors
/// Why one of them does not load.
pub async fn load_both(
    bench: &Workbench,
    old: &Subject,
    new: &Subject,
) -> Result<(Arc<Rule>, Arc<Rule>), LoadError> {
    let one = async |of: &Subject, other: &Subject| match of.manifest_text() {
        Some(_) => bench.load(of).await,
        None => bench.load_as(of, &other.manifest).await,
    };
    Ok((one(old, new).await?, one(new, old).await?))
}

/// Runs both over every event. Gives only the events whose outcome differs.
///
/// # Errors
/// When an event makes no sense.
pub async fn compare(
    old: &Arc<Rule>,
    new: &Arc<Rule>,
    trials: &[Trial],
) -> Result<Vec<Difference>, String> {
    let mut differences = Vec::new();
    for (index, trial) in trials.iter().enumerate() {
        let (old, new) = (steady(old, trial).await?, steady(new, trial).await?);
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

/// What comes out every time. What differs from call to call, such as a fresh UUID, is no difference between versions: it
/// is `{"$any": true}`, as in a golden case.
async fn steady(rule: &Arc<Rule>, trial: &Trial) -> Result<Value, String> {
    let (one, other) = (outcome(rule, trial).await?, outcome(rule, trial).await?);
    Ok(common(one, &other))
}

fn common(one: Value, other: &Value) -> Value {
    match (one, other) {
        (one, other) if one == *other => one,
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => one
            .into_iter()
            .map(|(name, value)| {
                let value = common(value, other.get(&name).unwrap_or(&Value::Null));
                (name, value)
            })
            .collect(),
        _ => json!({ "$any": true }),
    }
}

/// The claims after the rule, or how it said no.
async fn outcome(rule: &Arc<Rule>, trial: &Trial) -> Result<Value, String> {
    let rehearsal = rehearse(rule, &trial.event, trial.settings.as_deref()).await?;
    let failed = |fault: &dyn std::fmt::Display| json!({ "fault": fault.to_string() });
    Ok(match (&rehearsal.answer, &rehearsal.applied) {
        (Err(fault), _) | (Ok(_), Err(fault)) => failed(fault),
        (Ok(Answer::Changes(_)), Ok(_)) => {
            serde_json::to_value(rehearsal.after).unwrap_or_default()
        }
        (Ok(answer), Ok(_)) => serde_json::to_value(answer).unwrap_or_default(),
    })
}

/// An event to try a rule with, and settings in place of those of its manifest.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// The event.
    pub event: Event<'static>,
    /// The settings, where the event or the golden case that it came from has some.
    pub settings: Option<Box<RawValue>>,
}

/// Reads events: a JSON object, a list of them, or one object a line. A golden case counts as its event and settings.
///
/// # Errors
/// When the text is none of these; which event, and why.
pub fn trials(text: &str) -> Result<Vec<Trial>, String> {
    let values: Vec<Value> = match serde_json::from_str(text) {
        Ok(Value::Array(list)) => list,
        Ok(single) => vec![single],
        Err(_) => serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|problem| problem.to_string())?,
    };
    let numbered = |(index, value): (usize, Value)| {
        trial(&value).map_err(|problem| format!("event {index}: {problem}"))
    };
    values.into_iter().enumerate().map(numbered).collect()
}

fn trial(value: &Value) -> Result<Trial, serde_json::Error> {
    let is_case = value.get("expect").is_some() || value.get("event").is_some();
    let event = match is_case {
        true => value.get("event").cloned().unwrap_or_else(|| json!({})),
        false => value.clone(),
    };
    let settings = value.get("settings").or_else(|| event.get("settings"));
    Ok(Trial {
        settings: settings.map(to_raw_value).transpose()?,
        // Its claims are kept as text, which a value in memory is not.
        event: serde_json::from_str(&event.to_string())?,
    })
}
