//! Checks a token the way an API does (RFC 7519 section 7.2, RFC 9068 section 4), and what else is signed here.

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::keys::Kind;
use crate::revocation::Bearing;

/// What the checker expects beyond a good signature and a time in between.
#[derive(Default)]
pub struct Verification<'a> {
    /// The public keys, as a JWK set.
    pub jwks: &'a str,
    /// The issuer it must be from.
    pub issuer: Option<&'a str>,
    /// The API it must be for.
    pub audience: Option<&'a str>,
}

/// A token that was checked.
#[derive(Debug)]
pub struct Verified {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: Map<String, Value>,
}

impl Verified {
    /// What revocation asks of it.
    pub fn bearing(&self) -> Bearing<'_> {
        let kid = self.header.kid.as_deref();
        Bearing::of(&self.claims, kid.unwrap_or_default())
    }
}

/// Checks a token.
///
/// # Errors
/// When it is none, is signed by somebody else, is out of its time, or is not what was expected.
pub fn verify(jwt: &str, expected: &Verification<'_>) -> Result<Verified, VerifyError> {
    verify_as(Kind::AccessToken, jwt, expected)
}

/// Checks a JWT as what its `typ` says it is, and says what that is. What is to be for an API is an access token, and so is
/// what is of no kind that is known.
pub fn verify_any(jwt: &str, expected: &Verification<'_>) -> (Kind, Result<Verified, VerifyError>) {
    let typ = decode_header(jwt).ok().and_then(|header| header.typ);
    let said = typ.and_then(|typ| Kind::of_typ(&typ));
    let said = said.filter(|_| expected.audience.is_none());
    let kind = said.unwrap_or(Kind::AccessToken);
    (kind, verify_as(kind, jwt, expected))
}

fn verify_as(kind: Kind, jwt: &str, expected: &Verification<'_>) -> Result<Verified, VerifyError> {
    let header = decode_header(jwt)?;
    let typ = header.typ.as_deref().unwrap_or_default();
    if Kind::of_typ(typ) != Some(kind) {
        return Err(VerifyError::WrongType(typ.to_owned()));
    }
    let kid = header.kid.as_deref().ok_or(VerifyError::UnknownKey)?;
    let keys: JwkSet = serde_json::from_str(expected.jwks).map_err(|_| VerifyError::NoKeys)?;
    let key = keys.find(kid).ok_or(VerifyError::UnknownKey)?;
    // The key decides the algorithm, never the token.
    let mut checks = Validation::new(algorithm_of(key).ok_or(VerifyError::UnknownKey)?);
    checks.leeway = LEEWAY_SECONDS;
    checks.validate_nbf = true;
    checks.set_required_spec_claims(kind.required());
    match expected.issuer {
        Some(issuer) => checks.set_issuer(&[issuer]),
        None => checks.iss = None,
    }
    match expected.audience {
        Some(audience) => checks.set_audience(&[audience]),
        None => checks.validate_aud = false,
    }
    let token = decode(jwt, &DecodingKey::from_jwk(key)?, &checks)?;
    Ok(Verified {
        header,
        claims: token.claims,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what rulemint does not sign with, it does not believe"
)]
fn algorithm_of(key: &Jwk) -> Option<Algorithm> {
    match key.common.key_algorithm? {
        KeyAlgorithm::ES256 => Some(Algorithm::ES256),
        KeyAlgorithm::RS256 => Some(Algorithm::RS256),
        KeyAlgorithm::EdDSA => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// Why a token is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is no JWT, its signature is wrong, or a claim is not as it must be.
    #[error("{}", describe(.0))]
    Token(#[from] Error),
    /// It is a JWT of another kind.
    #[error("it is no access token: its typ is {0:?}, not at+jwt")]
    WrongType(String),
    /// It was signed with a key that is not in the key set.
    #[error("it was signed with a key that this issuer does not have")]
    UnknownKey,
    /// There is no key set to check with.
    #[error("the issuer's key set cannot be read")]
    NoKeys,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others say well themselves what is wrong"
)]
fn describe(error: &Error) -> String {
    match error.kind() {
        ErrorKind::ExpiredSignature => "it has expired".to_owned(),
        ErrorKind::InvalidSignature => "its signature is wrong".to_owned(),
        ErrorKind::InvalidIssuer => "it is from another issuer".to_owned(),
        ErrorKind::InvalidAudience => "it is for another API".to_owned(),
        ErrorKind::InvalidToken => "it is no JWT".to_owned(),
        _ => error.to_string(),
    }
}

/// How far two clocks may be apart.
const LEEWAY_SECONDS: u64 = 5;
