//! A rule's own small store, between calls. Off unless the manifest grants it.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;

use super::manifest::CacheAllowed;

/// The cache of one rule. It ends with the rule's version: a new version starts with an empty one.
pub(super) struct RuleCache {
    entry_bytes: usize,
    /// Held for one lookup at a time, never across an await.
    entries: Mutex<LruCache<Box<str>, Entry>>,
}

struct Entry {
    value: Box<str>,
    /// On the monotonic clock.
    expires_at: Duration,
}

impl RuleCache {
    pub(super) fn new(allowed: CacheAllowed) -> Self {
        let entries = NonZeroUsize::new(allowed.entries as usize).unwrap_or(NonZeroUsize::MIN);
        Self {
            entry_bytes: allowed.entry_bytes as usize,
            entries: Mutex::new(LruCache::new(entries)),
        }
    }

    pub(super) fn get(&self, key: &str, now: Duration) -> Option<String> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match entries.get(key) {
            Some(entry) if now < entry.expires_at => Some(entry.value.to_string()),
            Some(_) => {
                entries.pop(key);
                None
            }
            None => None,
        }
    }

    pub(super) fn set(&self, key: &str, value: &str, expires_at: Duration) -> Result<(), String> {
        let (bytes, limit) = (key.len() + value.len(), self.entry_bytes);
        if bytes > limit {
            return Err(format!(
                "{bytes} bytes are over the manifest's cache.entry_bytes = {limit}"
            ));
        }
        let entry = Entry {
            value: value.into(),
            expires_at,
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.put(key.into(), entry);
        Ok(())
    }

    pub(super) fn delete(&self, key: &str) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.pop(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn values_end_and_the_least_used_one_makes_room() {
        let cache = RuleCache::new(CacheAllowed {
            entries: 2,
            entry_bytes: 8,
        });
        cache.set("a", "1", 10 * SECOND).unwrap();
        cache.set("b", "2", 10 * SECOND).unwrap();
        assert_eq!(cache.get("a", SECOND).as_deref(), Some("1"));
        cache.set("c", "3", 10 * SECOND).unwrap();
        assert_eq!(cache.get("b", SECOND), None);
        assert_eq!(cache.get("a", 10 * SECOND), None);
        assert!(cache.set("key", "too long", SECOND).is_err());
    }
}
