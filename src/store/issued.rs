//! The ledger's rows: one for every token that was issued.

use sqlx::{FromRow, QueryBuilder, Sqlite};

use super::{Store, StoreError};

/// A token that was issued.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct IssuedRow {
    /// Its `jti`.
    pub jti: String,
    /// To which client.
    pub client_id: String,
    /// Under which client grant.
    pub grant_id: String,
    /// For which API.
    pub audience: String,
    /// Its `sub`.
    pub subject: String,
    /// Its scopes, space-separated.
    pub scope: String,
    /// Its `iat`.
    pub issued_at: i64,
    /// Its `exp`.
    pub expires_at: i64,
    /// Which request.
    pub transaction_id: String,
    /// Which rule chain.
    pub generation: i64,
    /// Which signing key.
    pub kid: String,
    /// What each rule did, as JSON.
    pub rules: String,
}

impl Store {
    /// Writes tokens down, all of them or none.
    ///
    /// # Errors
    /// When the store does not answer, or cannot hold more.
    pub async fn add_issued(&self, rows: &[IssuedRow]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for rows in rows.chunks(ROWS_PER_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO issued_tokens (jti, client_id, grant_id, audience, subject, scope, \
                 issued_at, expires_at, transaction_id, generation, kid, rules) ",
            );
            insert.push_values(rows, |mut values, row| {
                values
                    .push_bind(&row.jti)
                    .push_bind(&row.client_id)
                    .push_bind(&row.grant_id)
                    .push_bind(&row.audience)
                    .push_bind(&row.subject)
                    .push_bind(&row.scope)
                    .push_bind(row.issued_at)
                    .push_bind(row.expires_at)
                    .push_bind(&row.transaction_id)
                    .push_bind(row.generation)
                    .push_bind(&row.kid)
                    .push_bind(&row.rules);
            });
            insert.build().execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The tokens with this `jti`, the newest first: more than one only if a rule broke its promise.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn issued(&self, jti: &str) -> Result<Vec<IssuedRow>, StoreError> {
        let rows = sqlx::query_as("SELECT * FROM issued_tokens WHERE jti = ?1 ORDER BY rowid DESC")
            .bind(jti);
        Ok(rows.fetch_all(&self.pool).await?)
    }

    /// How many tokens are on record.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn issued_count(&self) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM issued_tokens");
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// Forgets up to `at_most` tokens that expired before `before` (Unix seconds), and says how many.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_issued(&self, before: i64, at_most: u32) -> Result<u64, StoreError> {
        let deleted = sqlx::query(
            "DELETE FROM issued_tokens WHERE rowid IN \
             (SELECT rowid FROM issued_tokens WHERE expires_at < ?1 LIMIT ?2)",
        )
        .bind(before)
        .bind(at_most)
        .execute(&self.pool)
        .await?;
        Ok(deleted.rows_affected())
    }
}

/// One statement of this many rows is prepared once and kept; SQLite takes 32,766 values in one.
const ROWS_PER_STATEMENT: usize = 64;
