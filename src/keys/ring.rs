//! The keys in use: one to sign with for each algorithm, and all public halves for those who verify, of the next one too.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::json;

use super::rotation::CURRENT;
use super::{Algorithm, KeyRingError, PublicKey, SigningKey};
use crate::master_key::MasterKey;
use crate::store::Store;

/// Every live key. It never changes; a change makes a new one.
#[derive(Default)]
pub struct KeyRing {
    /// One place for each algorithm, by its index; empty while no API uses it.
    by_algorithm: [Option<Arc<SigningKey>>; 3],
    /// Every key, by what its tokens begin with.
    by_header: HashMap<Box<str>, PublicKey>,
    jwks: Arc<str>,
}

impl KeyRing {
    /// Opens the keys in the store.
    ///
    /// # Errors
    /// When the store does not answer, or a key was sealed under another master key.
    pub async fn load(store: &Store, master: &MasterKey) -> Result<Self, KeyRingError> {
        let mut ring = Self::default();
        let mut public = Vec::new();
        let mut rows = store.signing_keys().await?;
        // Whoever takes the first key of an algorithm takes the one that signs.
        rows.sort_by_key(|row| row.state != CURRENT);
        for row in rows {
            let Ok(algorithm) = Algorithm::from_str(&row.algorithm) else {
                continue; // Written by a newer version that knows more algorithms.
            };
            let key = SigningKey::parse(algorithm, &master.open(&row.kid, &row.sealed)?)?;
            public.push(key.jwk().clone());
            ring.by_header.insert(key.header().into(), key.public()?);
            if row.state == CURRENT {
                ring.by_algorithm[algorithm.index()] = Some(Arc::new(key));
            }
        }
        ring.jwks = json!({ "keys": public }).to_string().into();
        Ok(ring)
    }

    /// The key to sign with.
    pub fn signing(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.by_algorithm[algorithm.index()].as_ref()
    }

    /// The key of a token that begins with this header. A header is compared to the letter: only those that this server
    /// writes are among them, and nothing in another one is ever read.
    pub fn of_header(&self, header: &str) -> Option<&PublicKey> {
        self.by_header.get(header)
    }

    /// The algorithms there is a key for.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.by_algorithm
            .iter()
            .flatten()
            .map(|key| key.algorithm())
    }

    /// The JWK set (RFC 7517 section 5) as JSON: public keys only.
    pub fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.jwks)
    }
}
