//! Makes keys: the one that signs, and the one that will, which verifiers get to know before its first token.

use super::certificate::certificate;
use super::{Algorithm, KeyRingError, SigningKey};
use crate::audit::By;
use crate::master_key::MasterKey;
use crate::store::{KeyRow, Store};

/// Makes the keys of an algorithm that are not there yet.
///
/// # Errors
/// When they cannot be made or stored.
pub async fn ensure_key(
    store: &Store,
    master: &MasterKey,
    algorithm: Algorithm,
    by: By<'_>,
) -> Result<(), KeyRingError> {
    let rows = store.signing_keys().await?;
    for state in [CURRENT, NEXT] {
        let is_it = |row: &KeyRow| row.algorithm == algorithm.as_str() && row.state == state;
        if rows.iter().any(is_it) {
            continue;
        }
        let mut row = next_key(master, algorithm, by.at)?;
        state.clone_into(&mut row.state);
        row.current_since = (state == CURRENT).then_some(by.at);
        store.add_first_key(&row, by).await?;
    }
    Ok(())
}

/// Makes what an older version did not make, and forgets keys under which no token can be left: of those that ceased to sign
/// before this moment (Unix seconds).
///
/// # Errors
/// When something cannot be made, opened or stored.
pub async fn complete_keys(
    store: &Store,
    master: &MasterKey,
    forget_before: i64,
    by: By<'_>,
) -> Result<(), KeyRingError> {
    for row in store.signing_keys().await? {
        let Ok(algorithm) = row.algorithm.parse::<Algorithm>() else {
            continue; // Written by a newer version that knows more algorithms.
        };
        if row.certificate.is_none() {
            let pkcs8 = master.open(&row.kid, &row.sealed)?;
            let made = certificate(algorithm, &pkcs8, (&row.kid, row.created_at))?;
            store.set_certificate(&row.kid, &made).await?;
        }
        if row.state == CURRENT {
            ensure_key(store, master, algorithm, by).await?;
        }
    }
    store.forget_keys(forget_before, by).await?;
    Ok(())
}

/// Makes a key that will sign. It is not stored yet.
///
/// # Errors
/// When there is no randomness.
pub fn next_key(
    master: &MasterKey,
    algorithm: Algorithm,
    now: i64,
) -> Result<KeyRow, KeyRingError> {
    let pkcs8 = SigningKey::generate(algorithm)?;
    let kid = SigningKey::parse(algorithm, &pkcs8)?.kid().to_owned();
    Ok(KeyRow {
        algorithm: algorithm.as_str().to_owned(),
        sealed: master.seal(&kid, &pkcs8),
        certificate: Some(certificate(algorithm, &pkcs8, (&kid, now))?),
        kid,
        created_at: now,
        state: NEXT.to_owned(),
        current_since: None,
        current_until: None,
    })
}

pub(super) const CURRENT: &str = "current";
const NEXT: &str = "next";
