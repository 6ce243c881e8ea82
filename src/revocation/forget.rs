//! Forgets revocations whose tokens have expired, by a clock that may not jump.
//!
//! A revocation that is forgotten too early brings a token back to life. So it stays for days longer than its last token,
//! and while the wall clock has lately disagreed with the monotonic one, nothing is forgotten at all.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Revocations;
use crate::clock::{Clock, Steady};
use crate::store::Store;

/// Forgets again and again, until told to stop.
pub async fn forget_expired(
    revocations: Arc<Revocations>,
    store: Store,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut steady = Steady::new(&*clock, "revocation");
    loop {
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = stop.cancelled() => return,
        }
        let Some(now) = steady.unix_seconds(&*clock) else {
            continue;
        };
        let before = now - MARGIN_SECONDS;
        revocations.forget_before(before);
        if let Err(problem) = store.forget_revocations(before, ROWS_AT_ONCE).await {
            let problem = &problem as &dyn std::error::Error;
            warn!(problem, "old revocations could not be forgotten");
        }
    }
}

/// A clock that jumped is noticed within this time.
const INTERVAL: Duration = Duration::from_secs(10);
/// A clock that was wrong by a day when the server started does no harm.
pub const MARGIN_SECONDS: i64 = 2 * 86_400;
const ROWS_AT_ONCE: u32 = 10_000;
