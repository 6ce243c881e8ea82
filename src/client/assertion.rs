//! Checks that a client has signed what it shows (`private_key_jwt`: RFC 7521 section 4.2, RFC 7523 section 3).
//!
//! The key decides the algorithm, never the JWT; only keys that the client is registered with count; and nothing that is not
//! checked is believed. Each assertion counts once ([`Shown`]).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::{Number, Value};

use super::shown::{NotTaken, Shown};
use crate::clock::Clock;
use crate::config::Issuer;
use crate::registry::{AuthMethod, Client, ClientKey};
use crate::request::ClientAssertion;

/// Checks assertions.
pub(super) struct Assertions {
    audiences: Audiences,
    shown: Shown,
    clock: Arc<dyn Clock>,
    /// What was shown before (Unix seconds) is not remembered.
    began: i64,
}

/// Whom an assertion may be meant for.
pub struct Audiences(Vec<String>);

impl Audiences {
    /// The issuer, with or without the slash that Auth0's libraries put at its end; and, for older libraries, the token
    /// endpoint, if that is to be so.
    pub fn of(issuer: &Issuer, accept_token_endpoint: bool) -> Self {
        let mut audiences = vec![issuer.to_string(), format!("{issuer}/")];
        if accept_token_endpoint {
            audiences.push(issuer.token_endpoint());
        }
        Self(audiences)
    }

    /// Whether all that a JWT names are this server: one that also names another could be shown to that one, or by it.
    fn are(&self, named: &Named) -> bool {
        let named = match named {
            Named::One(one) => std::slice::from_ref(one),
            Named::Several(several) => several.as_slice(),
        };
        !named.is_empty() && named.iter().all(|one| self.0.contains(one))
    }
}

impl Assertions {
    pub(super) fn new(audiences: Audiences, clock: Arc<dyn Clock>) -> Self {
        Self {
            audiences,
            shown: Shown::new(GOOD_FOR_MAX, Arc::clone(&clock)),
            began: clock.unix_seconds().cast_signed(),
            clock,
        }
    }

    /// Checks that this client has made this assertion, for this server, just now, and shows it for the first time.
    ///
    /// # Errors
    /// Which of that is not so.
    pub(super) fn check(
        &self,
        client: &Client,
        assertion: &ClientAssertion,
    ) -> Result<(), AssertionError> {
        if client.auth_method != AuthMethod::PrivateKeyJwt {
            return Err(AssertionError::OtherMethod);
        }
        if assertion.named().is_some_and(|id| *id != *client.id) {
            return Err(AssertionError::OtherClientId);
        }
        let now = self.clock.unix_seconds().cast_signed();
        let claims = signed_claims(assertion.jwt(), &client.keys, now)?;
        if *claims.iss != *client.id || *claims.sub != *client.id {
            return Err(AssertionError::OtherIssuer);
        }
        if !self.audiences.are(&claims.aud) {
            return Err(AssertionError::OtherAudience);
        }
        self.check_time(&claims, now)?;
        let jti = checked_jti(claims.jti.as_deref())?;
        self.shown
            .take_in(&client.id, jti)
            .map_err(|not| match not {
                NotTaken::Again => AssertionError::ShownBefore,
                NotTaken::Full => AssertionError::TooMany,
            })
    }

    fn check_time(&self, claims: &Claims, now: i64) -> Result<(), AssertionError> {
        let Some(Seconds(issued_at)) = claims.iat else {
            return Err(AssertionError::NoIssueTime);
        };
        let Seconds(expires_at) = claims.exp;
        if expires_at <= now {
            return Err(AssertionError::Expired);
        }
        if expires_at.saturating_sub(now) > LIFETIME_SECONDS_MAX + LEEWAY_SECONDS {
            return Err(AssertionError::TooLong);
        }
        let not_before = claims.nbf.map_or(issued_at, |Seconds(begin)| begin);
        if issued_at.max(not_before).saturating_sub(now) > LEEWAY_SECONDS {
            return Err(AssertionError::NotYet);
        }
        match issued_at < self.began {
            true => Err(AssertionError::FromBefore),
            false => Ok(()),
        }
    }
}

/// What a JWT says, if one of the keys has signed it.
fn signed_claims(jwt: &str, keys: &[ClientKey], now: i64) -> Result<Claims, AssertionError> {
    if jwt.len() > ASSERTION_BYTES_MAX {
        return Err(AssertionError::NoJwt);
    }
    let (message, signature) = jwt.rsplit_once('.').ok_or(AssertionError::NoJwt)?;
    let (header, payload) = message.split_once('.').ok_or(AssertionError::NoJwt)?;
    let header: Header = read(header)?;
    if header.crit.is_some() {
        return Err(AssertionError::Critical);
    }
    let is_known = |typ: &String| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ));
    if !header.typ.as_ref().is_none_or(is_known) {
        return Err(AssertionError::OtherType);
    }
    let candidates = candidates(&header, keys, now)?;
    let signature = URL_SAFE_NO_PAD.decode(signature);
    let signature = signature.map_err(|_| AssertionError::NoJwt)?;
    let has_signed = |one: &&ClientKey| one.key.has_signed(message.as_bytes(), &signature);
    match candidates.iter().any(has_signed) {
        true => read(payload),
        false => Err(AssertionError::WrongSignature),
    }
}

/// The keys that may have signed: the one that is named, or all of the algorithm where none is, as Auth0's libraries do it.
fn candidates<'k>(
    header: &Header,
    keys: &'k [ClientKey],
    now: i64,
) -> Result<Vec<&'k ClientKey>, AssertionError> {
    let mut left: Vec<&ClientKey> = keys.iter().collect();
    let is_named = |one: &ClientKey| header.kid.as_ref().is_none_or(|kid| **kid == *one.kid);
    let counts = |one: &ClientKey| one.expires_at.is_none_or(|end| end > now);
    let is_of_algorithm = |one: &ClientKey| one.key.algorithm().as_str() == header.alg;
    left.retain(|one| is_named(one));
    if left.is_empty() {
        return Err(AssertionError::UnknownKey);
    }
    left.retain(|one| counts(one));
    if left.is_empty() {
        return Err(AssertionError::KeyEnded);
    }
    left.retain(|one| is_of_algorithm(one));
    match left.is_empty() {
        true => Err(AssertionError::OtherAlgorithm),
        false => Ok(left),
    }
}

/// Reads a part of a JWT. A member that stands there twice is refused (RFC 7519 section 4).
fn read<T: DeserializeOwned>(part: &str) -> Result<T, AssertionError> {
    let bytes = URL_SAFE_NO_PAD.decode(part);
    let bytes = bytes.map_err(|_| AssertionError::NoJwt)?;
    serde_json::from_slice(&bytes).map_err(|problem| AssertionError::Malformed(problem.to_string()))
}

fn checked_jti(jti: Option<&str>) -> Result<&str, AssertionError> {
    match jti {
        Some(jti) if (1..=JTI_BYTES_MAX).contains(&jti.len()) => Ok(jti),
        Some(_) | None => Err(AssertionError::NoId),
    }
}

#[derive(serde::Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(serde::Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Named,
    exp: Seconds,
    iat: Option<Seconds>,
    nbf: Option<Seconds>,
    jti: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Named {
    One(String),
    Several(Vec<String>),
}

/// A NumericDate (RFC 7519 section 2), which may have a fraction: whole seconds.
#[derive(Clone, Copy)]
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(reader)?;
        let whole = number.as_i64();
        let floor = |number: f64| number.is_finite().then_some(number.floor() as i64);
        let seconds = whole.or_else(|| number.as_f64().and_then(floor));
        seconds
            .map(Self)
            .ok_or_else(|| D::Error::custom("a time is a number of seconds"))
    }
}

/// Why an assertion lets nobody in. For the log: the caller is told nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum AssertionError {
    /// Nobody has this id.
    #[error("there is no such client")]
    UnknownClient,
    /// The client has a secret, or is public.
    #[error("the client does not prove itself by keys (client_authentication_methods)")]
    OtherMethod,
    /// RFC 7521 section 4.2.
    #[error("client_id names another client than the assertion")]
    OtherClientId,
    /// It is none, or longer than any.
    #[error("it is no signed JWT of at most {ASSERTION_BYTES_MAX} bytes")]
    NoJwt,
    /// Something in it is missing, there twice, or of another type.
    #[error("it is not as it must be: {0}")]
    Malformed(String),
    /// RFC 7515 section 4.1.11.
    #[error("its header has extensions (crit) that are not known here")]
    Critical,
    /// Another kind of JWT, which was not made for this.
    #[error("it is another kind of JWT: typ is JWT or {CLIENT_AUTHENTICATION}, or not there")]
    OtherType,
    /// None that is in use, at least.
    #[error("its kid is none of the keys that the client proves itself by")]
    UnknownKey,
    /// Each is over.
    #[error("the key that it may be signed with has ended (expires_at)")]
    KeyEnded,
    /// The key decides.
    #[error("its alg is not that of the client's key")]
    OtherAlgorithm,
    /// Somebody else signed it, or changed it.
    #[error("its signature is wrong")]
    WrongSignature,
    /// RFC 7523 section 3: both are the client id.
    #[error("iss and sub are not both the client id")]
    OtherIssuer,
    /// It is meant for somebody else, or not for this server alone.
    #[error("aud is not the issuer, and nothing else")]
    OtherAudience,
    /// Without it, what was shown before a restart cannot be told from what was not.
    #[error("iat is missing")]
    NoIssueTime,
    /// Its time is over.
    #[error("it has expired (exp)")]
    Expired,
    /// It would be good for too long.
    #[error("exp is more than {LIFETIME_SECONDS_MAX} seconds away")]
    TooLong,
    /// Its time has not come, or the client's clock is wrong.
    #[error(
        "it is not good yet (iat, nbf): the clocks are more than {LEEWAY_SECONDS} seconds apart"
    )]
    NotYet,
    /// It may have been shown then.
    #[error(
        "it was made (iat) before this server started, which does not know what was shown before: make a new one"
    )]
    FromBefore,
    /// Without it, one that is shown twice is not noticed.
    #[error("jti is missing, or longer than {JTI_BYTES_MAX} bytes")]
    NoId,
    /// Its client must make a new one for each request.
    #[error("it was shown before (jti): make a new one for each request")]
    ShownBefore,
    /// There is no room to remember it.
    #[error("too many assertions are remembered")]
    TooMany,
}

/// How far a client's clock may be ahead of this server's, in seconds.
const LEEWAY_SECONDS: i64 = 10;
/// How far away the end of an assertion may be, in seconds. Auth0's libraries make it 2 or 3 minutes.
const LIFETIME_SECONDS_MAX: i64 = 600;
/// For so long an assertion that was taken may still be good.
const GOOD_FOR_MAX: Duration =
    Duration::from_secs((LIFETIME_SECONDS_MAX + LEEWAY_SECONDS).unsigned_abs());
/// One with a chain of certificates in its header.
const ASSERTION_BYTES_MAX: usize = 16_384;
const JTI_BYTES_MAX: usize = 255;
const CLIENT_AUTHENTICATION: &str = "client-authentication+jwt";
/// What nearly all libraries write, and what draft-ietf-oauth-rfc7523bis asks for.
const TYPES: [&str; 2] = ["JWT", CLIENT_AUTHENTICATION];
