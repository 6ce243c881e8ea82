//! Follows the store's change log: what another process wrote is in force here within a moment.
//!
//! The log is polled, which works on any store and through any pooler. A fleet will follow the same log.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::keys::{KeyRing, KeyRingError};
use crate::live::LiveHandle;
use crate::master_key::MasterKey;
use crate::registry::Registry;
use crate::reload::Trigger;
use crate::store::{Change, ChangeKind, Store, StoreError};
use crate::telemetry::metrics::Metrics;

/// Takes changes of the store into the live state.
pub struct Follower {
    /// What to follow.
    pub store: Store,
    /// What the change is taken into.
    pub live: Arc<LiveHandle>,
    /// What signing keys are sealed with.
    pub master: Arc<MasterKey>,
    /// Who deals with wishes about rules.
    pub reloader: UnboundedSender<Trigger>,
    /// What to count.
    pub metrics: Metrics,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The newest change that has been taken in.
    pub seen: i64,
}

impl Follower {
    /// Follows until told to stop. A store that does not answer is asked again.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failing = false;
        let mut forgot_at = Duration::ZERO;
        loop {
            tokio::select! {
                () = sleep(POLL_INTERVAL) => {}
                () = stop.cancelled() => return,
            }
            match self.catch_up().await {
                Ok(()) if failing => info!("changes of the store are taken in again"),
                Ok(()) => {}
                Err(problem) if !failing => {
                    let problem = &problem as &dyn std::error::Error;
                    warn!(
                        problem,
                        "changes of the store cannot be taken in; the state stays as it is"
                    );
                    failing = true;
                    continue;
                }
                Err(_) => continue,
            }
            failing = false;
            let now = self.clock.monotonic();
            if now.saturating_sub(forgot_at) >= FORGET_INTERVAL {
                forgot_at = now;
                let before = self.clock.unix_seconds().cast_signed() - CHANGES_KEPT_SECONDS;
                let _ = self.store.forget_changes(before).await; // There is always a next time.
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), FollowError> {
        loop {
            let changes = self.store.changes_after(self.seen).await?;
            let Some(newest) = changes.last().map(|change| change.sequence) else {
                return Ok(());
            };
            self.take_in(&changes).await?;
            self.seen = newest;
            self.metrics.changes_seen.set(newest);
        }
    }

    async fn take_in(&self, changes: &[Change]) -> Result<(), FollowError> {
        let registry = self.next_registry(changes).await?;
        let keys = match changes
            .iter()
            .any(|change| change.kind == Some(ChangeKind::SigningKey))
        {
            true => Some(Arc::new(KeyRing::load(&self.store, &self.master).await?)),
            false => None,
        };
        self.live.change(|live| {
            live.registry = registry;
            if let Some(keys) = keys {
                live.keys = keys;
            }
        });
        for change in changes {
            self.pass_on(change);
        }
        Ok(())
    }

    /// Many changes at once are cheaper to read as a whole.
    async fn next_registry(&self, changes: &[Change]) -> Result<Registry, StoreError> {
        match changes.len() {
            0..READ_ALL_FROM => self.live.load().registry.after(changes, &self.store).await,
            _ => Registry::load(&self.store).await,
        }
    }

    fn pass_on(&self, change: &Change) {
        let wish = change.sequence;
        let trigger = match (change.kind, change.key.parse()) {
            (Some(ChangeKind::Rollback), Ok(to)) => Trigger::Rollback { to, wish },
            (Some(ChangeKind::Reload), _) => Trigger::Retry(wish),
            _ => return,
        };
        let _ = self.reloader.send(trigger); // It is gone when the server stops.
    }
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] KeyRingError),
}

const POLL_INTERVAL: Duration = Duration::from_millis(250);
const READ_ALL_FROM: usize = 500;
const FORGET_INTERVAL: Duration = Duration::from_secs(3_600);
/// A week: long enough for any reader that is still one.
const CHANGES_KEPT_SECONDS: i64 = 7 * 86_400;
