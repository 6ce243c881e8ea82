//! What rules that are programs have in common: the calls they know, and what they write to standard output.

use serde::{Deserialize, Serialize};

use crate::rule::Rule;
use crate::rule::answer::Answer;
use crate::rule::error::{Fault, LimitHit};
use crate::rule::event::Event;
use crate::rule::state::CallState;

/// What a program is called for: its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rule) enum Call {
    /// The event comes in, an answer goes out.
    Enrich,
    /// The settings come in, a list of problems goes out.
    ValidateSettings,
    /// Nothing comes in, a description goes out.
    Describe,
}

impl Call {
    pub(in crate::rule) const fn as_str(self) -> &'static str {
        match self {
            Self::Enrich => "enrich",
            Self::ValidateSettings => "validate-settings",
            Self::Describe => "describe",
        }
    }

    /// What the program reads from standard input.
    pub(super) fn input(self, state: &CallState) -> wasmtime::Result<Vec<u8>> {
        let settings = state.settings_in_force();
        Ok(match self {
            Self::Enrich => serde_json::to_vec(&Event::new(state.request()?, settings)?)?,
            Self::ValidateSettings => settings.get().as_bytes().to_vec(),
            Self::Describe => Vec::new(),
        })
    }
}

/// What a program says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Description {
    /// What the rule is for, in a sentence.
    #[serde(default)]
    pub description: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// The calls it knows. A rule that lists `validate-settings` must come to a verdict about its settings.
    pub calls: Vec<String>,
}

impl Description {
    /// A program that was never written to describe itself says something else, or fails: that is no mistake.
    pub(super) fn read(written: &[u8]) -> Option<Self> {
        serde_json::from_slice(written).ok()
    }

    pub(super) fn knows(&self, call: Call) -> bool {
        self.calls.iter().any(|known| known == call.as_str())
    }
}

/// What a check of the settings writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    problems: Vec<String>,
}

/// The verdict about the settings, if what was written is one.
pub(super) fn problems(written: &[u8]) -> Option<Vec<String>> {
    let verdict: Verdict = serde_json::from_slice(written).ok()?;
    Some(verdict.problems)
}

/// The answer on standard output.
pub(super) fn answer(written: &[u8], bytes: usize, rule: &Rule) -> Result<Answer, Fault> {
    let limit = rule.manifest.limits.output_bytes;
    if bytes > limit as usize {
        return Err(LimitHit::Output { bytes, limit }.into());
    }
    serde_json::from_slice(written).map_err(|problem| Fault::NoAnswer {
        problem: match written.trim_ascii().is_empty() {
            true => "it wrote nothing".to_owned(),
            false => problem.to_string(),
        },
        beginning: beginning(written, rule),
    })
}

/// Enough of it to recognise what was printed there by mistake: nothing of an answer, which may hold claims.
fn beginning(written: &[u8], rule: &Rule) -> String {
    let noise = written
        .split(|byte| *byte == b'{')
        .next()
        .unwrap_or_default();
    let text = String::from_utf8_lossy(noise);
    let text = rule.capabilities.secrets.scrub(&text);
    let quoted: String = text.chars().take(QUOTED_CHARS).collect();
    quoted.escape_debug().to_string()
}

const QUOTED_CHARS: usize = 60;
