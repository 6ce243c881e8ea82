//! Rules that are left alone for a while, because they keep failing: written down for `rulemint rule status`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::report::{Report, RuleReport};
use crate::clock::Clock;
use crate::live::{Live, LiveHandle};
use crate::rule::{Digest, Rule};
use crate::store::Store;

/// The rules that rest, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Rests(pub BTreeMap<String, Resting>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Resting {
    /// Failures in a row.
    pub failures: u32,
    /// Until when it is left alone, in Unix seconds; then one call may try again.
    pub until: i64,
    /// Why it failed the last time.
    #[serde(default)]
    pub reason: String,
    /// The SHA-256 of the file that rests: another version of the rule does not.
    #[serde(default)]
    pub digest: Option<Digest>,
}

impl Rests {
    /// The topic they are stored under.
    pub const TOPIC: &'static str = "rests";

    /// Which rules of the live chain rest.
    fn of(live: &Live, now: i64) -> Self {
        let resting = |rule: &Arc<Rule>| {
            let rest = rule.rest()?;
            let resting = Resting {
                failures: rest.failures,
                until: now + rest.for_another.as_secs_f64().ceil() as i64,
                reason: rest.reason.to_string(),
                digest: Some(rule.digest),
            };
            Some((rule.name.to_string(), resting))
        };
        let rules = live.chain.rules().iter();
        Self(rules.filter_map(resting).collect())
    }

    /// Leaves out what rested of a version that does not run any more: it was written down a moment before the report.
    pub(super) fn keep_live(&mut self, report: &Report) {
        self.0.retain(|name, resting| {
            let same = |rule: &RuleReport| rule.name == *name && rule.digest == resting.digest;
            report.rules.iter().any(same)
        });
    }

    /// Whether the same rules rest after as many failures. The seconds are rounded, and may differ by one each time.
    fn are_those_of(&self, other: &Self) -> bool {
        let failures = |rests: &Self| -> Vec<(String, Option<Digest>, u32)> {
            let each = rests.0.iter();
            each.map(|(name, rest)| (name.clone(), rest.digest, rest.failures))
                .collect()
        };
        failures(self) == failures(other)
    }
}

/// Which rules of the live chain rest at this moment, if any do: `resting: 10-a, 20-b`.
pub fn resting(live: &Live) -> Option<String> {
    let rules = live.chain.rules().iter();
    let names: Vec<&str> = rules
        .filter(|rule| rule.rest().is_some())
        .map(|rule| &*rule.name)
        .collect();
    (!names.is_empty()).then(|| format!("resting: {}", names.join(", ")))
}

/// Writes down which rules rest, whenever that changes, until told to stop.
pub async fn note_rests(
    live: Arc<LiveHandle>,
    store: Store,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut noted = None;
    loop {
        let now = clock.unix_seconds().cast_signed();
        let rests = Rests::of(&live.load(), now);
        if !noted
            .as_ref()
            .is_some_and(|noted| rests.are_those_of(noted))
        {
            let body = serde_json::to_string(&rests).expect("rests are JSON");
            match store.write_report(Rests::TOPIC, &body, now).await {
                Ok(()) => noted = Some(rests),
                Err(problem) => warn!(%problem, "it could not be written down which rules rest"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(INTERVAL) => {}
        }
    }
}

const INTERVAL: Duration = Duration::from_millis(500);
