//! The one secret of an installation: what every stored secret is sealed, hashed or authenticated with.
//!
//! It lies in the data directory as `master.key`, readable by its owner alone. Keys for each use are derived from it
//! (HKDF, RFC 5869), so that no two uses share one.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::random::Random;

/// What a derived key is for. The text is part of the derivation: changing one orphans what was made with it.
#[derive(Clone, Copy)]
pub enum Purpose {
    /// Hashing client secrets, so that the store alone cannot be searched for one.
    ClientSecrets,
    /// The pepper of the slow hashes of secrets that people chose.
    ChosenSecrets,
    /// Authenticating compiled rules: whoever could forge one would run native code.
    CompiledRules,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::ClientSecrets => b"rulemint client secrets v1",
            Self::ChosenSecrets => b"rulemint chosen secrets v1",
            Self::CompiledRules => b"rulemint compiled rules v1",
        }
    }
}

/// The installation's master key.
pub struct MasterKey(Prk);

impl MasterKey {
    /// Its file, below the data directory.
    pub const FILE_NAME: &str = "master.key";

    /// Reads the key of a data directory, or makes one where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read or written, is readable by others, or does not hold a key.
    pub fn load_or_create(directory: &Path, random: &dyn Random) -> Result<Self, MasterKeyError> {
        match Self::load(directory) {
            Err(MasterKeyError::File { path, source }) if source.kind() == ErrorKind::NotFound => {
                let made = create(&path, &STANDARD.encode(random.bytes::<KEY_BYTES>()));
                made.map_err(|source| MasterKeyError::File { path, source })?;
                Self::load(directory)
            }
            loaded => loaded,
        }
    }

    /// Reads the key of a data directory.
    ///
    /// # Errors
    /// When the file is not there, cannot be read, is readable by others, or does not hold a key.
    pub fn load(directory: &Path) -> Result<Self, MasterKeyError> {
        let path = directory.join(Self::FILE_NAME);
        match read_private(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(source) => Err(MasterKeyError::File { path, source }),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, MasterKeyError> {
        match STANDARD.decode(text.trim()) {
            Ok(bytes) if bytes.len() == KEY_BYTES => {
                Ok(Self(Salt::new(HKDF_SHA256, SALT).extract(&bytes)))
            }
            _ => Err(MasterKeyError::Malformed {
                path: path.to_owned(),
            }),
        }
    }

    /// The HMAC-SHA-256 key for one purpose.
    pub fn hmac_key(&self, purpose: Purpose) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.derive(purpose.label()))
    }

    /// Encrypts and authenticates (AES-256-GCM): nonce, ciphertext, tag. `label` must be given again to open it.
    pub fn seal(&self, label: &str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = plain.to_vec();
        let nonce = self
            .sealing_key()
            .seal_in_place_append_tag(Aad::from(label), &mut sealed)
            .expect("AES-GCM seals anything shorter than 64 GiB");
        [nonce.as_ref().as_slice(), &sealed].concat()
    }

    /// Opens what [`seal`](Self::seal) made with the same label.
    ///
    /// # Errors
    /// When it was sealed with another key or label, or has been altered.
    pub fn open(&self, label: &str, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(Unsealable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut rest = rest.to_vec();
        let key = self.sealing_key();
        let plain = key.open_in_place(nonce, Aad::from(label), &mut rest);
        Ok(plain.map_err(|_| Unsealable)?.to_vec())
    }

    fn sealing_key(&self) -> RandomizedNonceKey {
        let key = self.derive(b"rulemint seal v1");
        RandomizedNonceKey::new(&AES_256_GCM, &key).expect("32 bytes are an AES-256 key")
    }

    fn derive(&self, label: &[u8]) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        self.0
            .expand(&[label], HKDF_SHA256)
            .and_then(|material| material.fill(&mut key))
            .expect("HKDF-SHA-256 yields up to 8,160 bytes");
        key
    }
}

fn read_private(path: &Path) -> io::Result<String> {
    let mode = fs::metadata(path)?.mode();
    if mode & 0o077 != 0 {
        let advice = format!("others may use it (mode {:o}); run chmod 600", mode & 0o777);
        return Err(io::Error::new(ErrorKind::PermissionDenied, advice));
    }
    fs::read_to_string(path)
}

/// Two processes may start at once: the link is made whole or not at all, and the first one wins.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(problem) if problem.kind() != ErrorKind::AlreadyExists => Err(problem),
        _ => Ok(()),
    }
}

/// The master key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or written, or others may read it.
    #[error("use the master key {path}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("use the master key {path}: it does not hold 32 bytes in Base64", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// Sealed with another key or label, or altered since.
#[derive(Debug, thiserror::Error)]
#[error("open a sealed secret: the master key is not the one it was sealed with")]
pub struct Unsealable;

const KEY_BYTES: usize = 32;
const SALT: &[u8] = b"rulemint master key v1";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn what_one_start_seals_the_next_one_opens() {
        let directory = tempfile::tempdir().unwrap();
        let first = MasterKey::load_or_create(directory.path(), &SystemRandom).unwrap();
        let second = MasterKey::load_or_create(directory.path(), &SystemRandom).unwrap();
        let sealed = first.seal("kid-1", b"private");
        assert_eq!(second.open("kid-1", &sealed).unwrap(), b"private");
    }

    #[test]
    fn another_label_an_altered_byte_or_another_key_does_not_open_it() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = MasterKey::load_or_create(one.path(), &SystemRandom).unwrap();
        let other = MasterKey::load_or_create(two.path(), &SystemRandom).unwrap();
        let sealed = key.seal("kid-1", b"private");
        let mut altered = sealed.clone();
        altered[NONCE_LEN] ^= 1;
        assert!(key.open("kid-2", &sealed).is_err());
        assert!(key.open("kid-1", &altered).is_err());
        assert!(key.open("kid-1", b"short").is_err());
        assert!(other.open("kid-1", &sealed).is_err());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        MasterKey::load_or_create(directory.path(), &SystemRandom).unwrap();
        let path = directory.path().join(MasterKey::FILE_NAME);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = MasterKey::load_or_create(directory.path(), &SystemRandom);
        let Err(MasterKeyError::File { source, .. }) = refused else {
            panic!("a group-readable key was used");
        };
        assert!(source.to_string().contains("chmod 600"), "{source}");
    }
}
