//! APIs: the resource servers that tokens are for.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use sqlx::types::Json;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::grants::{self, GrantRow};
use super::list::{Conditions, Cursor, Filter};
use super::{Attributes, Store, StoreError, Transaction};
use crate::audit::By;

/// An API as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
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
    /// Whether its tokens have a place on a status list.
    pub status_list: bool,
    /// What is kept for Auth0's tools.
    #[sqlx(json)]
    pub attributes: Attributes,
    /// Unix seconds.
    pub created_at: i64,
}

impl ApiRow {
    /// Whether it knows a scope.
    pub fn has_scope(&self, value: &str) -> bool {
        self.scopes.iter().any(|scope| scope.value == value)
    }
}

/// Which APIs of a list are wanted.
#[derive(Clone, Debug, Default)]
pub struct ApiFilter {
    /// Those with one of these identifiers; any where it is empty.
    pub identifiers: Vec<String>,
}

impl Filter for ApiFilter {
    type Row = ApiRow;
    const TABLE: &'static str = "apis";

    fn narrow(&self, query: &mut Conditions) {
        if !self.identifiers.is_empty() {
            query.one_of("identifier", &self.identifiers);
        }
    }

    fn cursor(row: &ApiRow) -> Cursor {
        Cursor {
            created_at: row.created_at,
            id: row.id.clone(),
        }
    }
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
        let one = sqlx::query_as(SELECT_ONE).bind(identifier_or_id);
        Ok(one.fetch_optional(&self.pool).await?)
    }

    /// Adds an API.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the identifier is taken.
    pub async fn add_api(&self, api: &ApiRow, by: By<'_>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO apis (id, identifier, name, scopes, signing_alg, token_lifetime, \
             is_system, status_list, attributes, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .bind(&api.id)
        .bind(&api.identifier)
        .bind(&api.name)
        .bind(Json(&api.scopes))
        .bind(&api.signing_alg)
        .bind(api.token_lifetime)
        .bind(api.is_system)
        .bind(api.status_list)
        .bind(Json(&api.attributes))
        .bind(api.created_at)
        .execute(&mut *transaction)
        .await?;
        changes::note(&mut transaction, ChangeKind::Api, &api.identifier, by).await?;
        let entry = Entry::added(API, &api.identifier, api);
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await
    }

    /// Changes an API, if it is there: nobody else's change comes in between. Scopes that it loses are taken from the
    /// grants for it as well.
    ///
    /// # Errors
    /// When the change is refused, or the store does not answer.
    pub async fn update_api<E: From<StoreError>>(
        &self,
        identifier_or_id: &str,
        by: By<'_>,
        change: impl FnOnce(&mut ApiRow) -> Result<(), E>,
    ) -> Result<Option<ApiRow>, E> {
        let mut transaction = self.begin().await?;
        let found: Option<ApiRow> = sqlx::query_as(SELECT_ONE)
            .bind(identifier_or_id)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        let Some(mut api) = found else {
            return Ok(None);
        };
        let before = api.clone();
        change(&mut api)?;
        write_api(&mut transaction, &api).await?;
        let is_lost = |scope: &ScopeRow| !api.has_scope(&scope.value);
        if before.scopes.iter().any(is_lost) {
            shrink_grants(&mut transaction, &api, by).await?;
        }
        changes::note(&mut transaction, ChangeKind::Api, &api.identifier, by).await?;
        let entry = Entry::updated(API, &api.identifier, (&before, &api));
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await?;
        Ok(Some(api))
    }

    /// Gives the management API the identifier that follows from the issuer; its grants follow.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rename_system_api(&self, identifier: &str, by: By<'_>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let before: Option<String> = sqlx::query_scalar(
            "SELECT identifier FROM apis WHERE is_system = 1 AND identifier <> ?1",
        )
        .bind(identifier)
        .fetch_optional(&mut *transaction)
        .await?;
        sqlx::query("UPDATE apis SET identifier = ?1 WHERE is_system = 1 AND identifier <> ?1")
            .bind(identifier)
            .execute(&mut *transaction)
            .await?;
        changes::note(&mut transaction, ChangeKind::Api, identifier, by).await?;
        if let Some(before) = before {
            let [before, after] = [&before, identifier].map(|name| json!({ "identifier": name }));
            let entry = Entry::done("update", API, identifier).with(Some(before), Some(after));
            audit::record(&mut transaction, by, entry).await?;
        }
        transaction.commit().await
    }

    /// Deletes an API and the grants for it. Says whether it was there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_api(&self, identifier: &str, by: By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        grants::record_deletion(&mut transaction, (grants::FOR_API, identifier), by).await?;
        let holders: Vec<String> =
            sqlx::query_scalar("SELECT client_id FROM client_grants WHERE audience = ?1")
                .bind(identifier)
                .fetch_all(&mut *transaction)
                .await?;
        let deleted: Option<ApiRow> =
            sqlx::query_as("DELETE FROM apis WHERE identifier = ?1 RETURNING *")
                .bind(identifier)
                .fetch_optional(&mut *transaction)
                .await?;
        changes::note(&mut transaction, ChangeKind::Api, identifier, by).await?;
        for client in holders {
            changes::note(&mut transaction, ChangeKind::Client, &client, by).await?;
        }
        if let Some(api) = &deleted {
            let entry = Entry::deleted(API, identifier, api);
            audit::record(&mut transaction, by, entry).await?;
        }
        transaction.commit().await?;
        Ok(deleted.is_some())
    }
}

async fn write_api(transaction: &mut Transaction, api: &ApiRow) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE apis SET name = ?2, scopes = ?3, signing_alg = ?4, token_lifetime = ?5, \
         attributes = ?6, status_list = ?7 WHERE id = ?1",
    )
    .bind(&api.id)
    .bind(&api.name)
    .bind(Json(&api.scopes))
    .bind(&api.signing_alg)
    .bind(api.token_lifetime)
    .bind(Json(&api.attributes))
    .bind(api.status_list)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Takes the scopes that an API does not know from the grants for it.
async fn shrink_grants(
    transaction: &mut Transaction,
    api: &ApiRow,
    by: By<'_>,
) -> Result<(), StoreError> {
    let grants: Vec<GrantRow> = sqlx::query_as("SELECT * FROM client_grants WHERE audience = ?1")
        .bind(&api.identifier)
        .fetch_all(&mut **transaction)
        .await?;
    for mut grant in grants {
        let before = grant.clone();
        grant.scope.retain(|value| api.has_scope(value));
        if grant != before {
            grants::write(transaction, &grant).await?;
            changes::note(transaction, ChangeKind::Client, &grant.client_id, by).await?;
            let entry = Entry::updated(grants::GRANT, &grant.id, (&before, &grant));
            audit::record(transaction, by, entry).await?;
        }
    }
    Ok(())
}

/// What entries of the audit log are about.
const API: &str = "api";
const SELECT_ONE: &str = "SELECT * FROM apis WHERE identifier = ?1 OR id = ?1";
