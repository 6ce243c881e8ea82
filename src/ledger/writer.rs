//! Writes the ledger in groups: one transaction, and one fsync, for everything that was issued in a quarter of a second.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use lru::LruCache;
use tokio::task::yield_now;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::entry::Entry;
use super::{GROUP_ROWS, Queue, WAITING_MAX, Waiting};
use crate::clock::{Clock, Steady};
use crate::status_list::StatusLists;
use crate::store::{Store, StoreError};
use crate::telemetry::metrics::Metrics;

/// What the writer works with.
pub struct Parts {
    /// Where to.
    pub store: Store,
    /// Who goes by what is on record.
    pub status_lists: Arc<StatusLists>,
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
    /// The numbers of contexts, by hash.
    contexts: LruCache<u64, i64>,
    hash: RandomState,
    /// Where to go on forgetting.
    forget_from: i64,
    /// By which time: a clock that is a day ahead must not make it forget what is still good.
    steady: Steady,
}

impl Writer {
    pub(super) fn new(queue: Arc<Queue>, keep_days: u32, parts: Parts) -> Self {
        let steady = Steady::new(&*parts.clock, "record of the ledger");
        Self {
            queue,
            parts,
            steady,
            keep_seconds: i64::from(keep_days) * 86_400,
            contexts: LruCache::new(CONTEXTS_MAX),
            hash: RandomState::new(),
            forget_from: 0,
        }
    }

    /// Writes until told to stop, and then what is left.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut forgotten_at = self.parts.clock.monotonic();
        loop {
            tokio::select! {
                () = self.queue.wake.notified() => {}
                () = stop.cancelled() => break,
            }
            if !self.parts.answers_wait {
                tokio::select! {
                    () = sleep(GROUP_INTERVAL) => {}
                    () = self.queue.wake.notified() => {} // A whole group is there.
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

    /// Writes what is in the queue, group by group. What makes no whole group may wait a little longer, unless somebody
    /// waits for it.
    async fn write_waiting(&mut self, stop: &CancellationToken) {
        for _ in 0..WAITING_MAX / GROUP_ROWS {
            let group = self.queue.take(GROUP_ROWS);
            let metrics = &self.parts.metrics;
            metrics.ledger_waiting.set(self.queue.len() as i64);
            if group.is_empty() {
                return;
            }
            if !self.write_group(group, stop).await {
                self.lose(self.queue.take(usize::MAX).len());
                return; // Dropping the holders told them.
            }
            let at_once = self.parts.answers_wait || stop.is_cancelled();
            if self.queue.len() < GROUP_ROWS && !at_once {
                break;
            }
        }
        if self.queue.len() > 0 {
            self.queue.wake.notify_one();
        }
    }

    /// Writes a group, again and again while the store fails: memory holds the queue until it is over the limit. Says
    /// whether it was written.
    async fn write_group(&mut self, group: Vec<Waiting>, stop: &CancellationToken) -> bool {
        let (entries, holders): (Vec<Entry>, Vec<_>) =
            group.into_iter().map(|one| (one.entry, one.holder)).unzip();
        let mut failures = 0;
        while let Err(problem) = self.write(&entries).await {
            failures += 1;
            let (metrics, waiting) = (&self.parts.metrics, self.queue.len() + entries.len());
            metrics.ledger_failures.inc();
            metrics.ledger_waiting.set(waiting as i64);
            self.report(&problem, failures);
            let last = stop.is_cancelled() && failures >= ATTEMPTS_WHEN_STOPPING;
            if self.parts.answers_wait || last {
                self.lose(entries.len());
                return false;
            }
            sleep(RETRY_INTERVAL).await;
        }
        if failures > 0 {
            info!(tokens = entries.len(), "the ledger can be written again");
        }
        let written = &self.parts.metrics.ledger_written;
        written.inc_by(entries.len() as u64);
        for token in entries.iter().filter_map(Entry::listed) {
            self.parts.status_lists.recorded(&token);
        }
        for holder in holders.into_iter().flatten() {
            let _ = holder.send(()); // Its request may have gone away meanwhile.
        }
        true
    }

    fn lose(&self, count: usize) {
        self.parts.metrics.ledger_lost.inc_by(count as u64);
    }

    async fn write(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let mut tokens = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            tokens.push(entry.token(self.context_id(entry).await?));
            if index % ROWS_WITHOUT_A_BREAK == 0 {
                yield_now().await; // Requests run on the same threads.
            }
        }
        self.parts.store.add_to_ledger(&tokens).await
    }

    /// The number of an entry's context, from memory for all but the first token of a kind.
    async fn context_id(&mut self, entry: &Entry) -> Result<i64, StoreError> {
        let hash = entry.context_hash(self.hash.build_hasher());
        if let Some(known) = self.contexts.get(&hash) {
            return Ok(*known);
        }
        let id = self.parts.store.ledger_context(&entry.context()).await?;
        self.contexts.put(hash, id);
        Ok(id)
    }

    fn report(&self, problem: &StoreError, failures: u32) {
        let problem = problem as &dyn std::error::Error;
        if failures == 1 {
            error!(problem, "the ledger cannot be written");
        } else if failures.is_power_of_two() {
            warn!(problem, failures, "the ledger still cannot be written");
        }
    }

    async fn forget_old(&mut self) {
        let Some(now) = self.steady.unix_seconds(&*self.parts.clock) else {
            return;
        };
        let before = now - self.keep_seconds;
        let next = self
            .parts
            .store
            .forget_issued(self.forget_from, FORGET_WINDOW, before)
            .await;
        match next {
            Ok(next) => self.forget_from = next,
            Err(problem) => {
                let problem = &problem as &dyn std::error::Error;
                warn!(problem, "old records could not be forgotten");
            }
        }
    }
}

/// Long enough for a group to be worth its fsync, short enough to explain a token that was just issued. Under load a
/// group is full sooner.
const GROUP_INTERVAL: Duration = Duration::from_millis(250);
const ROWS_WITHOUT_A_BREAK: usize = 32;
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
const ATTEMPTS_WHEN_STOPPING: u32 = 3;
const FORGET_INTERVAL: Duration = Duration::from_secs(10);
/// So many records are looked at in one go, so that no write lock is held for long.
const FORGET_WINDOW: u32 = 10_000;
const CONTEXTS_MAX: NonZeroUsize = NonZeroUsize::new(16_384).expect("it is not 0");
