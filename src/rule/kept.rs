//! Instances that serve one token after another, for rules whose manifest says `instances = "kept"`.
//!
//! An instance lies on its rule's shelf between two calls, and has no rule, no request and no log there. One whose call
//! did not end well is thrown away. Those that wait take places of the pool that every call needs, so there are never
//! many.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Store;

use super::answer::Answer;
use super::lane::{Code, Instance, Lasting};
use super::sandbox::{self, Cause, Reply};
use super::state::{CallState, Pace};
use super::{Instances, Manifest, Rule, Surroundings};
use crate::document::Mistake;
use crate::grant::Draft;
use crate::telemetry::metrics::{KeptMetrics, Metrics};

/// A program ends with its answer: there is nothing to keep.
///
/// # Errors
/// Where the mistake is, and what to do.
pub(super) fn check(code: &dyn Code, manifest: &Manifest, file: &str) -> Result<(), Vec<Mistake>> {
    if manifest.instances == Instances::Fresh || code.lasting().is_some() {
        return Ok(());
    }
    Err(vec![Mistake {
        place: format!("{file}: instances"),
        problem: format!(
            "this rule is a {}, which is started anew for each token and cannot be kept: take the line out, or make the \
             rule a component",
            code.lane()
        ),
    }])
}

/// Where a rule keeps its instances, if it keeps any at this moment.
pub(super) fn shelf(rule: &Rule) -> Option<(&Shelf, &dyn Lasting)> {
    let shelf = rule.shelf.as_ref().filter(|shelf| shelf.is_open())?;
    Some((shelf, rule.code.lasting()?))
}

/// Calls a rule in an instance from its shelf, or in a new one where none waits there.
pub(super) async fn ask(
    rule: &Arc<Rule>,
    draft: Box<Draft>,
    (shelf, code): (&Shelf, &dyn Lasting),
) -> Reply {
    let mut kept = match shelf.take() {
        Some(mut kept) => {
            sandbox::begin_again(&mut kept.store, rule, draft);
            kept
        }
        None => Kept::new(sandbox::fresh(rule, Some(draft), Pace::Patient)),
    };
    shelf.metrics.observe(kept.calls > 0);
    let answer = sandbox::within_budget(rule, kept.answer(code)).await;
    let may_stay = kept.may_stay(&answer, rule);
    let reply = sandbox::reply(kept.store.data_mut(), answer);
    if may_stay {
        kept.store.data_mut().rest();
        shelf.put(kept, code.places(), &rule.surroundings);
    }
    reply
}

/// The instances of one rule that wait for their next call.
pub(super) struct Shelf {
    /// Held for one push or pop, never across an await.
    waiting: Mutex<Waiting>,
    metrics: KeptMetrics,
}

#[derive(Default)]
struct Waiting {
    /// Only while the rule is live: one that was replaced has no use for instances.
    is_open: bool,
    instances: Vec<(Kept, OwnedSemaphorePermit)>,
}

/// Room for the instances that wait, of all rules of a server.
pub(super) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(PLACES_MAX))
}

impl Shelf {
    /// For a rule whose manifest wants one.
    pub(super) fn of(manifest: &Manifest, rule: &str, metrics: &Metrics) -> Option<Self> {
        (manifest.instances == Instances::Kept).then(|| Self {
            waiting: Mutex::default(),
            metrics: metrics.for_kept(rule),
        })
    }

    /// Keeps instances from now on.
    pub(super) fn open(&self) {
        self.lock().is_open = true;
    }

    /// Keeps none any more, and lets go of those that wait.
    pub(super) fn close(&self) {
        let closed = mem::take(&mut *self.lock());
        drop(closed);
    }

    fn is_open(&self) -> bool {
        self.lock().is_open
    }

    fn take(&self) -> Option<Kept> {
        let (kept, _place) = self.lock().instances.pop()?;
        Some(kept)
    }

    /// Keeps an instance, if there is room for it.
    fn put(&self, kept: Kept, places: u32, surroundings: &Surroundings) {
        let room = Arc::clone(&surroundings.room_for_kept);
        let Ok(place) = room.try_acquire_many_owned(places) else {
            return;
        };
        let mut waiting = self.lock();
        let has_room = waiting.is_open && waiting.instances.len() < WAITING_MAX;
        if has_room {
            waiting.instances.push((kept, place));
        } else {
            drop(waiting); // Taking an instance apart takes its time.
            drop(kept);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sandbox that is kept, and the instance in it.
struct Kept {
    store: Store<CallState>,
    /// Made at its first call.
    instance: Option<Box<dyn Instance>>,
    /// Calls it has answered.
    calls: u32,
    /// What its largest memory had at the beginning, in bytes.
    bytes_at_first: u64,
}

impl Kept {
    fn new(store: Store<CallState>) -> Self {
        Self {
            store,
            instance: None,
            calls: 0,
            bytes_at_first: 0,
        }
    }

    async fn answer(&mut self, code: &dyn Lasting) -> wasmtime::Result<Answer> {
        let instance = match &self.instance {
            Some(instance) => instance,
            None => {
                let made = code.instance(&mut self.store).await?;
                self.bytes_at_first = self.store.data().memory.used;
                self.instance.insert(made)
            }
        };
        self.calls += 1;
        instance.answer(&mut self.store).await
    }

    /// What failed may be broken, what is busy would go on outside of any call, and what grows would fail one day.
    fn may_stay(&self, answer: &Result<Answer, Cause>, rule: &Rule) -> bool {
        let is_well = !matches!(answer, Err(_) | Ok(Answer::Internal(_)));
        let state = self.store.data();
        let limit = rule.manifest.limits.memory_bytes;
        let grown = state.memory.used.saturating_sub(self.bytes_at_first);
        let may_grow = limit.saturating_sub(self.bytes_at_first) / 2;
        is_well && !state.is_busy() && self.calls < CALLS_MAX && grown <= may_grow
    }
}

/// Calls that one instance answers: each may leave a handle behind, and only so many may be live.
const CALLS_MAX: u32 = 500;
/// Instances of one rule that wait.
const WAITING_MAX: usize = 16;
/// Places of the pool for instances that wait, of all rules: half of it is always left for calls.
const PLACES_MAX: usize = super::pool::CALLS_AT_ONCE as usize / 2;
