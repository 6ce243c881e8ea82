//! Signing keys, sealed: one that signs and one that will for each algorithm, and those that signed before.

use serde_json::json;
use sqlx::FromRow;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::revocations::{NewRevocationRow, RevocationRow};
use super::revoking;
use super::{Store, StoreError, Transaction};
use crate::audit::By;

/// A signing key as stored.
#[derive(Clone, FromRow)]
pub struct KeyRow {
    /// RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// `ES256`, `RS256` or `EdDSA`.
    pub algorithm: String,
    /// PKCS#8, sealed under the master key with the kid as label.
    pub sealed: Vec<u8>,
    /// Unix seconds.
    pub created_at: i64,
    /// `next`, `current` or `previous`.
    pub state: String,
    /// When it began to sign, in Unix seconds.
    pub current_since: Option<i64>,
    /// When it ceased to, in Unix seconds.
    pub current_until: Option<i64>,
    /// X.509 in DER.
    pub certificate: Option<Vec<u8>>,
}

/// What is left of a key that was revoked.
#[derive(Clone, FromRow)]
pub struct RevokedKeyRow {
    /// RFC 7638 thumbprint of the public key.
    pub kid: String,
    /// `ES256`, `RS256` or `EdDSA`.
    pub algorithm: String,
    /// When it began to sign, in Unix seconds.
    pub current_since: Option<i64>,
    /// When it ceased to, in Unix seconds.
    pub current_until: Option<i64>,
    /// X.509 in DER.
    pub certificate: Option<Vec<u8>>,
    /// Unix seconds.
    pub revoked_at: i64,
}

impl Store {
    /// Every signing key, the newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn signing_keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        let all = sqlx::query_as("SELECT * FROM signing_keys ORDER BY created_at DESC, kid");
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// Every key that was revoked, the newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revoked_keys(&self) -> Result<Vec<RevokedKeyRow>, StoreError> {
        let all = sqlx::query_as("SELECT * FROM revoked_keys ORDER BY revoked_at DESC, kid");
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// Adds a key unless there is one of its algorithm in its state already. Says whether it was added.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn add_first_key(&self, key: &KeyRow, by: By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let there: Option<String> =
            sqlx::query_scalar("SELECT kid FROM signing_keys WHERE algorithm = ?1 AND state = ?2")
                .bind(&key.algorithm)
                .bind(&key.state)
                .fetch_optional(&mut *transaction)
                .await?;
        if there.is_some() {
            return Ok(false);
        }
        insert(&mut transaction, key, by).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Gives a key its certificate, if it has none yet.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn set_certificate(&self, kid: &str, certificate: &[u8]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE signing_keys SET certificate = ?2 WHERE kid = ?1 AND certificate IS NULL",
        )
        .bind(kid)
        .bind(certificate)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Puts the next key of an algorithm in the place of the one that signs, and this one in the next one's.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rotate_key(&self, next: &KeyRow, by: By<'_>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        step(&mut transaction, &next.algorithm, by).await?;
        insert(&mut transaction, next, by).await?;
        let entry = Entry::done("rotate", KEY, &next.kid);
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await
    }

    /// Revokes a key and everything that was signed with it, in one moment. Where it was the one that signs or will, the next
    /// one takes its place, and this one the next one's.
    ///
    /// # Errors
    /// When the store does not answer. `Ok(None)`: there is no such key, and nothing was done.
    pub async fn revoke_key(
        &self,
        kid: &str,
        next: &KeyRow,
        (new, by): (&NewRevocationRow, By<'_>),
    ) -> Result<Option<(RevocationRow, i64)>, StoreError> {
        let mut transaction = self.begin().await?;
        let state: Option<String> =
            sqlx::query_scalar("SELECT state FROM signing_keys WHERE kid = ?1")
                .bind(kid)
                .fetch_optional(&mut *transaction)
                .await?;
        let Some(state) = state else {
            return Ok(None);
        };
        if state == "current" {
            step(&mut transaction, &next.algorithm, by).await?;
        }
        take_away(&mut transaction, kid, by).await?;
        if state != "previous" {
            insert(&mut transaction, next, by).await?;
        }
        let cut_off = revoking::insert(&mut transaction, new, by).await?;
        transaction.commit().await?;
        Ok(Some(cut_off))
    }

    /// Forgets keys that ceased to sign before this moment (Unix seconds): no token under them is left. Says how many.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_keys(&self, before: i64, by: By<'_>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let gone: Vec<String> = sqlx::query_scalar(
            "DELETE FROM signing_keys WHERE state = 'previous' AND current_until < ?1 RETURNING kid",
        )
        .bind(before)
        .fetch_all(&mut *transaction)
        .await?;
        for kid in &gone {
            changes::note(&mut transaction, ChangeKind::SigningKey, kid, by).await?;
            audit::record(&mut transaction, by, Entry::done("delete", KEY, kid)).await?;
        }
        sqlx::query("DELETE FROM revoked_keys WHERE revoked_at < ?1")
            .bind(before)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.len() as u64)
    }
}

/// The key that signs ceases to, and the next one begins.
async fn step(
    transaction: &mut Transaction,
    algorithm: &str,
    by: By<'_>,
) -> Result<(), StoreError> {
    for change in [
        "UPDATE signing_keys SET state = 'previous', current_until = ?2 \
         WHERE algorithm = ?1 AND state = 'current'",
        "UPDATE signing_keys SET state = 'current', current_since = ?2 \
         WHERE algorithm = ?1 AND state = 'next'",
    ] {
        sqlx::query(change)
            .bind(algorithm)
            .bind(by.at)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

async fn take_away(transaction: &mut Transaction, kid: &str, by: By<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO revoked_keys (kid, algorithm, created_at, current_since, current_until, certificate, revoked_at) \
         SELECT kid, algorithm, created_at, current_since, current_until, certificate, ?2 \
         FROM signing_keys WHERE kid = ?1",
    )
    .bind(kid)
    .bind(by.at)
    .execute(&mut **transaction)
    .await?;
    sqlx::query("DELETE FROM signing_keys WHERE kid = ?1")
        .bind(kid)
        .execute(&mut **transaction)
        .await?;
    changes::note(transaction, ChangeKind::SigningKey, kid, by).await?;
    audit::record(transaction, by, Entry::done("revoke", KEY, kid)).await
}

async fn insert(transaction: &mut Transaction, key: &KeyRow, by: By<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO signing_keys (kid, algorithm, sealed, created_at, state, current_since, certificate) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(&key.kid)
    .bind(&key.algorithm)
    .bind(&key.sealed)
    .bind(key.created_at)
    .bind(&key.state)
    .bind(key.current_since)
    .bind(&key.certificate)
    .execute(&mut **transaction)
    .await?;
    changes::note(transaction, ChangeKind::SigningKey, &key.kid, by).await?;
    let told = json!({ "algorithm": key.algorithm, "state": key.state });
    audit::record(transaction, by, Entry::added(KEY, &key.kid, &told)).await
}

/// What entries of the audit log are about.
const KEY: &str = "signing_key";
