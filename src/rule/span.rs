//! What a trace tells of a rule's part in a token: how it ended and what it said. Not what it changed, nor why it failed,
//! which may quote a claim.

use std::sync::Arc;
use std::time::Duration;

use super::log::{CallLog, level_name};
use super::{Outcome, Rule};
use crate::telemetry::trace::RuleSpan;

/// When a call began, on the monotonic clock, and how long it took.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) started: Duration,
    pub(super) took: Duration,
}

impl Span {
    /// The log is what the server's log took: a rule that says too much for it does so for a trace too.
    pub(super) fn of(self, rule: &Rule, outcome: Outcome, log: Option<&CallLog>) -> RuleSpan {
        let line = |(level, text)| (level_name(level), String::from(text));
        RuleSpan {
            name: Arc::clone(&rule.name),
            digest: rule.digest.to_string(),
            lane: rule.lane(),
            outcome: outcome.as_str(),
            has_failed: !matches!(outcome, Outcome::Ok | Outcome::Denied),
            started: self.started,
            took: self.took,
            lines: log.into_iter().flat_map(CallLog::lines).map(line).collect(),
        }
    }
}
