//! Client secrets: made here, shown once, kept as hashes.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::master_key::{MasterKey, Purpose};
use crate::random::Random;
use crate::store::SecretRow;

/// Hashes client secrets under the installation's pepper. A secret of 256 random bits needs no slow hash: there is
/// nothing to guess.
pub struct SecretHasher(hmac::Key);

impl SecretHasher {
    /// The hasher of an installation.
    pub fn new(master: &MasterKey) -> Self {
        Self(master.hmac_key(Purpose::ClientSecrets))
    }

    /// The hash that is stored.
    pub fn hash(&self, secret: &str) -> hmac::Tag {
        hmac::sign(&self.0, secret.as_bytes())
    }
}

/// The hash of one live secret.
#[derive(Debug)]
pub struct StoredSecret {
    hash: Box<[u8]>,
    /// Unix seconds after which it no longer counts.
    expires_at: Option<u64>,
}

impl StoredSecret {
    pub(super) fn from_row(row: &SecretRow) -> Option<Self> {
        let expires_at = row.expires_at.map(u64::try_from).transpose().ok()?;
        Some(Self {
            hash: row.hash.clone().into(),
            expires_at,
        })
    }

    /// A hash that no secret has, to compare with when there is no client.
    pub fn of_nobody() -> Self {
        Self {
            hash: [0; 32].into(),
            expires_at: Some(0),
        }
    }

    /// Whether a hashed secret is this one and it still counts. Takes the same time either way.
    pub fn matches(&self, hashed: &hmac::Tag, now: u64) -> bool {
        let same = constant_time::verify_slices_are_equal(&self.hash, hashed.as_ref()).is_ok();
        let live = self.expires_at.is_none_or(|end| now < end);
        same & live
    }
}

/// Makes a secret: a prefix that secret scanners can look for, 256 random bits, and a checksum of six characters that
/// tells a mistyped secret from a wrong one.
pub(super) fn generate(random: &dyn Random) -> SecretString {
    let mut secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random.bytes::<32>()));
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    secret.extend(URL_SAFE_NO_PAD.encode(sum).chars().take(CHECKSUM_CHARS));
    secret.into()
}

const PREFIX: &str = "rms_";
const CHECKSUM_CHARS: usize = 6;
