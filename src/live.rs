//! What is in force at this moment. A request takes it once and uses that from start to end.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::config::Issuer;
use crate::keys::KeyRing;
use crate::registry::Registry;
use crate::revocation::Revocations;
use crate::rule::Chain;

/// One state of the server. It never changes; a change makes the next one, which shares what stayed.
#[derive(Clone)]
pub struct Live {
    /// What tokens carry as `iss`.
    pub issuer: Issuer,
    /// Clients, APIs and grants.
    pub registry: Registry,
    /// The keys to sign with.
    pub keys: Arc<KeyRing>,
    /// What was taken away. It is shared by all states: a revocation is not to wait for the next one.
    pub revocations: Arc<Revocations>,
    /// The newest cut-off that tokens are issued under. It is in force before any token knows it, and it becomes known
    /// together with the changes that were written with it.
    pub cutoff: i64,
    /// The rules to run.
    pub chain: Arc<Chain>,
}

/// Holds the state in force and replaces it whole.
pub struct LiveHandle {
    current: ArcSwap<Live>,
    /// One change at a time, so that none is lost.
    changing: Mutex<()>,
}

impl LiveHandle {
    /// Starts with this state.
    pub fn new(live: Live) -> Self {
        Self {
            current: ArcSwap::from_pointee(live),
            changing: Mutex::default(),
        }
    }

    /// The state in force.
    pub fn load(&self) -> Arc<Live> {
        self.current.load_full()
    }

    /// Puts the next state in force. Requests under way end with the one they began with.
    pub fn change(&self, change: impl FnOnce(&mut Live)) {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Live::clone(&self.current.load());
        change(&mut next);
        self.current.store(Arc::new(next));
    }
}
