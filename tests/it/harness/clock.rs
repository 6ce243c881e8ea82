//! A clock whose hands a test can move.

use std::sync::Mutex;
use std::time::Duration;

use rulemint::clock::{Clock, SystemClock};

/// The clock of the machine, and what a test added to it.
pub(crate) struct HandClock {
    machine: SystemClock,
    ahead: Mutex<Duration>,
}

impl HandClock {
    pub(crate) fn new() -> Self {
        Self {
            machine: SystemClock::new(),
            ahead: Mutex::default(),
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.ahead.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn since_epoch(&self) -> Duration {
        self.machine.since_epoch() + *self.ahead.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic() + *self.ahead.lock().unwrap()
    }
}
