//! What all scripts share, sealed.

use sqlx::FromRow;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::{Store, StoreError, Transaction};
use crate::audit::By;

/// A value that all scripts share, as stored.
#[derive(Clone, FromRow)]
pub struct RulesConfigRow {
    /// What scripts call it.
    pub key: String,
    /// The value, sealed under the master key.
    pub sealed: Vec<u8>,
    /// Unix seconds.
    pub updated_at: i64,
}

impl Store {
    /// All of them, by key.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rules_configs(&self) -> Result<Vec<RulesConfigRow>, StoreError> {
        let all = sqlx::query_as("SELECT * FROM rules_configs ORDER BY key");
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// Sets one, unless it is new and there are `count_max` already, and asks a running server to load the rules anew. The
    /// number is that of the wish.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn put_rules_config(
        &self,
        row: &RulesConfigRow,
        count_max: i64,
        by: By<'_>,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        let put = sqlx::query(
            "INSERT INTO rules_configs (key, sealed, updated_at) SELECT ?1, ?2, ?3 \
             WHERE EXISTS (SELECT 1 FROM rules_configs WHERE key = ?1) \
                OR (SELECT COUNT(*) FROM rules_configs) < ?4 \
             ON CONFLICT (key) DO UPDATE SET sealed = ?2, updated_at = ?3",
        )
        .bind(&row.key)
        .bind(&row.sealed)
        .bind(row.updated_at)
        .bind(count_max)
        .execute(&mut *transaction)
        .await?;
        if put.rows_affected() == 0 {
            return Ok(None);
        }
        let wish = noted(&mut transaction, ("set", &row.key), by).await?;
        transaction.commit().await?;
        Ok(Some(wish))
    }

    /// Deletes one, if it is there, and asks a running server to load the rules anew. The number is that of the wish.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_rules_config(
        &self,
        key: &str,
        by: By<'_>,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM rules_configs WHERE key = ?1")
            .bind(key)
            .execute(&mut *transaction)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(None);
        }
        let wish = noted(&mut transaction, ("delete", key), by).await?;
        transaction.commit().await?;
        Ok(Some(wish))
    }
}

/// What is written down with every change: the name, and never the value.
async fn noted(
    transaction: &mut Transaction,
    (operation, key): (&'static str, &str),
    by: By<'_>,
) -> Result<i64, StoreError> {
    changes::note(transaction, ChangeKind::RulesConfig, key, by).await?;
    let entry = Entry::done(operation, "rules_config", key);
    audit::record(transaction, by, entry).await?;
    changes::note_rules_changed(transaction, by).await
}
