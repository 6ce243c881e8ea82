//! Until when what was issued is revoked.

use std::str::FromStr;

use crate::clock::moment;

/// `now`, or an earlier moment.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) enum Before {
    Now,
    /// In Unix seconds.
    Moment(i64),
}

impl Before {
    /// The moment; `None` for now, which is a matter of order and not of clocks.
    pub(super) fn moment(self) -> Option<i64> {
        match self {
            Self::Now => None,
            Self::Moment(seconds) => Some(seconds),
        }
    }
}

impl Before {
    /// The moment in Unix seconds, where it is a matter of clocks.
    pub(in crate::cli) fn seconds(self, now: i64) -> i64 {
        self.moment().unwrap_or(now)
    }
}

impl FromStr for Before {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        moment(text).map(Self::Moment).ok_or_else(|| {
            "write now, a moment like 2026-11-25T12:00:00Z, or Unix seconds".to_owned()
        })
    }
}
