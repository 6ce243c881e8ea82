//! Golden cases: an event and the answer that the rule must give to it. A rule goes live only if it passes all of its own.

mod expected;

use std::sync::Arc;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use similar::TextDiff;

use super::event::Event;
use super::rehearsal::{Rehearsal, rehearse};
use super::{Digest, Fault, Rule};
use crate::document::Mistake;

/// One golden case.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in a sentence.
    #[serde(default)]
    pub description: String,
    /// The request; what is left out has an ordinary value.
    #[serde(default)]
    pub event: Event<'static>,
    /// The rule's settings, in place of those in its manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Map<String, Value>>,
    /// The result, as a rule writes it. Anywhere inside it, `{"$matches": "…"}` stands for any string that the regular
    /// expression matches, and `{"$any": true}` for anything at all. A denial without a description matches any.
    pub expect: Expected,
}

/// A result in which matchers may stand for values.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// The changes, in order.
    Changes(Value),
    /// The denial.
    Denied(Value),
    /// What the request lacks.
    Invalid(Value),
    /// The rule's own fault.
    Internal(Value),
}

/// The case files beside a rule, by name, as they were read.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    /// Stands for all of them; `None` where there are none.
    pub digest: Option<Digest>,
    /// The files: name and text. Empty where the rule is known to pass.
    pub files: Arc<[(String, String)]>,
}

impl Cases {
    /// The cases in these files.
    pub fn new(mut files: Vec<(String, String)>) -> Self {
        files.sort();
        let joined: Vec<String> = files
            .iter()
            .map(|(name, text)| format!("{name}\0{text}\0"))
            .collect();
        Self {
            digest: (!files.is_empty()).then(|| Digest::of(joined.concat().as_bytes())),
            files: files.into(),
        }
    }

    /// Reads them all.
    ///
    /// # Errors
    /// When one is no case: which, and why.
    pub fn parse(&self) -> Result<Vec<(String, Case)>, String> {
        let files = self.files.iter();
        let read = |(name, text): &(String, String)| match Case::read(text) {
            Ok(case) => Ok((name.clone(), case)),
            Err(problem) => Err(format!("{name} is no golden case: {problem}")),
        };
        files.map(read).collect()
    }
}

impl Case {
    fn read(text: &str) -> Result<Self, String> {
        let case: Self = serde_json::from_str(text).map_err(|problem| problem.to_string())?;
        let mistakes = case.expect.mistakes();
        match mistakes.is_empty() {
            true => Ok(case),
            false => {
                let told: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
                Err(told.join("; "))
            }
        }
    }

    /// What a person knows it by: its name, and what it shows.
    pub fn title(&self, name: &str) -> String {
        match self.description.as_str() {
            "" => name.to_owned(),
            description => format!("{name} ({description})"),
        }
    }
}

/// What is wrong with the golden cases of a manifest. `place` is the file.
pub(super) fn mistakes(cases: &[Case], place: &str) -> Vec<Mistake> {
    let of = |(index, case): (usize, &Case)| {
        let mistakes = case.expect.mistakes().into_iter();
        mistakes
            .map(
                |Mistake {
                     place: key,
                     problem,
                 }| Mistake {
                    place: format!("{place}: cases[{index}].{key}"),
                    problem,
                },
            )
            .collect::<Vec<_>>()
    };
    cases.iter().enumerate().flat_map(of).collect()
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

/// Whether a value is what a pattern describes.
fn fits(pattern: &Value, value: &Value) -> Result<bool, String> {
    if let Some(expression) = pattern.get("$matches").and_then(Value::as_str) {
        let expression =
            Regex::new(expression).map_err(|problem| format!("$matches: {problem}"))?;
        return Ok(value.as_str().is_some_and(|text| expression.is_match(text)));
    }
    if pattern.get("$any") == Some(&Value::Bool(true)) {
        return Ok(true);
    }
    match (pattern, value) {
        (Value::Object(pattern), Value::Object(value)) => {
            let same_names = pattern.len() == value.len();
            let mut members = pattern.iter();
            Ok(same_names
                && members.try_fold(true, |fitting, (name, pattern)| match value.get(name) {
                    Some(value) => Ok::<_, String>(fits(pattern, value)? && fitting),
                    None => Ok(false),
                })?)
        }
        (Value::Array(patterns), Value::Array(values)) => {
            let mut pairs = patterns.iter().zip(values);
            Ok(patterns.len() == values.len()
                && pairs.try_fold(true, |fitting, (pattern, value)| {
                    Ok::<_, String>(fits(pattern, value)? && fitting)
                })?)
        }
        _ => Ok(pattern == value),
    }
}

/// A pattern with what its matchers matched in their places, so that a diff shows only what does not fit.
fn filled(pattern: &Value, value: &Value) -> Value {
    let is_matcher = pattern.get("$matches").is_some() || pattern.get("$any").is_some();
    match (pattern, value) {
        _ if is_matcher && fits(pattern, value) == Ok(true) => value.clone(),
        (Value::Object(patterns), Value::Object(values)) => {
            let member = |(name, pattern): (&String, &Value)| {
                let filled = match values.get(name) {
                    Some(value) => filled(pattern, value),
                    None => pattern.clone(),
                };
                (name.clone(), filled)
            };
            patterns.iter().map(member).collect()
        }
        (Value::Array(patterns), Value::Array(values)) => {
            let pairs = patterns.iter().zip(values);
            let filled = pairs.map(|(pattern, value)| filled(pattern, value));
            let missing = patterns.iter().skip(values.len()).cloned();
            filled.chain(missing).collect()
        }
        _ => pattern.clone(),
    }
}

fn difference(wanted: &Value, got: &Value) -> String {
    let pretty = |value: &Value| format!("{value:#}\n");
    let (wanted, got) = (pretty(wanted), pretty(got));
    let diff = TextDiff::from_lines(&wanted, &got);
    diff.iter_all_changes()
        .map(|change| format!("{}{}", change.tag(), change.value()))
        .collect()
}

/// The directory of the golden cases of `NN-name.wasm` is `NN-name.cases`.
pub const CASES_ENDING: &str = ".cases";

/// How a case came out otherwise than it should.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CaseFailure {
    /// Its event or its expectation makes no sense.
    #[error("the case makes no sense: {0}")]
    Event(String),
    /// The rule failed, or the server refuses its answer.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// The answer is another: a diff.
    #[error("it answers otherwise (- expected, + answered):\n{0}")]
    Answer(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn matchers_stand_for_values_at_any_depth() {
        let pattern = json!({ "changes": [{ "op": "set_claim", "name": "jti", "value": { "$matches": "^[0-9a-f-]{36}$" } }] });
        let answer = |value: Value| json!({ "changes": [{ "op": "set_claim", "name": "jti", "value": value }] });
        let uuid = answer(json!("6f1e9d0a-37a5-4a0b-9f57-0c8c7d6f0001"));
        assert_eq!(fits(&pattern, &uuid), Ok(true));
        assert_eq!(fits(&pattern, &answer(json!("x"))), Ok(false));
        assert_eq!(fits(&pattern, &answer(json!(1))), Ok(false));
        assert_eq!(fits(&json!({ "$any": true }), &uuid), Ok(true));
    }

    #[test]
    fn a_diff_leaves_out_what_a_matcher_matched() {
        let pattern = json!([{ "jti": { "$matches": "^[a-z]+$" } }, { "tier": "gold" }]);
        let answer = json!([{ "jti": "fresh" }, { "tier": "silver" }]);
        let diff = difference(&filled(&pattern, &answer), &answer);
        let changed: Vec<&str> = diff.lines().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(
            changed,
            ["-    \"tier\": \"gold\"", "+    \"tier\": \"silver\""]
        );
        let failing = json!([{ "jti": "4711" }, { "tier": "gold" }]);
        assert!(difference(&filled(&pattern, &failing), &failing).contains("$matches"));
        let pattern = json!({ "a": { "$any": true }, "b": [1, { "$any": true }] });
        assert_eq!(
            filled(&pattern, &json!({ "b": [1] })),
            pattern,
            "what is not there has matched nothing"
        );
    }

    #[test]
    fn everything_else_must_be_equal() {
        assert_eq!(fits(&json!([1, 2]), &json!([1, 2])), Ok(true));
        for other in [
            json!([1]),
            json!([2, 1]),
            json!([1, 2, 3]),
            json!({ "a": 1 }),
            json!(null),
        ] {
            assert_eq!(fits(&json!([1, 2]), &other), Ok(false), "{other}");
        }
        assert_eq!(
            fits(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })),
            Ok(false)
        );
        assert!(fits(&json!({ "$matches": "(" }), &json!("x")).is_err());
    }
}
