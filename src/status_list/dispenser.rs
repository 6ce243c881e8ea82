//! Hands out the places of an API's lists. This runs for every token: it takes no lock and asks nobody.
//!
//! Places are reserved in the store in blocks before any of them is handed out, so that none is handed out twice, whatever
//! happens to the process. A block knows the one that follows it, on the same list or on the next one.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::list::List;
use crate::claims::StatusPlace;

/// The places of one API.
pub(super) struct Dispenser {
    current: ArcSwap<Block>,
    /// How long tokens live that its places are for, in seconds.
    lifetime: AtomicU32,
}

/// Places that are reserved for this process.
pub(super) struct Block {
    pub(super) list: Arc<List>,
    /// In the order of their handing out.
    places: Box<[u32]>,
    /// Where that order begins in the list's.
    first: i64,
    next: AtomicUsize,
    following: OnceLock<Arc<Self>>,
    /// Wakes whoever reserves the next block.
    low: Arc<Notify>,
}

impl Block {
    pub(super) fn new(list: Arc<List>, first: i64, places: &[u32], low: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            list,
            places: places.into(),
            first,
            next: AtomicUsize::new(0),
            following: OnceLock::new(),
            low,
        })
    }

    fn take(&self) -> Option<StatusPlace> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        if next == self.places.len() / 2 {
            self.low.notify_one();
        }
        self.places.get(next).map(|place| self.list.place(*place))
    }

    fn taken(&self) -> usize {
        self.next.load(Ordering::Relaxed).min(self.places.len())
    }

    /// The list's order, from the first place that was not handed out to the end of the block.
    pub(super) fn unused(&self) -> (i64, i64) {
        let position = |count: usize| self.first + i64::try_from(count).unwrap_or_default();
        (position(self.taken()), position(self.places.len()))
    }
}

impl Dispenser {
    pub(super) fn new(block: Arc<Block>, lifetime: u32) -> Self {
        Self {
            current: ArcSwap::new(block),
            lifetime: lifetime.into(),
        }
    }

    /// Whether its lists know that tokens may live so long.
    pub(super) fn is_for(&self, lifetime: u32) -> bool {
        lifetime <= self.lifetime.load(Ordering::Relaxed)
    }

    /// Says that they do from now on.
    pub(super) fn set_lifetime(&self, lifetime: u32) {
        self.lifetime.store(lifetime, Ordering::Relaxed);
    }

    /// A place that no other token has; `None` where none is reserved.
    pub(super) fn place(&self) -> Option<StatusPlace> {
        loop {
            let block = self.current.load();
            if let Some(place) = block.take() {
                return Some(place);
            }
            let Some(following) = block.following.get() else {
                block.low.notify_one();
                return None;
            };
            self.current.store(Arc::clone(following));
        }
    }

    /// The block in use, and those behind it.
    pub(super) fn blocks(&self) -> Vec<Arc<Block>> {
        let mut blocks = vec![self.current.load_full()];
        while let Some(following) = blocks.last().and_then(|block| block.following.get()) {
            let following = Arc::clone(following);
            blocks.push(following);
        }
        blocks
    }

    /// The last block, if it is time to reserve the next one.
    pub(super) fn last_if_low(&self) -> Option<Arc<Block>> {
        let last = self.blocks().pop()?;
        (last.taken() > last.places.len() / 2).then_some(last)
    }
}

impl Block {
    /// Lets another block follow.
    pub(super) fn continue_with(&self, following: Arc<Self>) {
        let _ = self.following.set(following); // There is one task that reserves.
    }
}
