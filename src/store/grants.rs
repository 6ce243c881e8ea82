//! Client grants as they are stored: which client may have tokens for which API, with which scopes. And what writes do to them,
//! those to clients, APIs and revocations among them.

use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::list::{Conditions, Cursor, Filter};
use super::{Attributes, StoreError, Transaction};
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
