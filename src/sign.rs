//! Signs approved claims. What comes out cannot be shown to anybody yet: only the ledger turns it into an answer.

mod own;
mod verify;

use std::sync::Arc;

pub use own::{Authentic, NotOurs, OwnToken, check_claims, check_signature};
pub use verify::{Verification, Verified, VerifyError, verify, verify_any};

use crate::keys::{Algorithm, KeyError, KeyRing, SigningKey};
use crate::rule::ApprovedClaims;
use crate::status_list::Enrolled;

/// A signed token that is not on record yet. Only [`sign`] makes one.
pub struct SignedToken {
    jwt: String,
    claims: ApprovedClaims,
    key: Arc<SigningKey>,
}

impl SignedToken {
    /// Takes it apart: the token, what it says, and the key it was signed with.
    pub(crate) fn into_parts(self) -> (String, ApprovedClaims, Arc<SigningKey>) {
        (self.jwt, self.claims, self.key)
    }
}

/// Signs with the live key of the API's algorithm.
///
/// # Errors
/// When there is no such key, or the token would be too long to travel.
pub fn sign(keys: &KeyRing, enrolled: Enrolled) -> Result<SignedToken, SignError> {
    let claims = enrolled.into_claims();
    let algorithm = claims.draft().api.algorithm;
    let key = keys.signing(algorithm).ok_or(SignError::NoKey(algorithm))?;
    let jwt = key.sign(&claims.json())?;
    if jwt.len() > TOKEN_BYTES_MAX {
        return Err(SignError::TooLong { bytes: jwt.len() });
    }
    Ok(SignedToken {
        key: Arc::clone(key),
        jwt,
        claims,
    })
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// There is no key of the algorithm.
    #[error("sign a token: there is no {0} key")]
    NoKey(Algorithm),
    /// The key failed.
    #[error("sign a token")]
    Key(#[from] KeyError),
    /// It is longer than servers take in a header.
    #[error(
        "sign a token: it has {bytes} bytes and may have {TOKEN_BYTES_MAX}; a rule or a grant adds too much"
    )]
    TooLong {
        /// What it has.
        bytes: usize,
    },
}

/// What nginx, Apache and Node take in one header line, in bytes.
const TOKEN_BYTES_MAX: usize = 8_192;
