//! Compiled functions, so that a file which shares them with an earlier one need not have them compiled again. Every
//! script runs on the same engine: of two snapshots only the memory differs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use wasmtime::CacheStore;

/// Compiled functions by what they were compiled from.
#[derive(Debug, Default)]
pub(super) struct Functions {
    earlier: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Held for one insertion at a time.
    new: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Functions {
    /// Reads what [`write`](Self::write) wrote; no bytes are no functions.
    pub(super) fn read(bytes: &[u8]) -> postcard::Result<Self> {
        let earlier = match bytes {
            [] => BTreeMap::new(),
            _ => postcard::from_bytes(bytes)?,
        };
        Ok(Self {
            earlier,
            ..Self::default()
        })
    }

    /// Whether some were compiled that were not there before.
    pub(super) fn has_new(&self) -> bool {
        !self.lock().is_empty()
    }

    /// All of them, as bytes.
    pub(super) fn write(&self) -> postcard::Result<Vec<u8>> {
        let new = self.lock();
        let all: BTreeMap<&Vec<u8>, &Vec<u8>> = self.earlier.iter().chain(new.iter()).collect();
        postcard::to_stdvec(&all)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let earlier = self.earlier.get(key);
        earlier.map(|code| Cow::Borrowed(code.as_slice()))
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        self.lock().insert(key.to_vec(), value);
        true
    }
}
