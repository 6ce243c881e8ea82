//! The tokens that are revoked one by one: a part of the list, behind a lock of its own.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::key::Key;

/// One entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    /// Stands for the API or the client of the token; 0: whichever.
    pub(super) audience: u32,
    /// When the token has expired, in Unix seconds (until 2106).
    pub(super) until: u32,
}

impl Listed {
    fn meets(self, audiences: [u32; 2]) -> bool {
        self.audience == 0 || audiences.contains(&self.audience)
    }
}

/// By `jti`. Nearly every `jti` is there once: the others have a place of their own.
#[derive(Default)]
pub(super) struct TokenList {
    one: HashMap<Key, Listed, RandomState>,
    more: HashMap<Key, Vec<Listed>, RandomState>,
}

impl TokenList {
    /// Adds an entry, or prolongs it.
    pub(super) fn put(&mut self, jti: Key, entry: Listed) {
        let first = self.one.entry(jti).or_insert(entry);
        if first.audience == entry.audience {
            first.until = first.until.max(entry.until);
            return;
        }
        let others = self.more.entry(jti).or_default();
        match others.iter_mut().find(|one| one.audience == entry.audience) {
            Some(known) => known.until = known.until.max(entry.until),
            None => others.push(entry),
        }
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, jti: Key, audience: u32) {
        let others = self.more.remove(&jti).unwrap_or_default();
        let all = self.one.remove(&jti).into_iter().chain(others);
        let left: Vec<Listed> = all.filter(|entry| entry.audience != audience).collect();
        for entry in left {
            self.put(jti, entry);
        }
    }

    /// Whether a token is on the list.
    pub(super) fn has(&self, jti: Key, audiences: impl FnOnce() -> [u32; 2]) -> bool {
        let Some(first) = self.one.get(&jti) else {
            return false;
        };
        if first.audience == 0 {
            return true;
        }
        let audiences = audiences();
        let others = self.more.get(&jti).into_iter().flatten();
        first.meets(audiences) || others.copied().any(|entry| entry.meets(audiences))
    }

    /// Takes out what expired before a moment.
    pub(super) fn forget_before(&mut self, moment: u32) {
        self.more.retain(|_, others| {
            others.retain(|entry| entry.until >= moment);
            !others.is_empty()
        });
        let more = &mut self.more;
        self.one.retain(|jti, first| {
            if first.until >= moment {
                return true;
            }
            let next = more.get_mut(jti).and_then(Vec::pop);
            next.inspect(|next| *first = *next).is_some()
        });
        self.more.retain(|_, others| !others.is_empty());
    }

    pub(super) fn len(&self) -> usize {
        self.one.len() + self.more.values().map(Vec::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::KeyMaker;
    use super::*;

    const fn entry(audience: u32, until: u32) -> Listed {
        Listed { audience, until }
    }

    #[test]
    fn a_jti_may_be_listed_for_several_audiences() {
        let (mut list, jti) = (TokenList::default(), KeyMaker::default().of("t1"));
        list.put(jti, entry(1, 100));
        list.put(jti, entry(2, 100));
        list.put(jti, entry(2, 200));
        assert_eq!(list.len(), 2);
        assert!(list.has(jti, || [9, 2]) && list.has(jti, || [1, 9]) && !list.has(jti, || [3, 4]));
        list.remove(jti, 1);
        assert!(list.has(jti, || [2, 9]) && !list.has(jti, || [1, 9]));
        list.put(jti, entry(0, 50));
        assert!(list.has(jti, || [3, 4]), "whichever audience");
    }

    #[test]
    fn what_has_expired_is_forgotten_and_nothing_else() {
        let (mut list, keys) = (TokenList::default(), KeyMaker::default());
        let (old, new) = (keys.of("old"), keys.of("new"));
        list.put(old, entry(1, 100));
        list.put(old, entry(2, 300));
        list.put(new, entry(0, 300));
        list.forget_before(200);
        assert!(!list.has(old, || [1, 1]) && list.has(old, || [2, 2]) && list.has(new, || [1, 1]));
        assert_eq!(list.len(), 2);
        list.forget_before(301);
        assert_eq!(list.len(), 0);
    }

    #[test]
    fn an_entry_takes_no_more_than_24_bytes() {
        assert_eq!(size_of::<(Key, Listed)>(), 24);
    }
}
