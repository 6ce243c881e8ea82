//! Whether anybody knows a thing that is not there any more, or may be meant by another name.

use serde::Deserialize;
use sqlx::FromRow;
use sqlx::types::Json;

use super::{Store, StoreError};

/// What the audit log has of a grant.
#[derive(Deserialize)]
struct GrantTold {
    client_id: String,
    audience: String,
}

#[derive(FromRow)]
struct GrantEntry {
    told: Json<GrantTold>,
}

impl Store {
    /// Whether the audit log tells of a thing of this kind.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn is_told_of(&self, kind: &str, id: &str) -> Result<bool, StoreError> {
        let told = "SELECT EXISTS (SELECT 1 FROM audit WHERE object_kind = ?1 AND object_id = ?2)";
        let told = sqlx::query_scalar(told).bind(kind).bind(id);
        Ok(told.fetch_one(&self.pool).await?)
    }

    /// Whether a rule whose digest begins so was ever live, or written, as far as the generations and the audit log remember.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn knows_rule(&self, digest: &str) -> Result<bool, StoreError> {
        let known = "SELECT EXISTS (SELECT 1 FROM generations WHERE instr(rules, '\"' || ?1) > 0) \
             OR EXISTS (SELECT 1 FROM audit WHERE object_kind IN ('generation', 'rule') \
             AND instr(COALESCE(before, '') || COALESCE(after, ''), '\"' || ?1) > 0)";
        let known = sqlx::query_scalar(known).bind(digest);
        Ok(known.fetch_one(&self.pool).await?)
    }

    /// The client and the API of a grant that the audit log tells of.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn grant_told_of(&self, grant: &str) -> Result<Option<(String, String)>, StoreError> {
        let newest = "SELECT COALESCE(before, after) AS told FROM audit WHERE object_kind = 'grant' \
             AND object_id = ?1 AND operation IN ('add', 'delete') ORDER BY id DESC LIMIT 1";
        let newest: Option<GrantEntry> = sqlx::query_as(newest)
            .bind(grant)
            .fetch_optional(&self.pool)
            .await?;
        Ok(newest.map(|GrantEntry { told: Json(told) }| (told.client_id, told.audience)))
    }

    /// The ids of the clients with this name, for people, in order.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn clients_named(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let some = "SELECT id FROM clients WHERE name = ?1 ORDER BY id LIMIT 10";
        let some = sqlx::query_scalar(some).bind(name);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// The identifiers of the APIs with this name or id, in order.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn apis_named(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let some =
            "SELECT identifier FROM apis WHERE name = ?1 OR id = ?1 ORDER BY identifier LIMIT 10";
        let some = sqlx::query_scalar(some).bind(name);
        Ok(some.fetch_all(&self.pool).await?)
    }
}
