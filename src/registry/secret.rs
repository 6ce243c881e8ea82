//! Client secrets, and how they are kept: as hashes.
//!
//! A secret that was made here is 256 random bits: there is nothing to guess, and an HMAC under the installation's pepper
//! will do. One that somebody chose may be guessed, whatever its length, and is kept as a slow hash.

mod chosen;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

pub use chosen::ChosenHash;

use crate::master_key::{MasterKey, Purpose};
use crate::random::Random;
use crate::store::SecretRow;

/// Hashes client secrets under the installation's pepper.
pub struct SecretHasher {
    key: hmac::Key,
    pepper: SecretSlice<u8>,
}

impl SecretHasher {
    /// The hasher of an installation.
    pub fn new(master: &MasterKey) -> Self {
        let pepper = master.hmac_key(Purpose::ChosenSecrets);
        Self {
            key: master.hmac_key(Purpose::ClientSecrets),
            pepper: hmac::sign(&pepper, PEPPER_LABEL).as_ref().to_vec().into(),
        }
    }

    /// The hash of a secret as one that was made here is kept.
    pub fn hash(&self, secret: &str) -> hmac::Tag {
        hmac::sign(&self.key, secret.as_bytes())
    }

    /// Whether a hash is that of a secret. It takes a while.
    pub fn is_chosen(&self, hash: &ChosenHash, secret: &str) -> bool {
        hash.verify(secret, self.pepper.expose_secret())
    }

    /// The hash of a chosen secret. It takes a while.
    pub fn hash_chosen(&self, secret: &str, salt: [u8; 16]) -> ChosenHash {
        ChosenHash::of(secret, self.pepper.expose_secret(), &salt)
    }

    /// Stands for a secret beside the hash that it was checked against.
    pub fn print(&self, hash: &ChosenHash, secret: &str) -> Print {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [hash.as_bytes(), &[0], secret.as_bytes()] {
            context.update(part);
        }
        let mut print = Print::default();
        print.copy_from_slice(context.sign().as_ref());
        print
    }

    /// What is stored of a secret, however it came to be. It takes a while for one that was chosen.
    pub(super) fn to_stored(&self, secret: &str, salt: [u8; 16]) -> Vec<u8> {
        match looks_generated(secret) {
            true => self.hash(secret).as_ref().to_vec(),
            false => self.hash_chosen(secret, salt).to_stored().into_bytes(),
        }
    }
}

/// An HMAC-SHA-256.
pub type Print = [u8; 32];

/// One live secret.
#[derive(Debug)]
pub struct StoredSecret {
    hash: Hash,
    /// Unix seconds after which it no longer counts.
    expires_at: Option<u64>,
}

#[derive(Debug)]
enum Hash {
    Generated([u8; 32]),
    Chosen(ChosenHash),
}

impl StoredSecret {
    pub(super) fn from_row(row: &SecretRow) -> Option<Self> {
        let expires_at = row.expires_at.map(u64::try_from).transpose().ok()?;
        let hash = match <[u8; 32]>::try_from(&*row.hash) {
            Ok(tag) => Hash::Generated(tag),
            Err(_) => Hash::Chosen(ChosenHash::of_stored(str::from_utf8(&row.hash).ok()?)?),
        };
        Some(Self { hash, expires_at })
    }

    /// A hash that no secret has, to compare with when there is no client.
    pub fn of_nobody() -> Self {
        Self {
            hash: Hash::Generated([0; 32]),
            expires_at: Some(0),
        }
    }

    /// Whether a hashed secret is this one and it still counts. Takes the same time either way.
    pub fn matches(&self, hashed: &hmac::Tag, now: u64) -> bool {
        let Hash::Generated(tag) = &self.hash else {
            return false;
        };
        let same = constant_time::verify_slices_are_equal(tag, hashed.as_ref()).is_ok();
        same & self.counts(now)
    }

    /// Its slow hash, if it was chosen and still counts.
    pub fn chosen(&self, now: u64) -> Option<&ChosenHash> {
        match &self.hash {
            Hash::Chosen(hash) if self.counts(now) => Some(hash),
            Hash::Chosen(_) | Hash::Generated(_) => None,
        }
    }

    pub(super) fn was_chosen(&self) -> bool {
        matches!(self.hash, Hash::Chosen(_))
    }

    fn counts(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Makes a secret: a prefix that secret scanners can look for, 256 random bits, and a checksum of six characters that
/// tells a mistyped secret from a wrong one.
pub(super) fn generate(random: &dyn Random) -> SecretString {
    let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random.bytes::<32>()));
    let sum = checksum(&secret);
    (secret + &sum).into()
}

/// Whether a secret has the form of those that are made here, checksum included: then it need not be hashed slowly, and
/// can be nothing that was chosen.
pub fn looks_generated(secret: &str) -> bool {
    let at = PREFIX.len() + RANDOM_CHARS;
    match secret.split_at_checked(at) {
        Some((made, sum)) => made.starts_with(PREFIX) && sum == checksum(made),
        None => false,
    }
}

fn checksum(of: &str) -> String {
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, of.as_bytes());
    let mut sum = URL_SAFE_NO_PAD.encode(sum);
    sum.truncate(CHECKSUM_CHARS);
    sum
}

const PREFIX: &str = "rms_";
/// 32 bytes in Base64.
const RANDOM_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
const PEPPER_LABEL: &[u8] = b"rulemint pepper v1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn only_what_was_made_here_looks_so() {
        let made = generate(&SystemRandom);
        let made = made.expose_secret();
        assert!(looks_generated(made), "{made}");
        let mistyped = format!("{}x{}", &made[..20], &made[21..]);
        assert!(!looks_generated(&mistyped) || mistyped == *made);
        assert!(!looks_generated("rms_"));
        assert!(!looks_generated(&made[..50]));
        assert!(!looks_generated(&format!("{made}x")));
    }
}
