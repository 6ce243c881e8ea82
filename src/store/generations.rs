//! The rule chains that have been live.

use sqlx::FromRow;

use super::{Store, StoreError};

/// A chain that was live.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct GenerationRow {
    /// Its number; later chains have greater ones.
    pub number: i64,
    /// The directory it came from.
    pub rules_dir: String,
    /// Why it came to be.
    pub cause: String,
    /// Its rules, as JSON.
    pub rules: String,
    /// After a rollback: the digest of the rules directory that it holds against.
    pub holds: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
}

/// A chain about to be live.
pub struct NewGeneration<'a> {
    /// The directory it comes from.
    pub rules_dir: &'a str,
    /// Why it comes to be.
    pub cause: &'a str,
    /// Its rules, as JSON.
    pub rules: &'a str,
    /// After a rollback: the digest of the rules directory that it holds against.
    pub holds: Option<String>,
    /// Unix seconds.
    pub created_at: i64,
}

impl Store {
    /// Writes a chain down, forgets all but the newest `kept`, and says the new one's number.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn add_generation(
        &self,
        generation: NewGeneration<'_>,
        kept: u32,
    ) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let inserted = sqlx::query(
            "INSERT INTO generations (rules_dir, cause, rules, holds, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(generation.rules_dir)
        .bind(generation.cause)
        .bind(generation.rules)
        .bind(generation.holds)
        .bind(generation.created_at)
        .execute(&mut *transaction)
        .await?;
        let number = inserted.last_insert_rowid();
        sqlx::query("DELETE FROM generations WHERE number <= ?1")
            .bind(number - i64::from(kept) - 1)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(number)
    }

    /// The newest `count` chains, the newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn generations(&self, count: u32) -> Result<Vec<GenerationRow>, StoreError> {
        let newest =
            sqlx::query_as("SELECT * FROM generations ORDER BY number DESC LIMIT ?1").bind(count);
        Ok(newest.fetch_all(&self.pool).await?)
    }

    /// One chain.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn generation(&self, number: i64) -> Result<Option<GenerationRow>, StoreError> {
        let one = sqlx::query_as("SELECT * FROM generations WHERE number = ?1").bind(number);
        Ok(one.fetch_optional(&self.pool).await?)
    }
}
