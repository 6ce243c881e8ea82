//! Slows down whoever guesses secrets, without locking out who knows them: only failures are counted.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use crate::clock::{Clock, Monotonic};

/// Counts failures by client id (GCRA: a burst, then one for every refill).
pub(super) struct Throttle {
    limiter: RateLimiter<u16, HashMapStateStore<u16>, Monotonic, NoOpMiddleware<Nanos>>,
    hash: RandomState,
}

impl Throttle {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::per_second(FAILURES_PER_SECOND).allow_burst(FAILURES_AT_ONCE);
        Self {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), Monotonic(clock)),
            hash: RandomState::new(),
        }
    }

    /// Counts a failure.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(super) fn failed(&self, client_id: &str) -> Result<(), Duration> {
        // A fixed number of places bounds the memory, whatever ids a stranger makes up. Two clients that share one see
        // 429 instead of 401 for a wrong secret; a right one passes in any case.
        let place = self.hash.hash_one(client_id) % PLACES;
        let place = u16::try_from(place).expect("PLACES is below 65,536");
        self.limiter
            .check_key(&place)
            .map_err(|not_until| self.wait(&not_until))
    }

    fn wait(&self, not_until: &NotUntil<Nanos>) -> Duration {
        not_until.wait_time_from(self.limiter.clock().now())
    }
}

/// Wrong secrets that a client may send at once before it is told to wait.
const FAILURES_AT_ONCE: NonZeroU32 = NonZeroU32::new(5).expect("5 is not 0");
/// How many of them are forgiven each second.
const FAILURES_PER_SECOND: NonZeroU32 = NonZeroU32::new(1).expect("1 is not 0");
const PLACES: u64 = 4_096;
