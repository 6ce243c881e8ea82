//! The rule chains that have been live.

use serde_json::{Map, Value, json};
use sqlx::FromRow;

use super::audit::{self, Entry};
use super::{Store, StoreError};
use crate::audit::By;

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
        by: By<'_>,
    ) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let before: Option<String> =
            sqlx::query_scalar("SELECT rules FROM generations ORDER BY number DESC LIMIT 1")
                .fetch_optional(&mut *transaction)
                .await?;
        let inserted = sqlx::query(
            "INSERT INTO generations (rules_dir, cause, rules, holds, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(generation.rules_dir)
        .bind(generation.cause)
        .bind(generation.rules)
        .bind(&generation.holds)
        .bind(by.at)
        .execute(&mut *transaction)
        .await?;
        let number = inserted.last_insert_rowid();
        let name = number.to_string();
        let entry = Entry::done("go_live", "generation", &name);
        let entry = told(entry, before.as_deref(), &generation);
        audit::record(&mut transaction, by, entry).await?;
        sqlx::query("DELETE FROM generations WHERE number <= ?1")
            .bind(number - i64::from(kept) - 1)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(number)
    }

    /// Says anew of a chain where it came from and what it holds against. Its rules stay what they were.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn amend_generation(
        &self,
        number: i64,
        rules_dir: &str,
        holds: Option<String>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE generations SET rules_dir = ?2, holds = ?3 WHERE number = ?1")
            .bind(number)
            .bind(rules_dir)
            .bind(holds)
            .execute(&self.pool)
            .await?;
        Ok(())
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

/// Which rules came, went or changed.
fn told<'e>(entry: Entry<'e>, before: Option<&str>, generation: &NewGeneration<'_>) -> Entry<'e> {
    let before = before.map(|rules| json!({ "rules": digests(rules) }));
    let after = json!({ "rules": digests(generation.rules), "cause": generation.cause });
    entry.with(before, Some(after))
}

/// The digests of a chain's rules, by their names.
fn digests(rules: &str) -> Map<String, Value> {
    let rules: Vec<Value> = serde_json::from_str(rules).unwrap_or_default();
    let named = |rule: Value| Some((rule["name"].as_str()?.to_owned(), rule["digest"].clone()));
    rules.into_iter().filter_map(named).collect()
}
