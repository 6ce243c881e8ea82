//! Client grants: which client may have tokens for which API, with which scopes.

use sqlx::FromRow;
use sqlx::types::Json;

use super::changes::{self, ChangeKind};
use super::{Store, StoreError};

/// A client grant as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct GrantRow {
    /// `cgr_` and 16 letters or digits.
    pub id: String,
    /// Who.
    pub client_id: String,
    /// For which API, by its identifier.
    pub audience: String,
    /// With which scopes.
    #[sqlx(json)]
    pub scope: Vec<String>,
    /// Unix seconds.
    pub created_at: i64,
}

impl Store {
    /// Every client grant.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn grants(&self) -> Result<Vec<GrantRow>, StoreError> {
        let all = sqlx::query_as("SELECT * FROM client_grants ORDER BY client_id, audience");
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// The grants of one client.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn grants_of(&self, client_id: &str) -> Result<Vec<GrantRow>, StoreError> {
        let some =
            sqlx::query_as("SELECT * FROM client_grants WHERE client_id = ?1 ORDER BY audience")
                .bind(client_id);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// One client grant.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn grant(&self, id: &str) -> Result<Option<GrantRow>, StoreError> {
        let one = sqlx::query_as("SELECT * FROM client_grants WHERE id = ?1").bind(id);
        Ok(one.fetch_optional(&self.pool).await?)
    }

    /// Adds a client grant.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the client has one for that API, [`StoreError::Dangling`] when there is no such
    /// client or API.
    pub async fn add_grant(&self, grant: &GrantRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO client_grants (id, client_id, audience, scope, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(&grant.id)
        .bind(&grant.client_id)
        .bind(&grant.audience)
        .bind(Json(&grant.scope))
        .bind(grant.created_at)
        .execute(&mut *transaction)
        .await?;
        let now = grant.created_at;
        changes::note(&mut transaction, ChangeKind::Client, &grant.client_id, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes a client grant. Says whether it was there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_grant(&self, id: &str, now: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let holder: Option<String> =
            sqlx::query_scalar("DELETE FROM client_grants WHERE id = ?1 RETURNING client_id")
                .bind(id)
                .fetch_optional(&mut *transaction)
                .await?;
        if let Some(client) = &holder {
            changes::note(&mut transaction, ChangeKind::Client, client, now).await?;
        }
        transaction.commit().await?;
        Ok(holder.is_some())
    }
}
