//! Checks a token that this server is to have issued itself, against the keys it holds.
//!
//! Nothing of a token is parsed before its signature is known to be good: its header must be, to the letter, the one
//! that a key of ours writes. So there is no algorithm to confuse, no key to fetch and no extension to misread.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::TOKEN_BYTES_MAX;
use crate::keys::KeyRing;
use crate::revocation::Bearing;

/// A token that a key of ours signed, whatever it says. Only [`check_signature`] makes one.
#[derive(Debug)]
pub struct Authentic {
    kid: Box<str>,
    claims: Map<String, Value>,
}

/// What a token of this server says. Its signature, its issuer and its time were checked, and nothing else. Only
/// [`check_claims`] makes one.
#[derive(Clone, Debug)]
pub struct OwnToken(Arc<Authentic>);

impl OwnToken {
    /// A claim that is text; empty where there is none.
    pub fn text(&self, claim: &str) -> &str {
        self.0.text(claim)
    }

    /// A claim that is a whole number; 0 where there is none.
    pub fn number(&self, claim: &str) -> i64 {
        self.0.number(claim)
    }

    /// Every claim.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.0.claims
    }

    /// What revocation asks of it.
    pub fn bearing(&self) -> Bearing<'_> {
        Bearing::of(self.claims(), &self.0.kid)
    }
}

impl Authentic {
    #[cfg(test)]
    pub(crate) fn saying_nothing() -> Self {
        let (kid, claims) = ("".into(), Map::new());
        Self { kid, claims }
    }

    fn text(&self, claim: &str) -> &str {
        let said = self.claims.get(claim);
        said.and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, claim: &str) -> i64 {
        let said = self.claims.get(claim);
        said.and_then(Value::as_i64).unwrap_or_default()
    }
}

/// Checks that a text is a token, and that a key of ours signed it. This is nearly all the work of a verification.
///
/// # Errors
/// When it is not so.
pub fn check_signature(jwt: &str, keys: &KeyRing) -> Result<Authentic, NotOurs> {
    if jwt.len() > TOKEN_BYTES_MAX {
        return Err(NotOurs::NoToken);
    }
    let (message, signature) = jwt.rsplit_once('.').ok_or(NotOurs::NoToken)?;
    let (header, payload) = message.split_once('.').ok_or(NotOurs::NoToken)?;
    let key = keys.of_header(header).ok_or(NotOurs::UnknownHeader)?;
    let signature = decoded(signature)?;
    if !key.has_signed(message.as_bytes(), &signature) {
        return Err(NotOurs::WrongSignature);
    }
    let claims = serde_json::from_slice(&decoded(payload)?).map_err(|_| NotOurs::NoToken)?;
    let kid = key.kid().into();
    Ok(Authentic { kid, claims })
}

/// Checks that a token with a good signature is of this issuer, and that this is its time.
///
/// # Errors
/// When it is not so.
pub fn check_claims(token: Arc<Authentic>, issuer: &str, now: u64) -> Result<OwnToken, NotOurs> {
    if token.text("iss") != issuer {
        return Err(NotOurs::OtherIssuer);
    }
    check_time(&token, now)?;
    Ok(OwnToken(token))
}

/// `exp` is in every token of ours. `nbf` is in none, but whoever has a key may have written it (RFC 7519 section 4.1.5).
fn check_time(token: &Authentic, now: u64) -> Result<(), NotOurs> {
    let is_over = |expiry: i64| u64::try_from(expiry).is_ok_and(|expiry| expiry <= now);
    let expiry = token.number("exp");
    if expiry <= 0 || is_over(expiry) {
        return Err(NotOurs::Expired);
    }
    let has_begun = |begin: &Value| begin.as_u64().is_some_and(|begin| begin <= now);
    match token.claims.get("nbf").is_none_or(has_begun) {
        true => Ok(()),
        false => Err(NotOurs::NotYet),
    }
}

/// Base64 in the one form that RFC 7515 allows: no padding, no spaces, no stray bits.
fn decoded(part: &str) -> Result<Vec<u8>, NotOurs> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| NotOurs::NoToken)
}

/// Why a token is not to be believed. For logs: a caller is told nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It is none.
    #[error("it is no token")]
    NoToken,
    /// No key of ours writes such a header: another algorithm, another key, another kind.
    #[error("its header is not one that a key of this server writes")]
    UnknownHeader,
    /// Somebody else signed it, or changed it.
    #[error("its signature is wrong")]
    WrongSignature,
    /// It is from before the issuer was renamed, or of another issuer with the same keys.
    #[error("it is from another issuer")]
    OtherIssuer,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not good yet")]
    NotYet,
}
