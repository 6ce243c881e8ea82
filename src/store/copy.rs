//! Copies of the whole store, and whether it is sound.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Row};

use super::condition::Watch;
use super::{BUSY_TIMEOUT, PLACE_BITS, Store, StoreError, make_private, pool, revoking, schema};

impl Store {
    /// Opens a file as it is, to read it: nothing is made, brought up to date or written.
    ///
    /// # Errors
    /// When it cannot be read, or was written by a version that this one does not understand.
    pub async fn open_as_is(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = pool(1).connect_with(options).await?;
        schema::check_known(&pool).await?;
        let watch = Watch::new(file);
        Ok(Self { pool, watch })
    }

    /// Writes everything that is committed at this moment into a new file, while others read and write.
    ///
    /// # Errors
    /// When the store cannot be read, or the file cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        make_private(file).map_err(|problem| StoreError::Database(problem.into()))?;
        let file = file.to_string_lossy();
        let copied = sqlx::query("VACUUM INTO ?1").bind(&*file);
        copied.execute(&self.pool).await?;
        Ok(())
    }

    /// The number of the newest migration that was run.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn schema_version(&self) -> Result<i64, StoreError> {
        schema::found(&self.pool).await
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rows_of(&self, table: &'static str) -> Result<i64, StoreError> {
        let count = format!("SELECT COUNT(*) FROM {table}");
        let count = sqlx::query_scalar(AssertSqlSafe(count));
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// Reads every page, and says what is wrong: nothing where all is well.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)")
            .fetch_all(&self.pool)
            .await?;
        let mut damage: Vec<String> = said.into_iter().filter(|line| line != "ok").collect();
        let dangling = sqlx::query("PRAGMA foreign_key_check");
        for row in dangling.fetch_all(&self.pool).await? {
            let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
            damage.push(format!(
                "a row of {table} refers to a row of {parent} that is not there"
            ));
        }
        Ok(damage)
    }

    /// Makes a copy that is to be used again a store of its own. Numbers of revocations that were given out after it was taken
    /// are never given out again: tokens know them as older than themselves. Whoever follows the list of revocations learns that
    /// this is another list. Status lists are closed, at `now` (Unix seconds): places may have been handed out since, so each
    /// place without a record counts as revoked.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn part_from_original(&self, skipped: i64, now: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let moved =
            sqlx::query("UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'revocations'")
                .bind(skipped)
                .execute(&mut *transaction)
                .await?;
        if moved.rows_affected() == 0 {
            sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ('revocations', ?1)")
                .bind(skipped)
                .execute(&mut *transaction)
                .await?;
        }
        revoking::begin_feed(&mut transaction).await?;
        let close = "UPDATE status_lists SET reserved = ?1, closed_at = COALESCE(closed_at, ?2)";
        sqlx::query(close)
            .bind(1_i64 << PLACE_BITS)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}
