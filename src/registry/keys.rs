//! Looking at signing keys, and rotating them.

use super::{LIFETIME_SECONDS_MAX, Registrar, RegistrarError};
use crate::keys::{Algorithm, KEY_SET_SECONDS, ensure_key, next_key};
use crate::store::{KeyRow, RevokedKeyRow};

/// A signing key as it stands, without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStanding {
    /// RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// What it signs with.
    pub algorithm: String,
    /// `next`, `current`, `previous` or `revoked`.
    pub state: String,
    /// Since when it is in the key set, in Unix seconds; nothing where it is there no more.
    pub published_at: Option<i64>,
    /// When it began to sign, in Unix seconds.
    pub current_since: Option<i64>,
    /// When it ceased to, in Unix seconds.
    pub current_until: Option<i64>,
    /// When it was revoked, in Unix seconds.
    pub revoked_at: Option<i64>,
    /// X.509 in DER.
    pub certificate: Vec<u8>,
}

impl From<KeyRow> for KeyStanding {
    fn from(row: KeyRow) -> Self {
        Self {
            kid: row.kid,
            algorithm: row.algorithm,
            state: row.state,
            published_at: Some(row.created_at),
            current_since: row.current_since,
            current_until: row.current_until,
            revoked_at: None,
            certificate: row.certificate.unwrap_or_default(),
        }
    }
}

impl From<RevokedKeyRow> for KeyStanding {
    fn from(row: RevokedKeyRow) -> Self {
        Self {
            kid: row.kid,
            algorithm: row.algorithm,
            state: "revoked".to_owned(),
            published_at: None,
            current_since: row.current_since,
            current_until: row.current_until,
            revoked_at: Some(row.revoked_at),
            certificate: row.certificate.unwrap_or_default(),
        }
    }
}

/// What a rotation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The keys that sign now.
    pub current: Vec<KeyStanding>,
    /// Those that will.
    pub next: Vec<KeyStanding>,
    /// Those that sign now and that not every verifier may know yet, because the rotation before this one was so short ago.
    pub hasty: Vec<Hasty>,
}

/// A key that signs before every verifier needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hasty {
    /// RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// When nobody can have a key set any more without it, in Unix seconds.
    pub known_at: i64,
}

impl Rotation {
    fn of(keys: &[KeyStanding], now: i64, only: Option<Algorithm>) -> Self {
        let such = |state: &str| {
            let is_such = |key: &&KeyStanding| {
                key.state == state && only.is_none_or(|only| only.as_str() == key.algorithm)
            };
            keys.iter().filter(is_such).cloned().collect::<Vec<_>>()
        };
        let current = such("current");
        let hasty = current.iter().filter_map(|key| hasty(key, keys, now));
        Self {
            hasty: hasty.collect(),
            next: such("next"),
            current,
        }
    }
}

/// An installation's first two keys were published together: the second can sign at any time.
fn hasty(key: &KeyStanding, keys: &[KeyStanding], now: i64) -> Option<Hasty> {
    let has_signed = |other: &&KeyStanding| {
        other.algorithm == key.algorithm && matches!(&*other.state, "previous" | "revoked")
    };
    let known_at = key.published_at? + i64::from(KEY_SET_SECONDS);
    (known_at > now && keys.iter().filter(has_signed).count() > 1).then(|| Hasty {
        kid: key.kid.clone(),
        known_at,
    })
}

impl Registrar {
    /// Every signing key, the newest first, and behind them those that were revoked.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn keys(&self) -> Result<Vec<KeyStanding>, RegistrarError> {
        let keys = self.store.signing_keys().await?.into_iter();
        let revoked = self.store.revoked_keys().await?.into_iter();
        Ok(keys
            .map(KeyStanding::from)
            .chain(revoked.map(KeyStanding::from))
            .collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is no such key.
    pub async fn key(&self, kid: &str) -> Result<KeyStanding, RegistrarError> {
        let found = self.keys().await?.into_iter().find(|key| key.kid == kid);
        found.ok_or_else(|| RegistrarError::not_found(KEY, kid))
    }

    /// Has the next key of an algorithm sign from now on, or of every algorithm that is in use, and makes the ones that will.
    /// What was signed before stays good.
    ///
    /// # Errors
    /// When the algorithm is not in use, or a key cannot be made or stored.
    pub async fn rotate_keys(&self, only: Option<Algorithm>) -> Result<Rotation, RegistrarError> {
        let is_current = |key: &KeyStanding| key.state == "current";
        let wanted = |key: &KeyStanding| only.is_none_or(|only| only.as_str() == key.algorithm);
        let before = self.keys().await?.into_iter();
        let known = before.filter(|key| is_current(key) && wanted(key));
        let algorithms: Vec<Algorithm> =
            known.filter_map(|key| key.algorithm.parse().ok()).collect();
        if let (true, Some(only)) = (algorithms.is_empty(), only) {
            return Err(RegistrarError::not_found(KEY, only.as_str()));
        }
        for algorithm in algorithms {
            // An older version made no next one, and without one nothing would sign.
            ensure_key(&self.store, &self.master, algorithm, self.by()).await?;
            let next = next_key(&self.master, algorithm, self.now())?;
            self.store.rotate_key(&next, self.by()).await?;
        }
        let oldest = self.now() - i64::from(LIFETIME_SECONDS_MAX) - MARGIN_SECONDS;
        self.store.forget_keys(oldest, self.by()).await?;
        Ok(Rotation::of(&self.keys().await?, self.now(), only))
    }

    /// A new key of the same algorithm as this one, to be stored where that is revoked.
    ///
    /// # Errors
    /// When there is no such key, or it was revoked already.
    pub async fn key_instead_of(&self, kid: &str) -> Result<KeyRow, RegistrarError> {
        let algorithm = self.key_in_use(kid).await?;
        ensure_key(&self.store, &self.master, algorithm, self.by()).await?;
        Ok(next_key(&self.master, algorithm, self.now())?)
    }

    /// Checks that a key can be revoked, and says what it signs with.
    ///
    /// # Errors
    /// When there is no such key, or it was revoked already.
    pub async fn key_in_use(&self, kid: &str) -> Result<Algorithm, RegistrarError> {
        let key = self.key(kid).await?;
        match (key.revoked_at, key.algorithm.parse()) {
            (None, Ok(algorithm)) => Ok(algorithm),
            _ => Err(RegistrarError::Invalid(format!(
                "key {kid} was revoked already"
            ))),
        }
    }
}

/// What errors call it.
const KEY: &str = "signing key";
/// Clocks of those who verify may be late.
const MARGIN_SECONDS: i64 = 3_600;
