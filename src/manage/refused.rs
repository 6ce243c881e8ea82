//! Calls that were refused to somebody with a good token, for the audit log: few enough that nobody fills the disk with
//! them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::Method;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use serde_json::json;
use tracing::warn;

use crate::audit::Actor;
use crate::clock::{Clock, Monotonic};
use crate::store::Store;

/// Writes refusals down.
pub(super) struct Refusals {
    store: Store,
    clock: Arc<dyn Clock>,
    pace: RateLimiter<
        NotKeyed,
        InMemoryState,
        Monotonic,
        NoOpMiddleware<<Monotonic as governor::clock::Clock>::Instant>,
    >,
    /// How many there were since the last one that was written.
    left_out: AtomicU64,
}

impl Refusals {
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        let monotonic = Monotonic(Arc::clone(&clock));
        Self {
            store,
            clock,
            pace: RateLimiter::direct_with_clock(Quota::per_minute(PER_MINUTE), monotonic),
            left_out: AtomicU64::new(0),
        }
    }

    /// Writes one down, or counts it. The caller has its answer either way.
    pub(super) async fn note(&self, actor: &Actor, method: &Method, path: &str) {
        if self.pace.check().is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let path: String = path.chars().take(PATH_CHARS_MAX).collect();
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        let why = json!({ "status": 403, "left_out_before": left_out });
        let now = self.clock.unix_seconds().cast_signed();
        let call = format!("{method} {path}");
        let written = self.store.record_refusal(&call, why, actor.by(now));
        if let Err(problem) = written.await {
            let problem = &problem as &dyn std::error::Error;
            warn!(call, problem, "a refused call is not in the audit log");
        }
    }
}

const PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
const PATH_CHARS_MAX: usize = 256;
