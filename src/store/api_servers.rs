//! Which clients are the APIs themselves.

use serde_json::json;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::clients::IdSpan;
use super::{Store, StoreError};
use crate::audit::By;

impl Store {
    /// Which client serves which API, for some clients.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn api_servers_within(
        &self,
        span: IdSpan<'_>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let some = sqlx::query_as(
            "SELECT client_id, audience FROM api_servers WHERE client_id > ?1 AND client_id <= ?2 \
             ORDER BY client_id, audience",
        );
        let some = some.bind(span.after).bind(span.through);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// Which client serves which API.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn api_servers(&self) -> Result<Vec<(String, String)>, StoreError> {
        let all = sqlx::query_as(
            "SELECT client_id, audience FROM api_servers ORDER BY client_id, audience",
        );
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// The APIs that one client serves.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn served_by(&self, client_id: &str) -> Result<Vec<String>, StoreError> {
        let some = sqlx::query_scalar(
            "SELECT audience FROM api_servers WHERE client_id = ?1 ORDER BY audience",
        );
        Ok(some.bind(client_id).fetch_all(&self.pool).await?)
    }

    /// Lets a client serve an API. Doing so twice changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when there is no such client or API.
    pub async fn add_api_server(
        &self,
        client_id: &str,
        audience: &str,
        by: By<'_>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let added = sqlx::query(
            "INSERT INTO api_servers (client_id, audience, created_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(client_id)
        .bind(audience)
        .bind(by.at)
        .execute(&mut *transaction)
        .await?;
        changes::note(&mut transaction, ChangeKind::Client, client_id, by).await?;
        if added.rows_affected() > 0 {
            let told = json!({ "serves": audience });
            let entry = Entry::done("update", "client", client_id).with(None, Some(told));
            audit::record(&mut transaction, by, entry).await?;
        }
        transaction.commit().await
    }

    /// Ends that. Says whether it was so.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_api_server(
        &self,
        client_id: &str,
        audience: &str,
        by: By<'_>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM api_servers WHERE client_id = ?1 AND audience = ?2")
            .bind(client_id)
            .bind(audience)
            .execute(&mut *transaction)
            .await?;
        changes::note(&mut transaction, ChangeKind::Client, client_id, by).await?;
        let was_so = deleted.rows_affected() > 0;
        if was_so {
            let told = json!({ "serves": audience });
            let entry = Entry::done("update", "client", client_id).with(Some(told), None);
            audit::record(&mut transaction, by, entry).await?;
        }
        transaction.commit().await?;
        Ok(was_so)
    }
}
