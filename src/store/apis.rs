//! APIs: the resource servers that tokens are for.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::types::Json;

use super::changes::{self, ChangeKind};
use super::{Store, StoreError};

/// An API as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ApiRow {
    /// A short id that never changes.
    pub id: String,
    /// What tokens carry as `aud`.
    pub identifier: String,
    /// A name for people.
    pub name: String,
    /// The scopes it knows.
    #[sqlx(json)]
    pub scopes: Vec<ScopeRow>,
    /// The JWS algorithm its tokens are signed with.
    pub signing_alg: String,
    /// How long its tokens live, in seconds.
    pub token_lifetime: i64,
    /// Whether it is the management API of this server.
    pub is_system: bool,
    /// Unix seconds.
    pub created_at: i64,
}

/// One scope of an API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ScopeRow {
    /// What a token carries.
    pub value: String,
    /// What it lets its bearer do.
    #[serde(default)]
    pub description: String,
}

impl Store {
    /// Every API, by identifier.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn apis(&self) -> Result<Vec<ApiRow>, StoreError> {
        let all = sqlx::query_as("SELECT * FROM apis ORDER BY identifier");
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// One API, by its identifier or its id.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn api(&self, identifier_or_id: &str) -> Result<Option<ApiRow>, StoreError> {
        let one = sqlx::query_as("SELECT * FROM apis WHERE identifier = ?1 OR id = ?1")
            .bind(identifier_or_id);
        Ok(one.fetch_optional(&self.pool).await?)
    }

    /// Adds an API.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the identifier is taken.
    pub async fn add_api(&self, api: &ApiRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO apis (id, identifier, name, scopes, signing_alg, token_lifetime, \
             is_system, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(&api.id)
        .bind(&api.identifier)
        .bind(&api.name)
        .bind(Json(&api.scopes))
        .bind(&api.signing_alg)
        .bind(api.token_lifetime)
        .bind(api.is_system)
        .bind(api.created_at)
        .execute(&mut *transaction)
        .await?;
        let now = api.created_at;
        changes::note(&mut transaction, ChangeKind::Api, &api.identifier, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Gives the management API the identifier that follows from the issuer; its grants follow.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rename_system_api(&self, identifier: &str, now: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE apis SET identifier = ?1 WHERE is_system = 1 AND identifier <> ?1")
            .bind(identifier)
            .execute(&mut *transaction)
            .await?;
        changes::note(&mut transaction, ChangeKind::Api, identifier, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes an API and the grants for it. Says whether it was there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_api(&self, identifier: &str, now: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let holders: Vec<String> =
            sqlx::query_scalar("SELECT client_id FROM client_grants WHERE audience = ?1")
                .bind(identifier)
                .fetch_all(&mut *transaction)
                .await?;
        let deleted = sqlx::query("DELETE FROM apis WHERE identifier = ?1")
            .bind(identifier)
            .execute(&mut *transaction)
            .await?;
        changes::note(&mut transaction, ChangeKind::Api, identifier, now).await?;
        for client in holders {
            changes::note(&mut transaction, ChangeKind::Client, &client, now).await?;
        }
        transaction.commit().await?;
        Ok(deleted.rows_affected() > 0)
    }
}
