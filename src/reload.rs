//! Keeps the live rule chain equal to the rules directory, or says why it is not.
//!
//! Any trigger only means "look again". A look reads the whole directory; what changed is compiled, linked, checked and
//! started off to the side; then the chain is replaced in one step. A file that cannot go live leaves its last good
//! version running, also across a restart. A file that vanished must be missing twice, a second apart,
//! unless it is there under another name.

mod assemble;
mod go_live;
mod history;
mod keep;
mod missing;
mod pending;
mod previous;
mod report;
mod rests;
mod scan;
mod start;
mod step;
mod watch;
mod wish;
mod workshop;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

pub use report::{EarlierReport, Problem, Report, RuleReport, RuleState, dealt_with};
pub use rests::{Resting, Rests, note_rests, resting};
pub use start::StartError;
pub use wish::{Standing, Wish, WishError};

use crate::audit::Actor;
use crate::clock::Clock;
use crate::config::Rules;
use crate::live::LiveHandle;
use crate::rule::Loader;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use keep::{Keep, Why};
use scan::{Places, Seen};
use watch::Watcher;
use workshop::Workshop;

/// Why to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Something may have changed.
    Look,
    /// Look, and try again what failed before. The number is that of the wish, 0 for a signal.
    Retry(i64),
    /// Look: somebody has changed the directory through this program and is done, so what is missing is gone. The number is
    /// that of the wish.
    Changed(i64),
    /// Go back to an earlier chain.
    Rollback {
        /// Its number; where there is none, the one before the chain that is live then.
        to: Option<i64>,
        /// The number of the wish.
        wish: i64,
    },
}

/// What the reloader works with.
pub struct Parts {
    /// What it replaces the chain of.
    pub live: Arc<LiveHandle>,
    /// What makes rules of files.
    pub loader: Loader,
    /// Where chains are written down.
    pub store: Store,
    /// Where the bytes of good rules are kept: a directory that exists.
    pub kept_files: PathBuf,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Counts.
    pub metrics: Metrics,
}

/// Keeps the chain up to date.
pub struct Reloader {
    config: Rules,
    live: Arc<LiveHandle>,
    workshop: Workshop,
    keep: Keep,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    report: Arc<ArcSwap<Report>>,
    /// Rules whose files were missing at the last look, and since when, by the clock that never jumps.
    missing: HashMap<Arc<str>, Duration>,
    /// How long a file must be missing at this look.
    confirm_missing: Duration,
    /// What was there at the last look.
    seen: Option<Seen>,
    /// Where that was: a directory may be replaced by another of the same name.
    places: Option<Places>,
    /// Why and since when the live chain is live.
    current: Why,
    /// What was asked for while something else was being done.
    wishes: Wishes,
    /// The newest wish to go back that has arrived here.
    rollback_seen: i64,
}

/// Triggers that came together.
#[derive(Default)]
struct Wishes {
    look: bool,
    retry: bool,
    /// Whether what is missing was taken away on purpose.
    changed: bool,
    rollback: Option<Option<i64>>,
    /// The number of the newest wish among them.
    newest: i64,
}

impl Wishes {
    fn any(&self) -> bool {
        self.look || self.rollback.is_some()
    }

    fn add(&mut self, trigger: Trigger) {
        match trigger {
            Trigger::Look => self.look = true,
            Trigger::Retry(wish) => {
                self.look = true;
                self.retry = true;
                self.newest = self.newest.max(wish);
            }
            Trigger::Changed(wish) => {
                self.look = true;
                self.changed = true;
                self.newest = self.newest.max(wish);
            }
            Trigger::Rollback { to, wish } => {
                self.rollback = Some(to);
                self.newest = self.newest.max(wish);
            }
        }
    }
}

impl Reloader {
    /// Brings the chain that was live last back, and then looks at the directory for the first time.
    ///
    /// # Errors
    /// When a rule cannot run that must, or the store does not answer.
    pub async fn start(config: Rules, parts: Parts) -> Result<Self, StartError> {
        let rules_dir = config.whole_dir().display().to_string();
        let mut reloader = Self {
            keep: Keep {
                store: parts.store,
                files: parts.kept_files,
                origin: rules_dir.clone(),
                rules_dir,
                count: config.generations_kept,
                actor: Actor::server(),
            },
            config,
            live: parts.live,
            workshop: Workshop::new(parts.loader),
            clock: parts.clock,
            metrics: parts.metrics,
            report: Arc::default(),
            missing: HashMap::new(),
            confirm_missing: CONFIRM_MISSING,
            seen: None,
            places: None,
            current: Why::default(),
            wishes: Wishes::default(),
            rollback_seen: 0,
        };
        reloader.rollback_seen = reloader.keep.store.newest_change_ever().await?;
        reloader.begin().await?;
        Ok(reloader)
    }

    /// What there is to say about the rules, always up to date.
    pub fn report(&self) -> Arc<ArcSwap<Report>> {
        Arc::clone(&self.report)
    }

    /// Looks again whenever there is a reason to, until told to stop.
    pub async fn run(
        mut self,
        sender: UnboundedSender<Trigger>,
        mut triggers: UnboundedReceiver<Trigger>,
        stop: CancellationToken,
    ) {
        let mut watcher = Watcher::new(self.config.dir.clone(), self.config.watch, sender);
        // A directory that was made since the first look no event will tell of.
        self.wishes.look |= self.places.is_none();
        loop {
            if watcher.renew_if_replaced(self.places.as_ref()) {
                self.wishes.look = true;
            }
            // A look takes in what arrives meanwhile: nobody rests before all of it is granted.
            if self.wishes.any() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.grant_wishes(&mut triggers) => continue,
                }
            }
            let pause = self.pause(&watcher);
            tokio::select! {
                () = stop.cancelled() => return,
                () = wait(pause) => self.wishes.look = true,
                Some(trigger) = triggers.recv() => {
                    self.wishes.add(trigger);
                    self.settle(&mut triggers).await;
                }
            }
        }
    }

    /// How long to rest: a missing file is looked for again when it has had its time to come back.
    fn pause(&self, watcher: &Watcher) -> Option<Duration> {
        let rescan = watcher.interval(Duration::from_secs(self.config.rescan_seconds));
        let Some(first) = self.missing.values().min() else {
            return rescan;
        };
        let confirm = (*first + CONFIRM_MISSING).saturating_sub(self.clock.monotonic());
        Some(rescan.map_or(confirm, |rescan| rescan.min(confirm)))
    }

    /// Waits until the triggers stop coming, but not for ever.
    async fn settle(&mut self, triggers: &mut UnboundedReceiver<Trigger>) {
        let quiet = Duration::from_millis(self.config.debounce_ms);
        let end = Instant::now() + quiet * DEBOUNCE_ROUNDS_MAX;
        loop {
            let round = (Instant::now() + quiet).min(end);
            match timeout_at(round, triggers.recv()).await {
                Ok(Some(trigger)) => self.wishes.add(trigger),
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn grant_wishes(&mut self, triggers: &mut UnboundedReceiver<Trigger>) {
        let wishes = std::mem::take(&mut self.wishes);
        let mut problem = None;
        if let Some(to) = wishes.rollback {
            self.rollback_seen = self.rollback_seen.max(wishes.newest);
            problem = self.roll_back(to).await.err();
        }
        if wishes.retry {
            self.workshop.retry_failures();
            self.seen = None;
        }
        if wishes.look {
            self.confirm_missing = match wishes.changed {
                true => Duration::ZERO,
                false => CONFIRM_MISSING,
            };
            self.look(triggers).await;
        }
        if wishes.newest > 0 {
            self.answer_wish(wishes.newest, problem).await;
        }
    }
}

async fn wait(pause: Option<Duration>) {
    match pause {
        Some(pause) => sleep(pause).await,
        None => std::future::pending().await,
    }
}

/// How long a file must be missing before its rule ends.
const CONFIRM_MISSING: Duration = Duration::from_secs(1);
const DEBOUNCE_ROUNDS_MAX: u32 = 10;
