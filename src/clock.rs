//! The one place that reads the time, so that a test can hold the hands.

mod steady;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use governor::nanos::Nanos;

pub(crate) use steady::Steady;

/// Tells the time. Everything that needs to know takes one of these.
pub trait Clock: Send + Sync {
    /// The wall clock: time since 1970-01-01 UTC. It may jump in either direction.
    fn since_epoch(&self) -> Duration;

    /// Time since some fixed moment in this process's life. It never jumps; use it for waiting and measuring.
    fn monotonic(&self) -> Duration;

    /// The wall clock in whole seconds, as JWT claims count them (RFC 7519 section 2, `NumericDate`).
    fn unix_seconds(&self) -> u64 {
        self.since_epoch().as_secs()
    }
}

/// The clock of the machine.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts the monotonic count.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place the lint names"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place the lint names"
    )]
    fn since_epoch(&self) -> Duration {
        // A wall clock before 1970 is a broken one; tokens from then are refused by everybody anyway.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The monotonic clock as rate limiters want it.
#[derive(Clone)]
pub(crate) struct Monotonic(pub(crate) Arc<dyn Clock>);

impl governor::clock::Clock for Monotonic {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.monotonic().into()
    }
}

/// A moment as people and programs write it, in Unix seconds: `2026-11-25T12:00:00Z`, or the seconds themselves.
pub fn moment(text: &str) -> Option<i64> {
    let seconds = text.parse().ok();
    seconds.or_else(|| Some(text.parse::<jiff::Timestamp>().ok()?.as_second()))
}
