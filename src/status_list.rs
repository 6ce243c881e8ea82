//! Token Status Lists (draft-ietf-oauth-status-list): a token carries a place on a list, and the list, which anybody may
//! fetch and keep for a while, says whether the token there is revoked.
//!
//! - [`StatusLists::enroll`] gives a token its place; it is on the token path, and asks memory alone.
//! - [`Keeper`] reserves places in the store ahead of time, and looks again at tokens when something was revoked or undone.
//!   It goes by the ledger, where each token's place is recorded.
//! - [`StatusLists::statement`] is what is served.
//!
//! A place that is not on record counts as revoked after a restart: whatever a crash swallowed is refused rather than
//! forgotten. Every list begins with some of those, so that it does not tell how many tokens are revoked.

mod dispenser;
mod keeper;
mod list;
mod order;
mod recheck;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

pub use keeper::Keeper;
pub use list::Statement;

use crate::clock::Clock;
use crate::keys::{Algorithm, KeyRing};
use crate::random::Random;
use crate::registry::Registry;
use crate::revocation::{Bearing, Revocations};
use crate::rule::ApprovedClaims;
use crate::store::{RevocationRow, Store, StoreError};
use dispenser::Dispenser;
use list::List;
use recheck::Recheck;

/// Every status list of a server.
pub struct StatusLists {
    parts: Parts,
    /// By the end of their addresses.
    lists: RwLock<HashMap<Box<str>, Arc<List>>>,
    /// By API.
    dispensers: ArcSwap<HashMap<Box<str>, Arc<Dispenser>>>,
    /// Held while lists are begun or closed: one that has just begun is not to be taken for one that nobody uses.
    changing: tokio::sync::Mutex<()>,
    low: Arc<Notify>,
    rechecks: UnboundedSender<Recheck>,
    /// Since when there is something to look at again, in milliseconds on the monotonic clock; 0: there is nothing.
    behind_since: AtomicU64,
}

/// What they are made with.
pub struct Parts {
    /// Where they are kept.
    pub store: Store,
    /// What is revoked.
    pub revocations: Arc<Revocations>,
    /// What tokens carry as `iss`: addresses begin with it.
    pub issuer: Arc<str>,
    /// Whether issued tokens are recorded. Where they are not, no place is handed out.
    pub has_ledger: bool,
    /// How long a reader may keep a list, in seconds.
    pub ttl: u32,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes addresses and orders.
    pub random: Arc<dyn Random>,
}

/// Claims that have their place on a status list, if their API has one. Only [`StatusLists::enroll`] makes one.
pub struct Enrolled(ApprovedClaims);

impl Enrolled {
    /// The claims, ready to be signed.
    pub(crate) fn into_claims(self) -> ApprovedClaims {
        self.0
    }
}

impl StatusLists {
    /// Gives a token its place.
    ///
    /// # Errors
    /// When no place is reserved: a token that could not be revoked for its API is not issued.
    pub fn enroll(&self, mut claims: ApprovedClaims) -> Result<Enrolled, NoPlace> {
        let api = &claims.draft().api;
        if api.status_list {
            let dispensers = self.dispensers.load();
            let dispenser = dispensers.get(&*api.identifier);
            let place = dispenser.and_then(|dispenser| dispenser.place());
            claims.take_place(place.ok_or(NoPlace)?);
        }
        Ok(Enrolled(claims))
    }

    /// Refuses an API with the setting where issued tokens are not recorded.
    ///
    /// # Errors
    /// When there is one.
    pub fn check_ledger(&self, registry: &Registry) -> Result<(), StatusListError> {
        match registry.apis().find(|api| api.status_list) {
            Some(api) if !self.parts.has_ledger => {
                Err(StatusListError::NoLedger(api.identifier.to_string()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Takes note of a revocation that came in force, or was undone.
    pub fn notice(&self, row: &RevocationRow) {
        if self.lists().is_empty() {
            return;
        }
        self.look_again(match row.kind.as_str() {
            "token" => Recheck::Token(row.value.clone()),
            _ => Recheck::All,
        });
    }

    /// Takes note that a token with a place is on record from now on: what was revoked before could not meet it yet.
    pub fn recorded(&self, token: &Bearing<'_>) {
        if self.parts.revocations.meets(token) {
            self.look_again(Recheck::Token(token.jti.to_owned()));
        }
    }

    fn look_again(&self, what: Recheck) {
        let now = self.now_millis();
        let since = &self.behind_since;
        let _ = since.compare_exchange(0, now, Ordering::AcqRel, Ordering::Acquire);
        let _ = self.rechecks.send(what); // The keeper is gone when the server stops.
    }

    /// What a list says at this moment; `None` where there is no such list.
    ///
    /// # Errors
    /// When nobody can say, or it cannot be signed.
    pub fn statement(
        &self,
        id: &str,
        registry: &Registry,
        keys: &KeyRing,
    ) -> Result<Option<Arc<Statement>>, Unsure> {
        let Some(list) = self.lists().get(id).cloned() else {
            return Ok(None);
        };
        self.check_fresh()?;
        let api = registry.api(&list.audience);
        let algorithm = api.map_or(Algorithm::default(), |api| api.algorithm);
        let key = keys.signing(algorithm).ok_or(Unsure::NoKey)?;
        let time = (self.parts.clock.unix_seconds(), self.parts.ttl);
        Ok(Some(list.statement(&self.parts.issuer, time, key)?))
    }

    /// How long a reader may keep a list, in seconds.
    pub fn ttl(&self) -> u32 {
        self.parts.ttl
    }

    fn check_fresh(&self) -> Result<(), Unsure> {
        let fresh = self
            .parts
            .revocations
            .check_fresh(self.parts.clock.monotonic());
        fresh.map_err(|_| Unsure::Behind)?;
        let since = self.behind_since.load(Ordering::Acquire);
        let behind = match since {
            0 => 0,
            since => self.now_millis().saturating_sub(since),
        };
        match Duration::from_millis(behind) > BEHIND_MAX {
            true => Err(Unsure::Behind),
            false => Ok(()),
        }
    }

    fn lists(&self) -> RwLockReadGuard<'_, HashMap<Box<str>, Arc<List>>> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never 0.
    fn now_millis(&self) -> u64 {
        let now = self.parts.clock.monotonic().as_millis();
        u64::try_from(now).unwrap_or(u64::MAX).max(1)
    }
}

/// A token has no place on a status list, and is not issued.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "give a token its place on a status list: none is reserved, because the store does not answer or the ledger is off"
)]
pub struct NoPlace;

/// Why a list says nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unsure {
    /// It may miss a revocation.
    #[error("the list has not been brought up to date for too long")]
    Behind,
    /// There is no key to sign with.
    #[error("there is no key to sign the list with")]
    NoKey,
    /// It could not be packed or signed.
    #[error("pack or sign the list")]
    Sign(#[from] io::Error),
}

/// The lists could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum StatusListError {
    /// The store failed.
    #[error("read or write the status lists")]
    Store(#[from] StoreError),
    /// The order of a list cannot be found: its seed is damaged, or there is no memory.
    #[error("find the order of status list {0}")]
    Order(String),
    /// The ledger is off.
    #[error(
        "the API {0:?} has status lists, which are made from the ledger, and the ledger is off: set ledger.mode to \
         async or sync, or run `rulemint api update {0} --status-list false`"
    )]
    NoLedger(String),
}

/// A list that lags behind what is revoked for longer than this says nothing.
const BEHIND_MAX: Duration = Duration::from_secs(5);
