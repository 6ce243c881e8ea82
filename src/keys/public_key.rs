//! The public half of a signing key, parsed once and kept.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};

use super::{Algorithm, KeyError};

/// What a token of this server is checked with.
pub struct PublicKey {
    kid: Box<str>,
    key: ParsedPublicKey,
}

impl PublicKey {
    pub(super) fn parse(algorithm: Algorithm, kid: &str, bytes: &[u8]) -> Result<Self, KeyError> {
        let verification: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::EdDsa => &ED25519,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        Ok(Self {
            kid: kid.into(),
            key: ParsedPublicKey::new(verification, bytes).map_err(|_| KeyError)?,
        })
    }

    /// Its name: the RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether the private half made this signature of this message.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}
