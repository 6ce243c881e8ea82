//! Notices a `jti` that comes twice.
//!
//! A guest that was initialised when it was built can carry a frozen random seed, and would give every token the same
//! "random" id. Such a rule works in every test of one token, so the server watches.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Remembers the ids that rules set, as many as fit.
pub(super) struct Tripwire {
    hash: RandomState,
    /// Held for one lookup at a time, never across an await.
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    hashes: HashSet<u64>,
    oldest_first: VecDeque<u64>,
}

impl Tripwire {
    pub(super) fn new() -> Self {
        Self {
            hash: RandomState::new(),
            seen: Mutex::default(),
        }
    }

    /// Whether this id is new, as far as is remembered. Hashes of 64 bits stand for ids: among 65,536 of them a new id
    /// is taken for an old one once in 281 million million times.
    pub(super) fn is_new(&self, jti: &str) -> bool {
        let hash = self.hash.hash_one(jti);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.hashes.insert(hash) {
            return false;
        }
        seen.oldest_first.push_back(hash);
        if seen.oldest_first.len() > REMEMBERED
            && let Some(oldest) = seen.oldest_first.pop_front()
        {
            seen.hashes.remove(&oldest);
        }
        true
    }
}

const REMEMBERED: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_id_is_noticed_until_it_is_long_ago() {
        let tripwire = Tripwire::new();
        assert!(tripwire.is_new("first"));
        assert!(!tripwire.is_new("first"));
        for number in 0..REMEMBERED {
            assert!(tripwire.is_new(&number.to_string()));
        }
        assert!(tripwire.is_new("first"));
    }
}
