//! Client grants: which client may have tokens for which API, with which scopes.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use super::apis::ApiRow;
use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::clients::IdSpan;
use super::list::{Conditions, Cursor, Filter};
use super::{Attributes, Store, StoreError, Transaction};
use crate::audit::By;

/// A client grant as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
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
    /// What is kept for Auth0's tools.
    #[sqlx(json)]
    pub attributes: Attributes,
    /// Unix seconds.
    pub created_at: i64,
}

/// Which client grants of a list are wanted.
#[derive(Clone, Debug, Default)]
pub struct GrantFilter {
    /// Those of this client; of any where there is none.
    pub client_id: Option<String>,
    /// Those for this API, by its identifier; for any where there is none.
    pub audience: Option<String>,
    /// Those under which users get tokens, which there are none of here.
    pub is_for_users: bool,
    /// Those that say so (`allow_any_organization`), or those that do not.
    pub any_organization: Option<bool>,
}

impl Filter for GrantFilter {
    type Row = GrantRow;
    const TABLE: &'static str = "client_grants";

    fn narrow(&self, query: &mut Conditions) {
        if let Some(client_id) = &self.client_id {
            query.one_of("client_id", std::slice::from_ref(client_id));
        }
        if let Some(audience) = &self.audience {
            query.one_of("audience", std::slice::from_ref(audience));
        }
        if let Some(wanted) = self.any_organization {
            let any = "CAST(COALESCE(attributes ->> '$.allow_any_organization', 0) AS TEXT)";
            query.one_of(any, &[u8::from(wanted).to_string()]);
        }
        if self.is_for_users {
            query.one_of("id", &[]);
        }
    }

    fn cursor(row: &GrantRow) -> Cursor {
        Cursor {
            created_at: row.created_at,
            id: row.id.clone(),
        }
    }
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

    /// The grants of some clients.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn grants_within(&self, span: IdSpan<'_>) -> Result<Vec<GrantRow>, StoreError> {
        let some = sqlx::query_as(
            "SELECT * FROM client_grants WHERE client_id > ?1 AND client_id <= ?2 \
             ORDER BY client_id, audience",
        );
        let some = some.bind(span.after).bind(span.through);
        Ok(some.fetch_all(&self.pool).await?)
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
    pub async fn add_grant(&self, grant: &GrantRow, by: By<'_>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO client_grants (id, client_id, audience, scope, attributes, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(&grant.id)
        .bind(&grant.client_id)
        .bind(&grant.audience)
        .bind(Json(&grant.scope))
        .bind(Json(&grant.attributes))
        .bind(grant.created_at)
        .execute(&mut *transaction)
        .await?;
        changes::note(&mut transaction, ChangeKind::Client, &grant.client_id, by).await?;
        let entry = Entry::added(GRANT, &grant.id, grant);
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await
    }

    /// Changes a client grant, if it and its API are there: nobody else's change comes in between.
    ///
    /// # Errors
    /// When the change is refused, or the store does not answer.
    pub async fn update_grant<E: From<StoreError>>(
        &self,
        id: &str,
        by: By<'_>,
        change: impl FnOnce(&mut GrantRow, &ApiRow) -> Result<(), E>,
    ) -> Result<Option<GrantRow>, E> {
        let mut transaction = self.begin().await?;
        let Some(mut grant) = read(&mut transaction, id).await? else {
            return Ok(None);
        };
        let api: ApiRow = sqlx::query_as("SELECT * FROM apis WHERE identifier = ?1")
            .bind(&grant.audience)
            .fetch_one(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        let before = grant.clone();
        change(&mut grant, &api)?;
        write(&mut transaction, &grant).await?;
        changes::note(&mut transaction, ChangeKind::Client, &grant.client_id, by).await?;
        let entry = Entry::updated(GRANT, id, (&before, &grant));
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await?;
        Ok(Some(grant))
    }

    /// Deletes a client grant. Says whether it was there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_grant(&self, id: &str, by: By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let was_there = delete(&mut transaction, id, by).await?;
        transaction.commit().await?;
        Ok(was_there)
    }
}

/// Deletes a client grant as part of a write. Says whether it was there.
pub(super) async fn delete(
    transaction: &mut Transaction,
    id: &str,
    by: By<'_>,
) -> Result<bool, StoreError> {
    let deleted: Option<GrantRow> =
        sqlx::query_as("DELETE FROM client_grants WHERE id = ?1 RETURNING *")
            .bind(id)
            .fetch_optional(&mut **transaction)
            .await?;
    if let Some(grant) = &deleted {
        changes::note(transaction, ChangeKind::Client, &grant.client_id, by).await?;
        audit::record(transaction, by, Entry::deleted(GRANT, id, grant)).await?;
    }
    Ok(deleted.is_some())
}

/// Tells of the grants that go with a client or an API, while they are still there.
pub(super) async fn record_deletion(
    transaction: &mut Transaction,
    (query, of): (&'static str, &str),
    by: By<'_>,
) -> Result<(), StoreError> {
    let grants: Vec<GrantRow> = sqlx::query_as(query)
        .bind(of)
        .fetch_all(&mut **transaction)
        .await?;
    for grant in grants {
        let entry = Entry::deleted(GRANT, &grant.id, &grant);
        audit::record(transaction, by, entry).await?;
    }
    Ok(())
}

async fn read(transaction: &mut Transaction, id: &str) -> Result<Option<GrantRow>, StoreError> {
    let one = sqlx::query_as("SELECT * FROM client_grants WHERE id = ?1").bind(id);
    Ok(one.fetch_optional(&mut **transaction).await?)
}

/// Writes what may change in a client grant.
pub(super) async fn write(
    transaction: &mut Transaction,
    grant: &GrantRow,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE client_grants SET scope = ?2, attributes = ?3 WHERE id = ?1")
        .bind(&grant.id)
        .bind(Json(&grant.scope))
        .bind(Json(&grant.attributes))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// What entries of the audit log are about.
pub(super) const GRANT: &str = "grant";
pub(super) const OF_CLIENT: &str = "SELECT * FROM client_grants WHERE client_id = ?1";
pub(super) const FOR_API: &str = "SELECT * FROM client_grants WHERE audience = ?1";
