//! Golden cases: an event and the answer that the rule must give to it. A rule goes live only if it passes all of its own.

mod expected;
pub(super) mod pattern;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::Event;
use super::{Digest, Fault};
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

/// The directory of the golden cases of `NN-name.wasm` is `NN-name.cases`.
pub const CASES_ENDING: &str = ".cases";
