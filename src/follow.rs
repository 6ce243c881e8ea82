//! Follows the store's change log: what another process wrote is in force here within a moment.
//!
//! The log is polled, which works on any store and through any pooler. A fleet will follow the same log.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::keys::{KeyRing, KeyRingError};
use crate::live::LiveHandle;
use crate::master_key::MasterKey;
use crate::registry::{Registry, rules_configs};
use crate::reload::Trigger;
use crate::revocation::Feed;
use crate::rule::Configuration;
use crate::status_list::{StatusListError, StatusLists};
use crate::store::{
    Change, ChangeKind, Condition, PREVIOUS, RULES_CHANGED, RevocationRow, Store, StoreError,
};
use crate::telemetry::metrics::Metrics;

/// Takes changes of the store into the live state.
pub struct Follower {
    /// What to follow.
    pub store: Store,
    /// What the change is taken into.
    pub live: Arc<LiveHandle>,
    /// What signing keys are sealed with.
    pub master: Arc<MasterKey>,
    /// What all scripts share.
    pub configuration: Arc<Configuration>,
    /// Who else is told what was revoked.
    pub feed: Arc<Feed>,
    /// Lists that say what was revoked.
    pub status_lists: Arc<StatusLists>,
    /// Who deals with wishes about rules.
    pub reloader: UnboundedSender<Trigger>,
    /// What to count.
    pub metrics: Metrics,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The newest change that has been taken in.
    pub seen: i64,
    /// Who does not want to wait.
    pub impatient: Impatient,
}

/// Makes a follower look at once. Changes are taken in by one task alone: two could overtake each other.
#[derive(Clone)]
pub struct Nudge(UnboundedSender<oneshot::Sender<()>>);

/// The other end of a [`Nudge`].
pub struct Impatient(UnboundedReceiver<oneshot::Sender<()>>);

/// A nudge and the end that a follower takes.
pub fn nudge() -> (Nudge, Impatient) {
    let (sender, receiver) = unbounded_channel();
    (Nudge(sender), Impatient(receiver))
}

impl Nudge {
    /// Waits until every change that is in the store by now is in force. If the store fails in between, the follower
    /// says so and tries again, and this returns.
    pub async fn caught_up(&self) {
        let (done, is_done) = oneshot::channel();
        let _ = self.0.send(done); // It is gone when the server stops.
        let _ = is_done.await;
    }
}

impl Impatient {
    /// Everybody who waits, as soon as somebody does.
    async fn all(&mut self) -> Option<Vec<oneshot::Sender<()>>> {
        let mut waiting = vec![self.0.recv().await?];
        while let Ok(more) = self.0.try_recv() {
            waiting.push(more);
        }
        Some(waiting)
    }
}

impl Follower {
    /// Follows until told to stop. A store that does not answer is asked again.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failing = false;
        let mut forgot_at = Duration::ZERO;
        let mut tried_at = Duration::ZERO;
        loop {
            let waiting = tokio::select! {
                () = sleep(POLL_INTERVAL) => Vec::new(),
                Some(waiting) = self.impatient.all() => waiting,
                () = stop.cancelled() => return,
            };
            let caught_up = self.catch_up().await;
            for done in waiting {
                let _ = done.send(()); // It may have gone away.
            }
            match caught_up {
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
            let is_full = self.store.condition() == Condition::Full;
            if is_full && now.saturating_sub(tried_at) >= ROOM_INTERVAL {
                tried_at = now;
                let unix_seconds = self.clock.unix_seconds().cast_signed();
                let _ = self.store.try_to_write(unix_seconds).await; // It says so in the log when there is room.
            }
            if now.saturating_sub(forgot_at) >= FORGET_INTERVAL {
                forgot_at = now;
                let before = self.clock.unix_seconds().cast_signed() - CHANGES_KEPT_SECONDS;
                let _ = self.store.forget_changes(before).await; // There is always a next time.
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), FollowError> {
        loop {
            let asked_at = self.clock.monotonic();
            let changes = self.store.changes_after(self.seen).await?;
            let Some(newest) = changes.last().map(|change| change.sequence) else {
                self.live.load().revocations.note_fresh(asked_at);
                return Ok(());
            };
            self.take_in(&changes).await?;
            self.seen = newest;
            self.metrics.changes_seen.set(newest);
            self.say_seen(&changes).await;
        }
    }

    /// Whoever changed something from another process waits to hear that it is in force.
    async fn say_seen(&self, changes: &[Change]) {
        if let Some(last) = changes.last() {
            let said = report_seen(&self.store, last.sequence, &*self.clock).await;
            if let Err(problem) = said {
                let problem = &problem as &dyn std::error::Error;
                warn!(
                    problem,
                    "a change is in force, but whoever waits for it cannot be told"
                );
            }
        }
    }

    async fn take_in(&self, changes: &[Change]) -> Result<(), FollowError> {
        let (cutoff, revoked) = self.take_in_revocations(changes).await?;
        let registry = self.next_registry(changes).await?;
        let keys = match changes
            .iter()
            .any(|change| change.kind == Some(ChangeKind::SigningKey))
        {
            true => Some(Arc::new(KeyRing::load(&self.store, &self.master).await?)),
            false => None,
        };
        self.status_lists.prepare(&registry).await?;
        self.live.change(|live| {
            live.registry = registry.clone();
            live.cutoff = live.cutoff.max(cutoff);
            if let Some(keys) = keys {
                live.keys = keys;
            }
        });
        self.status_lists.settle(&registry);
        if changes
            .iter()
            .any(|change| change.kind == Some(ChangeKind::RulesConfig))
        {
            let values = rules_configs(&self.store, &self.master).await?;
            self.configuration.replace(values);
        }
        tell(&revoked);
        // Readers are told last: by then whoever may not read any more is known.
        for (sequence, row) in revoked {
            self.feed.take_in(sequence, row);
        }
        for change in changes {
            self.pass_on(change);
        }
        Ok(())
    }

    /// Puts revocations in force, and says which cut-off is the newest of them, and what changed. Tokens only learn of it with the changes of
    /// the registry beside it: one that is issued under a grant that was deleted in the same moment must not.
    async fn take_in_revocations(
        &self,
        changes: &[Change],
    ) -> Result<(i64, Vec<(i64, RevocationRow)>), StoreError> {
        let live = self.live.load();
        let (mut newest, mut taken_in) = (0, Vec::new());
        for change in changes {
            let (Some(ChangeKind::Revocation), Ok(id)) = (change.kind, change.key.parse()) else {
                continue;
            };
            let Some(row) = self.store.revocation(id).await? else {
                continue; // It has been forgotten since: its tokens expired long ago.
            };
            live.revocations.take_in(&row);
            if row.kind != "token" {
                newest = newest.max(row.id);
            }
            self.status_lists.notice(&row);
            taken_in.push((change.sequence, row));
        }
        Ok((newest, taken_in))
    }

    /// Many changes at once are cheaper to read as a whole.
    async fn next_registry(&self, changes: &[Change]) -> Result<Registry, StoreError> {
        match changes.len() {
            0..READ_ALL_FROM => self.live.load().registry.after(changes, &self.store).await,
            _ => self.live.load().registry.reloaded(&self.store).await,
        }
    }

    fn pass_on(&self, change: &Change) {
        let wish = change.sequence;
        let trigger = match (change.kind, change.key.parse()) {
            (Some(ChangeKind::Rollback), Ok(to)) => Trigger::Rollback { to: Some(to), wish },
            (Some(ChangeKind::Rollback), _) if change.key == PREVIOUS => {
                Trigger::Rollback { to: None, wish }
            }
            (Some(ChangeKind::Reload), _) if change.key == RULES_CHANGED => Trigger::Changed(wish),
            (Some(ChangeKind::Reload), _) => Trigger::Retry(wish),
            _ => return,
        };
        let _ = self.reloader.send(trigger); // It is gone when the server stops.
    }
}

/// One line in the log for the revocations of a change, wherever they were made: the newest of them, and how many came with it.
fn tell(revoked: &[(i64, RevocationRow)]) {
    let Some((_, row)) = revoked.last() else {
        return;
    };
    let (kind, audience) = (&*row.kind, &*row.audience);
    // Values of claims that stand for a person or one token do not go into the log: the number says which it is.
    let is_telling = matches!(kind, "token" | "subject");
    let of = Some(&*row.value).filter(|_| !is_telling);
    let by = row.undone_by.as_ref().unwrap_or(&row.actor);
    let others = revoked.len() - 1;
    let said = match row.undone_at {
        None => "a revocation is in force",
        Some(_) => "a revocation is undone",
    };
    info!(
        revocation = row.id,
        kind, of, audience, by, others, "{said}"
    );
}

/// Tells other processes up to which change everything is in force.
///
/// # Errors
/// When the store does not answer.
pub async fn report_seen(store: &Store, seen: i64, clock: &dyn Clock) -> Result<(), StoreError> {
    let now = clock.unix_seconds().cast_signed();
    store.write_report(SEEN_TOPIC, &seen.to_string(), now).await
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    #[error(transparent)]
    StatusLists(#[from] StatusListError),
}

/// Under which the newest change is reported that has been taken in.
pub const SEEN_TOPIC: &str = "revocations";
const POLL_INTERVAL: Duration = Duration::from_millis(250);
const READ_ALL_FROM: usize = 500;
/// How often it is found out whether a full disk has room again, where nobody else writes.
const ROOM_INTERVAL: Duration = Duration::from_secs(5);
const FORGET_INTERVAL: Duration = Duration::from_secs(3_600);
/// A week: long enough for any reader that is still one.
const CHANGES_KEPT_SECONDS: i64 = 7 * 86_400;
