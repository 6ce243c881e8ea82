//! Whether the wall clock can be gone by where something is lost for good if it is wrong.

use std::time::Duration;

use tracing::warn;

use super::Clock;

/// The wall clock as long as it keeps step with the monotonic one.
pub(crate) struct Steady {
    /// What is not forgotten after a jump, for the log.
    kept: &'static str,
    /// What the wall clock was ahead of the monotonic one when they last agreed, in seconds.
    ahead: i64,
    /// When the wall clock last jumped, on the monotonic clock.
    jumped_at: Option<Duration>,
}

impl Steady {
    /// Begins to watch. `kept` is one of what is not to be forgotten after a jump, for the log.
    pub(crate) fn new(clock: &dyn Clock, kept: &'static str) -> Self {
        Self {
            kept,
            ahead: ahead(clock),
            jumped_at: None,
        }
    }

    /// The time; `None` for a day after a jump, when nobody knows which time was the right one.
    pub(crate) fn unix_seconds(&mut self, clock: &dyn Clock) -> Option<i64> {
        let (ahead, now) = (ahead(clock), clock.monotonic());
        if ahead.abs_diff(self.ahead) > JUMP_SECONDS {
            warn!(
                seconds = ahead - self.ahead,
                "the clock jumped: no {} is forgotten for a day", self.kept
            );
            self.jumped_at = Some(now);
        }
        self.ahead = ahead;
        let calm = |at| now.saturating_sub(at) >= CALM;
        self.jumped_at
            .is_none_or(calm)
            .then(|| clock.unix_seconds().cast_signed())
    }
}

fn ahead(clock: &dyn Clock) -> i64 {
    let monotonic = clock.monotonic().as_secs().cast_signed();
    clock.unix_seconds().cast_signed() - monotonic
}

const JUMP_SECONDS: u64 = 60;
const CALM: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Two clocks that a test sets, in seconds.
    struct Hands {
        wall: AtomicU64,
        monotonic: AtomicU64,
    }

    impl Hands {
        fn new() -> Self {
            Self {
                wall: AtomicU64::new(1_000_000),
                monotonic: AtomicU64::new(0),
            }
        }

        fn pass(&self, seconds: u64) {
            self.wall.fetch_add(seconds, Ordering::Relaxed);
            self.monotonic.fetch_add(seconds, Ordering::Relaxed);
        }

        fn jump(&self, seconds: i64) {
            self.wall
                .fetch_add(seconds.cast_unsigned(), Ordering::Relaxed);
        }
    }

    impl Clock for Hands {
        fn since_epoch(&self) -> Duration {
            Duration::from_secs(self.wall.load(Ordering::Relaxed))
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.monotonic.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_clock_that_keeps_step_is_believed() {
        let clock = Hands::new();
        let mut steady = Steady::new(&clock, "test");
        for _ in 0..100 {
            clock.pass(3_600);
            clock.jump(1); // As clocks are set right, little by little.
            assert!(steady.unix_seconds(&clock).is_some());
        }
    }

    #[test]
    fn a_clock_that_jumped_a_day_ahead_and_back_is_not_believed_for_a_day() {
        let clock = Hands::new();
        let mut steady = Steady::new(&clock, "test");
        for jump in [86_400, -86_400] {
            clock.pass(60);
            clock.jump(jump);
            assert_eq!(steady.unix_seconds(&clock), None);
            clock.pass(86_399);
            assert_eq!(steady.unix_seconds(&clock), None);
        }
        clock.pass(1);
        assert!(steady.unix_seconds(&clock).is_some());
    }
}
