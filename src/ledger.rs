//! Remembers every token that was issued. No token leaves before its record is in hand.

mod entry;
mod lookup;
mod writer;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

pub use entry::{Record, RuleRecord};
pub use lookup::{Explained, LookupError, explained, newest_records};
pub use writer::{Parts, Writer};

use crate::config::LedgerMode;
use crate::quota::{Charge, Standing};
use crate::sign::SignedToken;
use crate::telemetry::metrics::Metrics;
use entry::Entry;

/// A token that may be handed out: the only thing an answer can be made of. Only [`Ledger::record`] makes one.
pub struct IssuedToken {
    access_token: String,
    expires_in: u32,
    scope: String,
    transaction_id: Arc<str>,
    quota: Option<Standing>,
}

impl IssuedToken {
    /// The token.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// How long it lives, in seconds.
    pub fn expires_in(&self) -> u32 {
        self.expires_in
    }

    /// Its scopes, space-separated; empty where it has none.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// How its client stands after it, if it has a quota.
    pub fn quota(&self) -> Option<Standing> {
        self.quota
    }

    /// The same, counted for good.
    pub(crate) fn charged(mut self, charge: Option<Charge>) -> Self {
        self.quota = charge.map(Charge::settle);
        self
    }

    /// Names the request it answers.
    pub fn transaction_id(&self) -> &str {
        &self.transaction_id
    }
}

/// Where issued tokens are recorded.
pub struct Ledger {
    mode: LedgerMode,
    queue: Arc<Queue>,
    metrics: Metrics,
}

/// What is on its way to the store.
struct Queue {
    /// Held for a push or a swap, never across an await.
    waiting: Mutex<VecDeque<Waiting>>,
    wake: Notify,
}

impl Queue {
    fn len(&self) -> usize {
        self.lock().len()
    }

    /// The oldest, at most so many.
    fn take(&self, most: usize) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Waiting {
    entry: Entry,
    /// Who holds back an answer until the entry is on record.
    holder: Option<oneshot::Sender<()>>,
}

impl Ledger {
    /// A ledger, and the task that writes it, which the caller runs.
    pub fn new(mode: LedgerMode, keep_days: u32, parts: Parts) -> (Self, Writer) {
        let queue = Arc::new(Queue {
            waiting: Mutex::default(),
            wake: Notify::new(),
        });
        let ledger = Self {
            mode,
            queue: Arc::clone(&queue),
            metrics: parts.metrics.clone(),
        };
        (ledger, Writer::new(queue, keep_days, parts))
    }

    /// Records a token, and lets it go.
    ///
    /// # Errors
    /// In `sync` mode, when it could not be written: then there is no token.
    pub async fn record(&self, token: SignedToken) -> Result<IssuedToken, LedgerError> {
        let (access_token, claims, key) = token.into_parts();
        let granted = &claims.draft().claims;
        let issued = IssuedToken {
            access_token,
            expires_in: granted.lifetime,
            scope: granted.scope.to_string(),
            transaction_id: Arc::clone(&claims.draft().transaction_id),
            quota: None,
        };
        let is_listed = granted.status.is_some();
        let entry = || Entry { claims, key };
        match self.mode {
            LedgerMode::Off => {}
            LedgerMode::Async => {
                let is_lost = !self.enqueue(entry(), None);
                // Without a record its list could never say that it is revoked.
                if is_lost && is_listed {
                    return Err(LedgerError);
                }
            }
            LedgerMode::Sync => {
                let (holder, written) = oneshot::channel();
                let _ = self.enqueue(entry(), Some(holder)); // The holder learns it.
                written.await.map_err(|_| LedgerError)?;
            }
        }
        Ok(issued)
    }

    /// What is recorded when.
    pub fn mode(&self) -> LedgerMode {
        self.mode
    }

    /// How many records wait to be written.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Hands an entry to the writer. When the store has been failing for so long that the queue is full, the entry is
    /// counted as lost; in `sync` mode its holder then learns that there is no record. Says whether it was taken.
    fn enqueue(&self, entry: Entry, holder: Option<oneshot::Sender<()>>) -> bool {
        let mut waiting = self.queue.lock();
        if waiting.len() >= WAITING_MAX {
            drop(waiting);
            self.metrics.ledger_lost.inc();
            return false;
        }
        waiting.push_back(Waiting { entry, holder });
        let count = waiting.len();
        drop(waiting);
        if count == 1 || count == GROUP_ROWS {
            self.queue.wake.notify_one();
        }
        true
    }
}

/// A token could not be recorded, and was not issued.
#[derive(Debug, thiserror::Error)]
#[error("record the token: the ledger cannot be written")]
pub struct LedgerError;

/// A group of this many entries is written at once: a larger one would keep the processor from requests for too long.
const GROUP_ROWS: usize = 512;
/// Entries that may wait while the store is slow or failing: about a second's worth at full speed.
const WAITING_MAX: usize = 32_768;
