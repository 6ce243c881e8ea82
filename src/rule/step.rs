//! What one rule does for one token: it is asked, what it asks for is applied, and how it went is told.

use std::sync::Arc;
use std::time::Duration;

use tracing::field::display;
use tracing::warn;

use super::answer::{Answer, Change};
use super::call;
use super::change::{self, Applied};
use super::error::{DenialCode, Fault};
use super::log::CallLog;
use super::sandbox::Reply;
use super::span::Span;
use super::{OnError, Outcome, Rule, RuleError};
use crate::grant::Draft;
use crate::telemetry::trace::Trace;

/// What one rule did for one token, for the ledger.
pub struct Step {
    /// Which rule.
    pub rule: Arc<Rule>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it changed.
    pub changes: Vec<Applied>,
    /// How long it took, waiting included.
    pub took: Duration,
}

/// Runs a rule and applies what it asks for.
///
/// # Errors
/// When it denies the token, or fails and its `on_error` is `deny`.
pub(super) async fn run(
    rule: &Arc<Rule>,
    draft: Box<Draft>,
    trace: Option<&Trace>,
) -> Result<(Box<Draft>, Step), RuleError> {
    let clock = &rule.surroundings.clock;
    let started = clock.monotonic();
    let (draft, applied, log) = match rule.quarantine.admit(started) {
        Ok(()) => ask_and_apply(rule, draft).await,
        Err(resting) => (draft, Err(Ended::Fault(resting)), CallLog::new(0)),
    };
    let pace = &rule.log_pace;
    let is_logged = pace.flush(&log, &rule.name, &draft.transaction_id, trace);
    let took = clock.monotonic().saturating_sub(started);
    let outcome = match &applied {
        Ok(_) => Outcome::Ok,
        Err(Ended::Denied(..)) => Outcome::Denied,
        Err(Ended::Fault(fault)) => fault.outcome(),
    };
    rule.metrics.observe(outcome as usize, took);
    if let Some(trace) = trace {
        trace.rule(|| Span { started, took }.of(rule, outcome, is_logged.then_some(&log)));
    }
    note_health(rule, &applied, started + took);
    let changes = match applied {
        Ok(changes) => changes,
        Err(ended) => resolve(rule, ended, &draft.transaction_id, trace)?,
    };
    let step = Step {
        rule: Arc::clone(rule),
        outcome,
        changes,
        took,
    };
    Ok((draft, step))
}

/// How a call ended, other than with changes.
enum Ended {
    Denied(DenialCode, String),
    Fault(Fault),
}

impl<F: Into<Fault>> From<F> for Ended {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

async fn ask_and_apply(
    rule: &Arc<Rule>,
    draft: Box<Draft>,
) -> (Box<Draft>, Result<Vec<Applied>, Ended>, CallLog) {
    let Reply {
        mut draft,
        answer,
        log,
        usage,
    } = call::ask(rule, draft, None).await;
    rule.metrics.observe_usage(usage.ticks, usage.memory_bytes);
    rule.metrics.observe_host_calls(&usage.host_calls);
    let applied = answer.map_err(Ended::Fault).and_then(|answer| {
        let changes = verdict_of(answer)?;
        let applied = change::apply(changes, &mut draft.claims, &rule.manifest);
        Ok(applied.map_err(|fault| rule.capabilities.secrets.scrub_fault(fault))?)
    });
    (draft, applied, log)
}

fn verdict_of(answer: Answer) -> Result<Vec<Change>, Ended> {
    Err(match answer {
        Answer::Changes(changes) => return Ok(changes),
        Answer::Denied(denial) => match DenialCode::parse(&denial.code) {
            Some(code) => Ended::Denied(code, denial.description),
            None => Fault::UnknownDenial(denial.code).into(),
        },
        Answer::Invalid(text) => Ended::Denied(DenialCode::InvalidRequest, text),
        Answer::Internal(text) => Fault::Internal(text).into(),
    })
}

fn note_health(rule: &Rule, applied: &Result<Vec<Applied>, Ended>, now: Duration) {
    match applied {
        Ok(_) | Err(Ended::Denied(..)) => rule.quarantine.succeeded(),
        Err(Ended::Fault(fault)) if fault.is_the_rules_doing() => {
            if let Some(rest) = rule.quarantine.failed(fault, now) {
                warn!(
                    rule = &*rule.name,
                    ?rest,
                    %fault,
                    "the rule keeps failing and is left alone"
                );
            }
        }
        Err(Ended::Fault(_)) => {}
    }
}

/// What a call that brought no changes means for the token.
fn resolve(
    rule: &Rule,
    ended: Ended,
    transaction: &str,
    trace: Option<&Trace>,
) -> Result<Vec<Applied>, RuleError> {
    let rule_name = || Arc::clone(&rule.name);
    match (ended, rule.manifest.on_error) {
        (Ended::Denied(code, description), _) => Err(RuleError::Denied {
            rule: rule_name(),
            code,
            description,
        }),
        (Ended::Fault(fault), OnError::Deny) => Err(RuleError::Failed {
            rule: rule_name(),
            fault,
        }),
        (Ended::Fault(fault), OnError::Skip) => {
            let trace_id = trace.and_then(Trace::id).map(display);
            warn!(rule = &*rule.name, transaction, trace_id, %fault, "the rule failed and was skipped");
            Ok(Vec::new())
        }
    }
}
