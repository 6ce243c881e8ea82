//! The public key that a client proves itself by (RFC 7523 section 2.2), parsed once and kept.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
};

use super::KeyError;

/// What clients sign their assertions with: JWS algorithms (RFC 7518 section 3.1, RFC 8037). Auth0 knows the first three.
/// `none` and the symmetric ones are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionAlgorithm {
    /// RSA with PKCS#1 v1.5 and SHA-256.
    Rs256,
    /// RSA with PKCS#1 v1.5 and SHA-384.
    Rs384,
    /// RSA with PSS and SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl AssertionAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Rs256,
        Self::Rs384,
        Self::Ps256,
        Self::Es256,
        Self::EdDsa,
    ];

    /// Its name in a JOSE header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The one with this name, to the letter.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::EdDsa => &ED25519,
        }
    }
}

/// A public key that checks signatures of one algorithm, and of no other.
pub struct AssertionKey {
    algorithm: AssertionAlgorithm,
    key: ParsedPublicKey,
}

impl AssertionKey {
    /// Parses a public key: a SubjectPublicKeyInfo (RFC 5280), or an RSAPublicKey (RFC 8017), in DER.
    ///
    /// # Errors
    /// When it is not a key of that algorithm.
    pub fn parse(algorithm: AssertionAlgorithm, der: &[u8]) -> Result<Self, KeyError> {
        let key = ParsedPublicKey::new(algorithm.verification(), der).map_err(|_| KeyError)?;
        Ok(Self { algorithm, key })
    }

    /// What it checks.
    pub fn algorithm(&self) -> AssertionAlgorithm {
        self.algorithm
    }

    /// Whether the private half made this signature of this message.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.algorithm.as_str())
    }
}
