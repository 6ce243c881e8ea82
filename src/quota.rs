//! How many tokens a client may have in an hour and in a day: Auth0's `token_quota`, and what it counts.
//!
//! Hours and days are those of UTC. What was counted is in memory, and begins anew with the process.

mod count;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tracing::warn;

use count::{Counted, Counts, DAY, HOUR};

/// A client's `token_quota`, as Auth0 writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenQuota {
    /// For tokens by the grant type `client_credentials`.
    pub client_credentials: Limits,
}

/// How many tokens there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether there are no more then. Otherwise they are counted and told of only.
    #[serde(default = "enforced")]
    pub enforce: bool,
    /// In an hour.
    #[serde(
        default,
        deserialize_with = "there",
        skip_serializing_if = "Option::is_none"
    )]
    pub per_hour: Option<Limit>,
    /// In a day.
    #[serde(
        default,
        deserialize_with = "there",
        skip_serializing_if = "Option::is_none"
    )]
    pub per_day: Option<Limit>,
}

/// A number of tokens that Auth0 takes as a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "i64", into = "u32")]
pub struct Limit(NonZeroU32);

impl TryFrom<i64> for Limit {
    type Error = String;

    fn try_from(tokens: i64) -> Result<Self, String> {
        let fits = u32::try_from(tokens).ok().filter(|fit| *fit <= LIMIT_MAX);
        let limit = fits.and_then(NonZeroU32::new).map(Self);
        limit.ok_or_else(|| format!("a limit is 1 to {LIMIT_MAX} tokens, not {tokens}"))
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> Self {
        limit.0.get()
    }
}

impl TokenQuota {
    /// What a client is called by that has one, in Auth0's words.
    pub const NAME: &'static str = "token_quota";

    /// As it is kept.
    pub fn to_json(self) -> Value {
        serde_json::to_value(self).unwrap_or_default() // A flag and two numbers are JSON.
    }
}

/// Auth0's default.
const fn enforced() -> bool {
    true
}

/// A limit that is named is one: null would be a way to name none that Auth0 does not have.
fn there<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Option<Limit>, D::Error> {
    Limit::deserialize(deserializer).map(Some)
}

/// A client's limits, and what it has had.
#[derive(Debug)]
pub struct Quota {
    limits: Limits,
    counts: Arc<Counts>,
}

impl Quota {
    /// One that nothing was counted for yet; none where there are no limits.
    pub fn new(limits: Limits) -> Option<Self> {
        let is_limited = limits.per_hour.is_some() || limits.per_day.is_some();
        is_limited.then(|| Self {
            limits,
            counts: Arc::default(),
        })
    }

    /// Goes on with what another one counted for the same client, and still does.
    pub fn count_on(&mut self, before: &Self) {
        self.counts = Arc::clone(&before.counts);
    }

    /// Counts a token that is about to be issued. `now` is in Unix seconds.
    ///
    /// # Errors
    /// When the client has had all that it may have.
    pub fn charge(&self, client_id: &Arc<str>, now: u64) -> Result<Charge, QuotaExceeded> {
        let counts = &self.counts;
        let Some(hour) = counts
            .hour
            .take(HOUR.at(now), self.most(self.limits.per_hour))
        else {
            return Err(self.exceeded(now));
        };
        let Some(day) = counts.day.take(DAY.at(now), self.most(self.limits.per_day)) else {
            counts.hour.give_back(hour);
            return Err(self.exceeded(now));
        };
        Ok(Charge {
            counts: Arc::clone(counts),
            limits: self.limits,
            client_id: Arc::clone(client_id),
            hour,
            day,
            now,
            is_settled: false,
        })
    }

    /// The most that may be counted.
    fn most(&self, limit: Option<Limit>) -> u32 {
        match limit {
            Some(limit) if self.limits.enforce => limit.into(),
            _ => u32::MAX,
        }
    }

    fn exceeded(&self, now: u64) -> QuotaExceeded {
        let hour = self.counts.hour.look(HOUR.at(now));
        let day = self.counts.day.look(DAY.at(now));
        QuotaExceeded {
            standing: Standing::of(self.limits, (hour, day), now),
        }
    }
}

/// A token that is counted, and that is given back unless it is issued.
#[derive(Debug)]
#[must_use]
pub struct Charge {
    counts: Arc<Counts>,
    limits: Limits,
    client_id: Arc<str>,
    hour: Counted,
    day: Counted,
    now: u64,
    is_settled: bool,
}

impl Charge {
    /// The token is issued. Says how the client stands then.
    pub fn settle(mut self) -> Standing {
        self.is_settled = true;
        self.tell("per_hour", self.limits.per_hour, self.hour);
        self.tell("per_day", self.limits.per_day, self.day);
        Standing::of(self.limits, (self.hour, self.day), self.now)
    }

    /// Says once in a window that nothing is left of it.
    fn tell(&self, limit: &'static str, most: Option<Limit>, counted: Counted) {
        if most.is_some_and(|most| u32::from(most) == counted.tokens) {
            let (client, tokens, enforced) =
                (&*self.client_id, counted.tokens, self.limits.enforce);
            warn!(
                client,
                limit, tokens, enforced, "a client has used up its token quota"
            );
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if !self.is_settled {
            self.counts.hour.give_back(self.hour);
            self.counts.day.give_back(self.day);
        }
    }
}

/// What a client has had and may still have. It is written as Auth0 writes it in `Auth0-Client-Quota-Limit`.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    hour: Option<Bucket>,
    day: Option<Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    quota: u32,
    remaining: u32,
    /// Seconds until it is full again.
    resets_in: u64,
}

impl Standing {
    fn of(limits: Limits, (hour, day): (Counted, Counted), now: u64) -> Self {
        let bucket = |limit: Limit, counted: Counted, resets_in: u64| Bucket {
            quota: limit.into(),
            remaining: u32::from(limit).saturating_sub(counted.tokens),
            resets_in,
        };
        let of_hour = |limit| bucket(limit, hour, HOUR.left(hour, now));
        let of_day = |limit| bucket(limit, day, DAY.left(day, now));
        Self {
            hour: limits.per_hour.map(of_hour),
            day: limits.per_day.map(of_day),
        }
    }

    fn buckets(&self) -> impl Iterator<Item = (&'static str, Bucket)> {
        let hour = self.hour.map(|bucket| ("per_hour", bucket));
        hour.into_iter()
            .chain(self.day.map(|bucket| ("per_day", bucket)))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, bucket)) in self.buckets().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let Bucket {
                quota,
                remaining,
                resets_in,
            } = bucket;
            write!(
                text,
                "{comma}b={name};q={quota};r={remaining};t={resets_in}"
            )?;
        }
        Ok(())
    }
}

/// A client has had all the tokens that it may have for now.
#[derive(Debug, thiserror::Error)]
#[error("Client quota exceeded")]
pub struct QuotaExceeded {
    standing: Standing,
}

impl QuotaExceeded {
    /// How the client stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// When there will be tokens again.
    pub fn retry_after(&self) -> Duration {
        let empty = self.standing.buckets().map(|(_, bucket)| bucket);
        let empty = empty.filter(|bucket| bucket.remaining == 0);
        // Where another request has given its token back meanwhile, there is one already.
        let seconds = empty.map(|bucket| bucket.resets_in).max().unwrap_or(1);
        Duration::from_secs(seconds)
    }
}

/// Auth0's bound.
const LIMIT_MAX: u32 = 2_147_483_647;

#[cfg(test)]
mod tests;
