//! What the index keeps instead of text: 128 bits that nobody outside can predict.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use siphasher::sip128::{Hasher128, SipHasher13};

/// Stands for a text. Two texts share one by a chance of one in 2^128, and as the hash is keyed with what only this
/// process knows, nobody can look for such two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64, u64);

/// Makes keys. Those of two makers have nothing to do with each other.
pub(super) struct KeyMaker(SipHasher13);

impl Default for KeyMaker {
    fn default() -> Self {
        let random = RandomState::new();
        let hasher = SipHasher13::new_with_keys(random.hash_one(0), random.hash_one(1));
        Self(hasher)
    }
}

impl KeyMaker {
    pub(super) fn of(&self, text: impl Hash) -> Key {
        let mut hasher = self.0;
        text.hash(&mut hasher);
        let hash = hasher.finish128();
        Key(hash.h1, hash.h2)
    }

    /// A short one, for where it only decides between texts that belong together. Never 0.
    pub(super) fn short_of(&self, text: &str) -> u32 {
        u32::try_from(self.of(text).1 >> 32)
            .unwrap_or(u32::MAX)
            .max(1)
    }
}

/// It is a hash already: a part of it is enough for a table.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl Key {
    /// One of `places`.
    pub(super) fn place(self, places: usize) -> usize {
        usize::try_from(self.1).unwrap_or_default() % places
    }
}
