//! Which assertions were shown already: each counts once (RFC 7523 section 3, item 7).
//!
//! They are remembered for as long as they could be good, in memory and within bounds. What was made before the process began
//! is not taken at all, so a restart forgets nothing.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};

use crate::clock::Clock;

/// Remembers assertions.
pub(super) struct Shown {
    remembered: Mutex<Remembered>,
    /// For so long one may still be good.
    lifetime: Duration,
    clock: Arc<dyn Clock>,
}

/// Two halves, of which the older one is forgotten whole: nothing has to be looked for to be forgotten.
struct Remembered {
    young: HashSet<Mark>,
    old: HashSet<Mark>,
    /// When the young half began, on the monotonic clock.
    since: Duration,
}

/// Stands for a client and a jti: half of a SHA-256, so that each takes the same room.
type Mark = [u8; MARK_BYTES];

/// Why an assertion does not count.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// It was shown before.
    Again,
    /// No more can be remembered.
    Full,
}

impl Shown {
    /// Remembers each for as long as it may be good.
    pub(super) fn new(lifetime: Duration, clock: Arc<dyn Clock>) -> Self {
        let remembered = Remembered {
            young: HashSet::new(),
            old: HashSet::new(),
            since: clock.monotonic(),
        };
        Self {
            remembered: Mutex::new(remembered),
            lifetime,
            clock,
        }
    }

    /// Remembers an assertion of a client.
    ///
    /// # Errors
    /// When it is remembered already, or there is no room.
    pub(super) fn take_in(&self, client_id: &str, jti: &str) -> Result<(), NotTaken> {
        let (mark, now) = (mark(client_id, jti), self.clock.monotonic());
        let remembered = self.remembered.lock();
        let mut remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        remembered.forget(now, self.lifetime);
        remembered.take_in(mark, MARKS_MAX)
    }
}

impl Remembered {
    /// What was taken in before the young half began is over when that is as old as an assertion can get.
    fn forget(&mut self, now: Duration, lifetime: Duration) {
        let age = now.saturating_sub(self.since);
        if age < lifetime {
            return;
        }
        self.old = std::mem::take(&mut self.young);
        if age >= lifetime * 2 {
            self.old.clear();
        }
        self.since = now;
    }

    fn take_in(&mut self, mark: Mark, max: usize) -> Result<(), NotTaken> {
        if self.young.contains(&mark) || self.old.contains(&mark) {
            return Err(NotTaken::Again);
        }
        if self.young.len() + self.old.len() >= max {
            return Err(NotTaken::Full);
        }
        self.young.insert(mark);
        Ok(())
    }
}

fn mark(client_id: &str, jti: &str) -> Mark {
    let mut digest = Context::new(&SHA256);
    // The length keeps apart what would read the same put together.
    digest.update(&(client_id.len() as u64).to_be_bytes());
    digest.update(client_id.as_bytes());
    digest.update(jti.as_bytes());
    let mut mark = [0; MARK_BYTES];
    mark.copy_from_slice(&digest.finish().as_ref()[..MARK_BYTES]);
    mark
}

const MARK_BYTES: usize = 16;
/// Some 800 new ones each second, for as long as they are remembered; in 40 MB at most.
const MARKS_MAX: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(600);

    fn nothing() -> Remembered {
        Remembered {
            young: HashSet::new(),
            old: HashSet::new(),
            since: Duration::ZERO,
        }
    }

    #[test]
    fn one_is_remembered_for_as_long_as_it_can_be_good() {
        let (mut remembered, one) = (nothing(), mark("shop", "1"));
        let late = LIFETIME - Duration::from_secs(1);
        remembered.forget(late, LIFETIME);
        assert_eq!(remembered.take_in(one, 9), Ok(()));
        for later in [late, LIFETIME, late + LIFETIME] {
            remembered.forget(later, LIFETIME);
            assert_eq!(
                remembered.take_in(one, 9),
                Err(NotTaken::Again),
                "{later:?}"
            );
        }
        remembered.forget(LIFETIME * 2, LIFETIME);
        assert_eq!(remembered.take_in(one, 9), Ok(()));
        remembered.forget(LIFETIME * 9, LIFETIME);
        assert!(remembered.young.is_empty() && remembered.old.is_empty());
    }

    #[test]
    fn no_more_are_taken_than_can_be_remembered() {
        let mut remembered = nothing();
        assert_eq!(remembered.take_in(mark("a", "1"), 2), Ok(()));
        remembered.forget(LIFETIME, LIFETIME);
        assert_eq!(remembered.take_in(mark("a", "2"), 2), Ok(()));
        assert_eq!(remembered.take_in(mark("a", "3"), 2), Err(NotTaken::Full));
        remembered.forget(LIFETIME * 2, LIFETIME);
        assert_eq!(remembered.take_in(mark("a", "3"), 2), Ok(()));
    }

    #[test]
    fn a_jti_is_the_clients_own() {
        assert_ne!(mark("shop", "1"), mark("till", "1"));
        assert_ne!(mark("shop", "1"), mark("sho", "p1"));
    }
}
