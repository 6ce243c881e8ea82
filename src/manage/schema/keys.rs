//! What is in queries and answers about signing keys.

#![expect(
    dead_code,
    reason = "answers are written member by member: this is what their readers are told"
)]

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::SigningAlgorithm;

/// Which keys are rotated.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct KeyRotation {
    /// Those of this algorithm; of every algorithm that is in use where nothing is said.
    algorithm: Option<SigningAlgorithm>,
}

/// A signing key.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct Key {
    kid: String,
    /// A certificate of it, in PEM, signed with itself.
    cert: String,
    algorithm: SigningAlgorithm,
    /// Whether it will sign after the next rotation.
    next: bool,
    /// Whether it signs.
    current: bool,
    /// Whether it has signed before. Its tokens are good until they expire.
    previous: bool,
    /// Whether it is good for nothing any more.
    revoked: bool,
    /// SHA-1 of the certificate, in pairs of digits.
    fingerprint: String,
    /// SHA-1 of the certificate.
    thumbprint: String,
    /// RFC 3339.
    #[schema(nullable = false)]
    current_since: Option<String>,
    /// RFC 3339.
    #[schema(nullable = false)]
    current_until: Option<String>,
    /// RFC 3339.
    #[schema(nullable = false)]
    revoked_at: Option<String>,
}

/// A signing key in few words.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct NextKey {
    kid: String,
    /// A certificate of it, in PEM, signed with itself.
    cert: String,
}
