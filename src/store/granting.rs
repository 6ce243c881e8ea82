//! Reads client grants, gives them, changes them and takes them away.

use sqlx::types::Json;

use super::apis::ApiRow;
use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::clients::IdSpan;
use super::grants::{self, GRANT, GrantRow};
use super::{Store, StoreError, Transaction};
use crate::audit::By;

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
        grants::write(&mut transaction, &grant).await?;
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
        let was_there = grants::delete(&mut transaction, id, by).await?;
        transaction.commit().await?;
        Ok(was_there)
    }
}

async fn read(transaction: &mut Transaction, id: &str) -> Result<Option<GrantRow>, StoreError> {
    let one = sqlx::query_as("SELECT * FROM client_grants WHERE id = ?1").bind(id);
    Ok(one.fetch_optional(&mut **transaction).await?)
}
