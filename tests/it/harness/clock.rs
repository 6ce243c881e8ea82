//! A clock whose hands a test can move.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rulemint::clock::{Clock, SystemClock};

/// The clock of the machine, and what a test added to it.
pub(crate) struct HandClock {
    machine: SystemClock,
    ahead: Mutex<Duration>,
    /// What only the wall clock jumped by, in seconds.
    jumped: AtomicI64,
}

impl HandClock {
    pub(crate) fn new() -> Self {
        Self {
            machine: SystemClock::new(),
            ahead: Mutex::default(),
            jumped: AtomicI64::new(0),
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.ahead.lock().unwrap() += by;
    }

    /// Sets the wall clock wrong, or right again.
    pub(crate) fn jump(&self, seconds: i64) {
        self.jumped.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn since_epoch(&self) -> Duration {
        let right = self.machine.since_epoch() + *self.ahead.lock().unwrap();
        let jumped = self.jumped.load(Ordering::Relaxed);
        let wrong = Duration::from_secs(jumped.unsigned_abs());
        match jumped.is_negative() {
            true => right - wrong,
            false => right + wrong,
        }
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic() + *self.ahead.lock().unwrap()
    }
}
