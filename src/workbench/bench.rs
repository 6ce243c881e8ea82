//! How fast a rule is here, and what it uses.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Workbench;
use super::compare::Trial;
use crate::rule::{Instances, Rule, rehearse, start_once};

/// Figures of many calls, each in a fresh sandbox unless the rule keeps its own. Durations in microseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// How many calls there were.
    pub calls: usize,
    /// Whole calls.
    pub call_us: Spread,
    /// Making a sandbox alone: what a call costs before the rule does anything. Where instances are kept, only a call that
    /// finds none waiting pays for one.
    pub start_us: Spread,
    /// Whether calls had an instance that had answered others before.
    pub instances: Instances,
    /// The most that any one memory of the rule had, in bytes.
    pub memory_bytes: u64,
}

/// How durations are spread.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// The median.
    pub p50: f64,
    /// One in a hundred takes longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Spread {
    /// Of some durations; zero of none.
    pub(super) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort();
        let at = |part: f64| {
            let last = durations.len().saturating_sub(1) as f64;
            let index = (last * part).round() as usize;
            durations
                .get(index)
                .map_or(0.0, |took| took.as_secs_f64() * 1e6)
        };
        Self {
            p50: at(0.5),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

/// Calls a rule again and again with these events in turn, until there were `calls` or the time is up.
///
/// # Errors
/// When an event makes no sense.
pub async fn measure(
    bench: &Workbench,
    rule: &Arc<Rule>,
    trials: &[Trial],
    (calls, at_most): (usize, Duration),
) -> Result<Figures, String> {
    rule.keep_instances();
    let end = bench.clock.monotonic() + at_most;
    let (mut took, mut starts, mut memory_bytes) = (Vec::new(), Vec::new(), 0);
    for trial in trials.iter().cycle().take(calls) {
        let rehearsal = rehearse(rule, &trial.event, trial.settings.as_deref()).await?;
        took.push(rehearsal.took);
        memory_bytes = memory_bytes.max(rehearsal.memory_bytes);
        let before = bench.clock.monotonic();
        start_once(rule).await?;
        let after = bench.clock.monotonic();
        starts.push(after.saturating_sub(before));
        if after > end {
            break;
        }
    }
    Ok(Figures {
        calls: took.len(),
        call_us: Spread::of(took),
        start_us: Spread::of(starts),
        instances: rule.manifest.instances,
        memory_bytes,
    })
}
