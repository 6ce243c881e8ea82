//! What is revoked, in memory: a question takes a few look-ups, however much there is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use foldhash::fast::RandomState;
use tracing::warn;

use super::Bearing;
use super::key::{Key, KeyMaker};
use super::listed::{Listed, TokenList};
use super::target::Target;
use crate::store::{RevocationRow, RevokedTokenRow, Store, StoreError};

/// Every revocation in force. Entries come and go while others ask; nobody waits for more than one change.
#[derive(Default)]
pub struct Revocations {
    keys: KeyMaker,
    /// Each part has a lock of its own, so that one that grows holds up few.
    tokens: [RwLock<TokenList>; PARTS],
    /// Those of each kind: mostly there are none, and then nothing needs to be looked for.
    cutoffs: RwLock<[Cutoffs; KINDS]>,
    /// How many cut-offs there are: mostly none, and then nobody asks further.
    cutoff_count: AtomicUsize,
    newest_cutoff: AtomicI64,
    /// When the store was last known to hold nothing newer: milliseconds on the monotonic clock.
    fresh_at: AtomicU64,
}

/// Of one kind, by whom or what they are about.
type Cutoffs = HashMap<Key, Vec<Cutoff>, RandomState>;

/// One cut-off.
#[derive(Clone, Copy)]
struct Cutoff {
    id: i64,
    /// Only what was issued before, in Unix seconds.
    issued_before: Option<i64>,
    /// When the last token it can meet has expired, in Unix seconds.
    until: i64,
}

impl Cutoff {
    /// A token that knows the cut-off was issued after it.
    fn meets(self, token: &Bearing<'_>) -> bool {
        let in_time = |before| token.issued_at < before;
        token.cutoff < self.id && self.issued_before.is_none_or(in_time)
    }
}

impl Revocations {
    /// Reads everything from the store.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let revocations = Self::default();
        let mut last = 0;
        loop {
            let tokens = store.revoked_tokens_after(last, ROWS_AT_ONCE).await?;
            let Some(newest) = tokens.last() else {
                break;
            };
            last = newest.id;
            let put = |token: &RevokedTokenRow| revocations.put(token);
            tokens.iter().for_each(put);
        }
        let cutoffs = store.cutoffs_in_force().await?;
        cutoffs.iter().for_each(|row| revocations.take_in(row));
        Ok(revocations)
    }

    /// The quick way for one of many: nothing of it is copied.
    fn put(&self, token: &RevokedTokenRow) {
        let audience = Some(&*token.audience).filter(|audience| !audience.is_empty());
        let until = Some(token.expires_at);
        self.take_in_token(&token.value, audience, until);
    }

    /// Puts a revocation in force, or ends it if it was undone. Doing so twice changes nothing.
    pub fn take_in(&self, row: &RevocationRow) {
        let Some(target) = Target::of_row(row) else {
            warn!(
                revocation = row.id,
                "this revocation was written by a newer rulemint and is left out"
            );
            return;
        };
        if let Target::Token { jti, audience } = &target {
            let until = row.undone_at.is_none().then_some(row.expires_at);
            self.take_in_token(jti, audience.as_deref(), until);
        } else {
            self.take_in_cutoff(row, &target);
        }
    }

    /// `until` is when the token has expired; without it, it is good again.
    fn take_in_token(&self, jti: &str, audience: Option<&str>, until: Option<i64>) {
        let jti = self.keys.of(jti);
        let audience = audience.map_or(0, |audience| self.keys.short_of(audience));
        let mut list = write(&self.tokens[jti.place(PARTS)]);
        match until {
            None => list.remove(jti, audience),
            Some(until) => {
                let until = u32::try_from(until).unwrap_or(u32::MAX);
                list.put(jti, Listed { audience, until });
            }
        }
    }

    fn take_in_cutoff(&self, row: &RevocationRow, target: &Target) {
        let Some(kind) = kind_of_cutoff(target) else {
            return;
        };
        let about = self.keys.of((target.value(), target.audience()));
        let mut cutoffs = write(&self.cutoffs);
        let cutoffs = &mut cutoffs[kind];
        let known = cutoffs.entry(about).or_default();
        let before = known.len();
        known.retain(|cutoff| cutoff.id != row.id);
        if row.undone_at.is_none() {
            known.push(Cutoff {
                id: row.id,
                issued_before: row.issued_before,
                until: row.expires_at,
            });
        }
        let after = known.len();
        if after == 0 {
            cutoffs.remove(&about);
        }
        let count = self.cutoff_count.load(Ordering::Acquire) + after - before;
        self.cutoff_count.store(count, Ordering::Release);
        self.newest_cutoff.fetch_max(row.id, Ordering::AcqRel);
    }

    /// Whether a token was taken away.
    pub fn meets(&self, token: &Bearing<'_>) -> bool {
        self.has_token(token) || self.cuts_off(token)
    }

    fn has_token(&self, token: &Bearing<'_>) -> bool {
        let jti = self.keys.of(token.jti);
        let short = |text| self.keys.short_of(text);
        read(&self.tokens[jti.place(PARTS)])
            .has(jti, || [short(token.audience), short(token.client_id)])
    }

    fn cuts_off(&self, token: &Bearing<'_>) -> bool {
        if self.cutoff_count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let cutoffs = read(&self.cutoffs);
        let met = |known: &Vec<Cutoff>| known.iter().any(|cutoff| cutoff.meets(token));
        let cut = |kind: usize, value: &str, audience: &str| {
            let cutoffs = &cutoffs[kind];
            let known = || cutoffs.get(&self.keys.of((value, audience)));
            !cutoffs.is_empty() && known().is_some_and(met)
        };
        cut(CLIENT, token.client_id, "")
            || cut(GRANT, token.client_id, token.audience)
            || cut(SUBJECT, token.subject, "")
            || cut(AUDIENCE, token.audience, "")
            || cut(KEY, token.kid, "")
            || token.rules.split(' ').any(|digits| cut(RULE, digits, ""))
    }

    /// The number of the newest cut-off that was taken in; 0 where there was none.
    pub fn newest_cutoff(&self) -> i64 {
        self.newest_cutoff.load(Ordering::Acquire)
    }

    /// How many revocations are in force.
    pub fn len(&self) -> usize {
        let tokens: usize = self.tokens.iter().map(|part| read(part).len()).sum();
        tokens + self.cutoff_count.load(Ordering::Acquire)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes out what met its last token before a moment, in Unix seconds.
    pub fn forget_before(&self, moment: i64) {
        let seconds = u32::try_from(moment).unwrap_or_default();
        for part in &self.tokens {
            write(part).forget_before(seconds);
        }
        let mut cutoffs = write(&self.cutoffs);
        let mut count = 0;
        for cutoffs in &mut *cutoffs {
            cutoffs.retain(|_, known| {
                known.retain(|cutoff| cutoff.until >= moment);
                count += known.len();
                !known.is_empty()
            });
        }
        self.cutoff_count.store(count, Ordering::Release);
    }

    /// Notes that the store held nothing newer at this moment of the monotonic clock.
    pub fn note_fresh(&self, now: Duration) {
        self.fresh_at.store(millis(now), Ordering::Release);
    }

    /// Whether what is known here is recent enough to say of a token that it was not taken away.
    ///
    /// # Errors
    /// When the store has not been read for too long.
    pub fn check_fresh(&self, now: Duration) -> Result<(), Stale> {
        let since = Duration::from_millis(self.fresh_at.load(Ordering::Acquire));
        match now.saturating_sub(since) <= STALENESS_MAX {
            true => Ok(()),
            false => Err(Stale),
        }
    }
}

/// Revocations may have been missed: nobody can say that a token is good.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store has not been read for too long to know what was revoked since")]
pub struct Stale;

/// Where cut-offs of a kind are kept; `None` for a single token, which is none.
const fn kind_of_cutoff(target: &Target) -> Option<usize> {
    Some(match target {
        Target::Token { .. } => return None,
        Target::Client(_) => CLIENT,
        Target::Grant { .. } => GRANT,
        Target::Subject(_) => SUBJECT,
        Target::Audience(_) => AUDIENCE,
        Target::Key(_) => KEY,
        Target::Rule(_) => RULE,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

const PARTS: usize = 16;
/// How many kinds of cut-offs there are, and where each is kept.
const KINDS: usize = 6;
const CLIENT: usize = 0;
const GRANT: usize = 1;
const SUBJECT: usize = 2;
const AUDIENCE: usize = 3;
const KEY: usize = 4;
const RULE: usize = 5;
const ROWS_AT_ONCE: u32 = 20_000;
/// A revocation is in force everywhere within this time, or nobody is told that a token is good.
const STALENESS_MAX: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
