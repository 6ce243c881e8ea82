//! The signature algorithms there are. No string from outside ever reaches a cryptographic library.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A JWS algorithm (RFC 7518 section 3.1, RFC 8037). `none` and the symmetric ones are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256: small and fast, and understood everywhere.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// RSA (2,048 bits) with PKCS#1 v1.5 and SHA-256: for APIs that know nothing newer. Signing costs 35 times ES256's.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519: the fastest to sign.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// All of them, in the order of [`index`](Self::index).
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// Its name in a JOSE header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Its place in an array with one element for each.
    pub const fn index(self) -> usize {
        match self {
            Self::Es256 => 0,
            Self::Rs256 => 1,
            Self::EdDsa => 2,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let same = |algorithm: &Self| algorithm.as_str().eq_ignore_ascii_case(text);
        let found = Self::ALL.into_iter().find(same);
        found.ok_or_else(|| format!("{text:?} is no signing algorithm; use ES256, RS256 or EdDSA"))
    }
}
