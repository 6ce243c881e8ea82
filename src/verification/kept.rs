//! Tokens whose signature was found good a short while ago.
//!
//! Checking a signature is nearly all that a verification costs, and a good one stays good. That is all that is kept:
//! whether the token has expired or was taken away is asked each time, so nothing here can outlive a revocation.

use std::hash::BuildHasher;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use lru::LruCache;

use crate::keys::KeyRing;
use crate::sign::Authentic;

/// The tokens that were asked about last. Only those that a key of ours signed get in.
pub struct KeptTokens {
    /// Each part has a lock of its own, so that few wait for each other.
    parts: [Mutex<LruCache<Box<str>, Kept>>; PARTS],
    hash: RandomState,
}

struct Kept {
    token: Arc<Authentic>,
    /// What it was checked against: other keys may not include the one that signed it.
    keys: Arc<KeyRing>,
}

impl KeptTokens {
    /// Room for so many tokens; `None` for none.
    pub fn with_room_for(tokens: usize) -> Option<Self> {
        let room = NonZeroUsize::new(tokens.div_ceil(PARTS))?;
        Some(Self {
            parts: std::array::from_fn(|_| Mutex::new(LruCache::new(room))),
            hash: RandomState::default(),
        })
    }

    /// The token of a text whose signature was found good with these keys.
    pub(super) fn find(&self, jwt: &str, keys: &Arc<KeyRing>) -> Option<Arc<Authentic>> {
        let mut part = self
            .part(jwt)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let kept = part.get(jwt)?;
        Arc::ptr_eq(&kept.keys, keys).then(|| Arc::clone(&kept.token))
    }

    /// Keeps a token, in the place of the one that was asked about least lately.
    pub(super) fn keep(&self, jwt: &str, token: Arc<Authentic>, keys: &Arc<KeyRing>) {
        if jwt.len() > TOKEN_BYTES_MAX {
            return;
        }
        let kept = Kept {
            token,
            keys: Arc::clone(keys),
        };
        let mut part = self
            .part(jwt)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        part.put(jwt.into(), kept);
    }

    fn part(&self, jwt: &str) -> &Mutex<LruCache<Box<str>, Kept>> {
        let hash = usize::try_from(self.hash.hash_one(jwt)).unwrap_or_default();
        &self.parts[hash % PARTS]
    }
}

const PARTS: usize = 16;
/// Longer tokens are checked each time: what is kept of one takes a multiple of this.
const TOKEN_BYTES_MAX: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_of(room: usize, tokens: usize) -> (KeptTokens, Arc<KeyRing>) {
        let kept = KeptTokens::with_room_for(room).expect("there is room");
        let keys = Arc::new(KeyRing::default());
        for number in 0..tokens {
            let token = Arc::new(Authentic::saying_nothing());
            kept.keep(&number.to_string(), token, &keys);
        }
        (kept, keys)
    }

    fn found(kept: &KeptTokens, keys: &Arc<KeyRing>, tokens: usize) -> usize {
        let is_there = |number: &usize| kept.find(&number.to_string(), keys).is_some();
        (0..tokens).filter(is_there).count()
    }

    #[test]
    fn no_room_is_no_keeping() {
        assert!(KeptTokens::with_room_for(0).is_none());
    }

    #[test]
    fn there_is_no_more_than_there_is_room_for() {
        let (kept, keys) = kept_of(160, 10_000);
        assert_eq!(found(&kept, &keys, 10_000), 160);
    }

    #[test]
    fn what_other_keys_found_good_is_looked_at_again() {
        let (kept, keys) = kept_of(160, 1);
        assert_eq!(found(&kept, &keys, 1), 1);
        assert_eq!(found(&kept, &Arc::new(KeyRing::default()), 1), 0);
    }

    #[test]
    fn a_very_long_token_is_not_kept() {
        let (kept, keys) = kept_of(160, 0);
        for (bytes, is_kept) in [(TOKEN_BYTES_MAX, true), (TOKEN_BYTES_MAX + 1, false)] {
            let jwt = "x".repeat(bytes);
            kept.keep(&jwt, Arc::new(Authentic::saying_nothing()), &keys);
            assert_eq!(kept.find(&jwt, &keys).is_some(), is_kept);
        }
    }
}
