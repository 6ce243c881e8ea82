//! Writes the ledger in groups: one transaction, and one fsync, for everything that was issued in a tenth of a second.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Queue, Waiting};
use crate::clock::Clock;
use crate::store::{IssuedRow, Store, StoreError};
use crate::telemetry::metrics::Metrics;

/// What the writer works with.
pub struct Parts {
    /// Where to.
    pub store: Store,
    /// What to count.
    pub metrics: Metrics,
    /// When a record may be forgotten.
    pub clock: Arc<dyn Clock>,
    /// Whether answers wait for the record.
    pub answers_wait: bool,
}

/// Takes entries from the queue to the store.
pub struct Writer {
    queue: Arc<Queue>,
    parts: Parts,
    keep_seconds: i64,
}

impl Writer {
    pub(super) fn new(queue: Arc<Queue>, keep_days: u32, parts: Parts) -> Self {
        Self {
            queue,
            parts,
            keep_seconds: i64::from(keep_days) * 86_400,
        }
    }

    /// Writes until told to stop, and then what is left.
    pub async fn run(self, stop: CancellationToken) {
        let mut forgotten_at = self.parts.clock.monotonic();
        loop {
            tokio::select! {
                () = self.queue.wake.notified() => {}
                () = stop.cancelled() => break,
            }
            if !self.parts.answers_wait {
                tokio::select! {
                    () = sleep(GROUP_INTERVAL) => {}
                    () = stop.cancelled() => break,
                }
            }
            self.write_waiting(&stop).await;
            let now = self.parts.clock.monotonic();
            if now.saturating_sub(forgotten_at) >= FORGET_INTERVAL {
                forgotten_at = now;
                self.forget_old().await;
            }
        }
        self.write_waiting(&stop).await;
    }

    /// Writes what is in the queue, again and again while the store fails: memory holds it until it is over the limit.
    async fn write_waiting(&self, stop: &CancellationToken) {
        let (rows, holders): (Vec<IssuedRow>, Vec<_>) = self
            .take()
            .into_iter()
            .map(|one| (one.entry.into_row(), one.holder))
            .unzip();
        if rows.is_empty() {
            return;
        }
        let count = rows.len() as u64;
        let mut failures = 0;
        while let Err(problem) = self.parts.store.add_issued(&rows).await {
            failures += 1;
            self.report(&problem, failures);
            let last = stop.is_cancelled() && failures >= ATTEMPTS_WHEN_STOPPING;
            if self.parts.answers_wait || last {
                self.parts.metrics.ledger_lost.inc_by(count);
                return; // Dropping the holders tells them.
            }
            sleep(RETRY_INTERVAL).await;
        }
        if failures > 0 {
            info!(tokens = count, "the ledger can be written again");
        }
        self.parts.metrics.ledger_written.inc_by(count);
        for holder in holders.into_iter().flatten() {
            let _ = holder.send(()); // Its request may have gone away meanwhile.
        }
    }

    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self
            .queue
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.parts.metrics.ledger_waiting.set(waiting.len() as i64);
        std::mem::take(&mut *waiting)
    }

    fn report(&self, problem: &StoreError, failures: u32) {
        let problem = problem as &dyn std::error::Error;
        if failures == 1 {
            error!(problem, "the ledger cannot be written");
        } else {
            warn!(problem, failures, "the ledger still cannot be written");
        }
    }

    async fn forget_old(&self) {
        let before = self.parts.clock.unix_seconds().cast_signed() - self.keep_seconds;
        if let Err(problem) = self
            .parts
            .store
            .forget_issued(before, FORGET_ROWS_MAX)
            .await
        {
            warn!(
                problem = &problem as &dyn std::error::Error,
                "old records could not be forgotten"
            );
        }
    }
}

const GROUP_INTERVAL: Duration = Duration::from_millis(100);
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
const ATTEMPTS_WHEN_STOPPING: u32 = 3;
const FORGET_INTERVAL: Duration = Duration::from_secs(60);
/// At most so many rows go at once, so that no write lock is held for long.
const FORGET_ROWS_MAX: u32 = 10_000;
