//! How often a client may call: a bucket for each, which fills again within a second.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::{Clock, Monotonic};

/// Counts calls by client. Whoever shows no good token shares one bucket with all of their kind.
pub(super) struct Rates {
    limiter:
        RateLimiter<Arc<str>, HashMapStateStore<Arc<str>>, Monotonic, StateInformationMiddleware>,
    limit: NonZeroU32,
    clock: Arc<dyn Clock>,
}

/// What is left of a client's bucket.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    limit: u32,
    remaining: u32,
    /// Unix seconds when the bucket is full again.
    reset: u64,
    /// Seconds to wait, where there was nothing left.
    pub(super) exhausted: Option<u64>,
}

impl Rates {
    pub(super) fn new(clock: Arc<dyn Clock>, per_second: NonZeroU32) -> Self {
        let store = HashMapStateStore::default();
        let monotonic = Monotonic(Arc::clone(&clock));
        Self {
            limiter: RateLimiter::new(Quota::per_second(per_second), store, monotonic),
            limit: per_second,
            clock,
        }
    }

    /// Takes one call out of a client's bucket.
    pub(super) fn take(&self, client_id: &Arc<str>) -> Allowance {
        if self.limiter.len() > BUCKETS_KEPT {
            self.limiter.retain_recent();
        }
        let limit = self.limit.get();
        let (remaining, exhausted) = match self.limiter.check_key(client_id) {
            Ok(left) => (left.remaining_burst_capacity(), None),
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.limiter.clock().now());
                (0, Some(wait.as_secs() + 1))
            }
        };
        let is_full = remaining >= limit;
        Allowance {
            limit,
            remaining,
            reset: self.clock.unix_seconds() + u64::from(!is_full),
            exhausted,
        }
    }
}

impl Allowance {
    /// Tells it, as Auth0 does on every answer.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("x-ratelimit-limit", u64::from(self.limit)),
            ("x-ratelimit-remaining", u64::from(self.remaining)),
            ("x-ratelimit-reset", self.reset),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

/// Buckets of clients that have been quiet for long enough are full, and not worth keeping.
const BUCKETS_KEPT: usize = 4_096;
