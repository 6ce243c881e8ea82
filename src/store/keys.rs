//! Signing keys, sealed.

use serde_json::json;
use sqlx::FromRow;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::{Store, StoreError};
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

    /// Adds a key unless there is one of its algorithm already. Says whether it was added.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn add_first_key(&self, key: &KeyRow, by: By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let inserted = sqlx::query(
            "INSERT INTO signing_keys (kid, algorithm, sealed, created_at) \
             SELECT ?1, ?2, ?3, ?4 \
             WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE algorithm = ?2)",
        )
        .bind(&key.kid)
        .bind(&key.algorithm)
        .bind(&key.sealed)
        .bind(key.created_at)
        .execute(&mut *transaction)
        .await?;
        let added = inserted.rows_affected() > 0;
        if added {
            changes::note(&mut transaction, ChangeKind::SigningKey, &key.kid, by).await?;
            let told = json!({ "algorithm": key.algorithm });
            let entry = Entry::added("signing_key", &key.kid, &told);
            audit::record(&mut transaction, by, entry).await?;
        }
        transaction.commit().await?;
        Ok(added)
    }
}
