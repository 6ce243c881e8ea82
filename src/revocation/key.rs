//! What the index keeps instead of text: 128 bits that nobody outside can predict.

use std::hash::{BuildHasher, Hash, RandomState};

/// Stands for a text. Two texts share one by a chance of one in 2^128, and as the hash is keyed with what only this
/// process knows, nobody can look for such two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u64, u64);

/// Makes keys. Those of two makers have nothing to do with each other.
#[derive(Default)]
pub(super) struct KeyMaker(RandomState, RandomState);

impl KeyMaker {
    pub(super) fn of(&self, text: impl Hash + Copy) -> Key {
        Key(self.0.hash_one(text), self.1.hash_one(text))
    }

    /// A short one, for where it only decides between texts that belong together. Never 0.
    pub(super) fn short_of(&self, text: &str) -> u32 {
        u32::try_from(self.1.hash_one(text) >> 32)
            .unwrap_or(u32::MAX)
            .max(1)
    }
}

impl Key {
    /// One of `places`.
    pub(super) fn place(self, places: usize) -> usize {
        usize::try_from(self.1).unwrap_or_default() % places
    }
}
