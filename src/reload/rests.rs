//! Rules that are left alone for a while, because they keep failing: written down for `rulemint rule status`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::clock::Clock;
use crate::live::{Live, LiveHandle};
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
}

impl Rests {
    /// The topic they are stored under.
    pub const TOPIC: &'static str = "rests";

    fn of(live: &Live, now: i64) -> Self {
        let resting = |rest: crate::rule::Rest| Resting {
            failures: rest.failures,
            until: now + rest.for_another.as_secs_f64().ceil() as i64,
        };
        let rules = live.chain.rules().iter();
        Self(
            rules
                .filter_map(|rule| Some((rule.name.to_string(), resting(rule.rest()?))))
                .collect(),
        )
    }

    /// Whether the same rules rest after as many failures. The seconds are rounded, and may differ by one each time.
    fn are_those_of(&self, other: &Self) -> bool {
        let failures = |rests: &Self| -> Vec<(String, u32)> {
            let each = rests.0.iter();
            each.map(|(name, rest)| (name.clone(), rest.failures))
                .collect()
        };
        failures(self) == failures(other)
    }
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
