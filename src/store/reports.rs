//! What a running server last said about itself, for commands that run beside it.

use super::{Store, StoreError};

impl Store {
    /// Replaces what is said about a topic. `body` is JSON.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn write_report(&self, topic: &str, body: &str, now: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO reports (topic, body, updated_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (topic) DO UPDATE SET body = ?2, updated_at = ?3",
        )
        .bind(topic)
        .bind(body)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// What was last said about a topic.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn report(&self, topic: &str) -> Result<Option<String>, StoreError> {
        let body = sqlx::query_scalar("SELECT body FROM reports WHERE topic = ?1").bind(topic);
        Ok(body.fetch_optional(&self.pool).await?)
    }
}
