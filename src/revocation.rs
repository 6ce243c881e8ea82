//! Takes access away again: single tokens, and everything that was issued before a cut-off.
//!
//! - [`Revocations`] is what is in force, in memory: whoever verifies a token asks it, and nothing else.
//! - [`Feed`] is the same as a list, for APIs that keep a copy of it and check offline.
//! - [`Revoker`] writes to the store. What it wrote reaches the memory of a running server through the change log.
//!
//! `iat` counts whole seconds and follows a clock that may jump, so a cut-off does not go by it. Cut-offs have numbers; a
//! token carries that of the newest one that its issuer knew. A cut-off meets the tokens that do not know it yet:
//! those were issued before it was in force, and the first one issued afterwards is free
//! ([why](../../docs/decisions/0015-cutoffs-have-numbers.md)).

mod feed;
mod forget;
mod index;
mod key;
mod known;
mod listed;
mod met;
mod names;
mod reader;
mod refusal;
mod revoker;
mod target;

use serde_json::{Map, Value};

use crate::claims::{CUTOFF, RULES};
pub use feed::{Entry, Feed, FeedError, Page};
pub use forget::{MARGIN_SECONDS, forget_expired};
pub use index::{Revocations, Stale};
pub use met::{revocations_of, revocations_of_key};
pub use names::TargetNames;
pub use reader::{Reader, Told};
pub use refusal::RevocationError;
pub use revoker::{Gone, NewRevocation, Revoker};
pub use target::{RULE_DIGITS, Target};

/// What a token says of itself, as far as revocation asks. Its signature was checked.
#[derive(Clone, Copy, Debug)]
pub struct Bearing<'t> {
    /// `jti`
    pub jti: &'t str,
    /// `client_id`
    pub client_id: &'t str,
    /// `sub`
    pub subject: &'t str,
    /// `aud`
    pub audience: &'t str,
    /// The key that it was signed with.
    pub kid: &'t str,
    /// The rules that ran for it: the first digits of each one's digest, with spaces between.
    pub rules: &'t str,
    /// `iat`
    pub issued_at: i64,
    /// The newest cut-off that its issuer knew.
    pub cutoff: i64,
}

impl<'t> Bearing<'t> {
    /// What claims say. Where one is missing, it is empty or 0.
    pub fn of(claims: &'t Map<String, Value>, kid: &'t str) -> Self {
        let text = |name: &str| {
            let said = claims.get(name);
            said.and_then(Value::as_str).unwrap_or_default()
        };
        let number = |name: &str| {
            let said = claims.get(name);
            said.and_then(Value::as_i64).unwrap_or_default()
        };
        Self {
            jti: text("jti"),
            client_id: text("client_id"),
            subject: text("sub"),
            audience: text("aud"),
            kid,
            rules: text(RULES),
            issued_at: number("iat"),
            cutoff: number(CUTOFF),
        }
    }
}
