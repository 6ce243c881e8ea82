//! Leaves a rule alone that keeps failing, for longer each time, so that a broken rule costs next to nothing.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Fault;

/// How one rule has been doing. Shared by all generations that hold the same version of the rule.
#[derive(Default)]
pub(super) struct Quarantine {
    /// Failures since the last success.
    failures: AtomicU32,
    /// On the monotonic clock, in milliseconds; 0 while the rule is well.
    until_ms: AtomicU64,
    /// Why it failed last, once it has rested.
    reason: Mutex<Arc<str>>,
}

/// A rule is being left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Failures in a row.
    pub failures: u32,
    /// Why it failed the last time, as the log says it; at most 500 characters.
    pub reason: Arc<str>,
    /// What is left of the rest; then one call may try again.
    pub for_another: Duration,
}

impl Quarantine {
    /// Asks whether the rule may run now. When a rest is over one call may try; the others wait for its result.
    ///
    /// # Errors
    /// [`Fault::Quarantined`] while it rests.
    pub(super) fn admit(&self, now: Duration) -> Result<(), Fault> {
        let until = self.until_ms.load(Ordering::Acquire);
        if until == 0 {
            return Ok(());
        }
        let now = millis(now);
        if now >= until {
            let next = now + millis(self.rest());
            let swapped =
                self.until_ms
                    .compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire);
            if swapped.is_ok() {
                return Ok(());
            }
        }
        Err(Fault::Quarantined {
            failures: self.failures.load(Ordering::Relaxed),
            for_another: Duration::from_millis(until.saturating_sub(now)),
        })
    }

    /// How it rests at this moment, if it does.
    pub(super) fn rest_at(&self, now: Duration) -> Option<Rest> {
        let until = self.until_ms.load(Ordering::Acquire);
        let left = until.checked_sub(millis(now)).filter(|left| *left > 0)?;
        Some(Rest {
            failures: self.failures.load(Ordering::Relaxed),
            reason: Arc::clone(&self.reason.lock().unwrap_or_else(PoisonError::into_inner)),
            for_another: Duration::from_millis(left),
        })
    }

    pub(super) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.until_ms.store(0, Ordering::Release);
        }
    }

    /// Counts a failure. Says for how long the rule rests, if this one began a rest.
    pub(super) fn failed(&self, fault: &Fault, now: Duration) -> Option<Duration> {
        let failures = self
            .failures
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        if failures < FAILURES_BEFORE_REST {
            return None;
        }
        let reason: String = fault.to_string().chars().take(REASON_CHARS_MAX).collect();
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason.into();
        let rest = self.rest();
        self.until_ms.store(millis(now + rest), Ordering::Release);
        Some(rest)
    }

    /// Twice as long for each failure beyond the first rest.
    fn rest(&self) -> Duration {
        let failures = self.failures.load(Ordering::Relaxed);
        let doublings = failures
            .saturating_sub(FAILURES_BEFORE_REST)
            .min(DOUBLINGS_MAX);
        REST_MIN.saturating_mul(1 << doublings).min(REST_MAX)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// So many failures in a row and the rule rests.
const FAILURES_BEFORE_REST: u32 = 5;
const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);
const DOUBLINGS_MAX: u32 = 6;
/// A script may say whatever it likes.
const REASON_CHARS_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn fault() -> Fault {
        Fault::Internal("x".repeat(1_000))
    }

    fn failing_times(quarantine: &Quarantine, times: u32, now: Duration) -> Option<Duration> {
        (0..times)
            .filter_map(|_| quarantine.failed(&fault(), now))
            .last()
    }

    #[test]
    fn five_failures_in_a_row_bring_a_rest_and_one_call_ends_it() {
        let rule = Quarantine::default();
        assert_eq!(failing_times(&rule, 4, SECOND), None);
        rule.admit(SECOND).unwrap();
        assert_eq!(failing_times(&rule, 1, SECOND), Some(SECOND));
        assert!(rule.admit(SECOND * 3 / 2).is_err());
        let rest = rule.rest_at(SECOND * 3 / 2).unwrap();
        assert_eq!((rest.failures, rest.for_another), (5, SECOND / 2));
        assert!(rest.reason.starts_with("it failed: x") && rest.reason.len() == REASON_CHARS_MAX);
        assert_eq!(rule.rest_at(2 * SECOND), None, "it may be tried");
        rule.admit(2 * SECOND).unwrap();
        assert!(rule.admit(2 * SECOND).is_err(), "only one call tries");
        rule.succeeded();
        rule.admit(2 * SECOND).unwrap();
    }

    #[test]
    fn a_success_in_between_starts_the_count_afresh() {
        let rule = Quarantine::default();
        failing_times(&rule, 4, SECOND);
        rule.succeeded();
        assert_eq!(failing_times(&rule, 4, SECOND), None);
    }

    #[test]
    fn rests_grow_up_to_a_minute() {
        let rule = Quarantine::default();
        let rests: Vec<u64> = (0..13)
            .filter_map(|_| rule.failed(&fault(), SECOND))
            .map(|rest| rest.as_secs())
            .collect();
        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
