//! The list of revocations as others keep a copy of it: the whole of it, and then what changed since.
//!
//! Those who are up to date are answered from memory, and wait there for the next change. Only who comes for the whole
//! list, or after a long time, costs a look at the store, page by page.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::store::{RevocationRow, Store, StoreError};

/// What changed among the revocations, in order.
pub struct Feed {
    id: Box<str>,
    store: Store,
    recent: RwLock<Recent>,
    newest: watch::Sender<i64>,
}

/// The latest changes. None after `since` is missing.
struct Recent {
    since: i64,
    changes: VecDeque<Arc<Entry>>,
}

/// A revocation as it was after a change.
pub struct Entry {
    /// The number of the change.
    pub position: i64,
    /// The revocation.
    pub row: RevocationRow,
}

/// A part of the list.
pub struct Page {
    /// What changed, in order.
    pub entries: Vec<Arc<Entry>>,
    /// Up to where this goes.
    pub position: i64,
    /// Whether there is more already.
    pub more: bool,
}

impl Feed {
    /// A feed that has missed nothing up to now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(store: Store) -> Result<Self, StoreError> {
        let id = store.open_feed().await?;
        let since = store.newest_change_ever().await?;
        Ok(Self {
            id: id.into(),
            store,
            recent: RwLock::new(Recent {
                since,
                changes: VecDeque::new(),
            }),
            newest: watch::Sender::new(since),
        })
    }

    /// Which list this is: a position in another one means nothing here.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes in a change that is in force, and wakes those who wait for one.
    pub fn take_in(&self, position: i64, row: RevocationRow) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        if recent.since >= position {
            return;
        }
        recent.changes.push_back(Arc::new(Entry { position, row }));
        if recent.changes.len() > CHANGES_KEPT {
            let oldest = recent.changes.pop_front();
            recent.since = oldest.map_or(recent.since, |oldest| oldest.position);
        }
        drop(recent);
        self.newest.send_replace(position);
    }

    /// Tells when something changes. It is up to date from the start.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// The list from its beginning, without what is not in force any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn from_the_beginning(&self) -> Result<Page, StoreError> {
        self.stored(i64::MIN, false).await
    }

    /// What changed after a position.
    ///
    /// # Errors
    /// When there is no such position yet, or the store does not answer.
    pub async fn after(&self, position: i64) -> Result<Page, FeedError> {
        if position > *self.newest.borrow() && position > self.store.newest_change_ever().await? {
            return Err(FeedError::Ahead);
        }
        match self.remembered(position) {
            Some(page) => Ok(page),
            None => Ok(self.stored(position, true).await?),
        }
    }

    fn remembered(&self, position: i64) -> Option<Page> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        if position < recent.since {
            return None;
        }
        let first = recent
            .changes
            .partition_point(|entry| entry.position <= position);
        let mut entries = recent.changes.range(first..).cloned();
        let entries: Vec<_> = entries.by_ref().take(PAGE_ENTRIES).collect();
        let last = entries.last().map_or(position, |entry| entry.position);
        let all = recent.changes.len() - first;
        Some(Page {
            more: entries.len() < all,
            position: last.max(position),
            entries,
        })
    }

    async fn stored(&self, position: i64, undone: bool) -> Result<Page, StoreError> {
        // What is in force by now is in the store: a page that is not full goes up to here at least.
        let newest = *self.newest.borrow();
        let count = u32::try_from(PAGE_ENTRIES).unwrap_or(u32::MAX);
        let rows = self
            .store
            .revocations_changed_after(position, count, undone)
            .await?;
        let last = rows.last().map_or(position, |row| row.changed);
        let more = rows.len() == PAGE_ENTRIES;
        let entry = |row: RevocationRow| {
            let position = row.changed;
            Arc::new(Entry { position, row })
        };
        Ok(Page {
            entries: rows.into_iter().map(entry).collect(),
            position: if more { last } else { last.max(newest) },
            more,
        })
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The position is ahead of everything: it is from before the store was set back.
    #[error("the position is ahead of the list")]
    Ahead,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// So many changes are kept in memory, a few hundred bytes each.
const CHANGES_KEPT: usize = 10_000;
/// So many entries are in one answer.
const PAGE_ENTRIES: usize = 5_000;
