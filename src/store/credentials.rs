//! The public keys of clients.

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::clients::{ClientRow, IdSpan};
use super::credential::{CREDENTIAL, CredentialRow, OF_CLIENT, insert, of_client};
use super::{Store, StoreError};
use crate::audit::By;

impl Store {
    /// The credentials of one client, the oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn credentials_of(&self, client_id: &str) -> Result<Vec<CredentialRow>, StoreError> {
        let some = sqlx::query_as(OF_CLIENT).bind(client_id);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// The credentials of some clients.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn credentials_within(
        &self,
        span: IdSpan<'_>,
    ) -> Result<Vec<CredentialRow>, StoreError> {
        let some = sqlx::query_as(
            "SELECT * FROM client_credentials WHERE client_id > ?1 AND client_id <= ?2 \
             ORDER BY client_id, created_at, rowid",
        );
        let some = some.bind(span.after).bind(span.through);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// Adds a credential, if those that the client has leave room for it.
    ///
    /// # Errors
    /// When it is refused; [`StoreError::Conflict`] when the client has one with this kid, [`StoreError::Dangling`] when
    /// there is no such client.
    pub async fn add_credential<E: From<StoreError>>(
        &self,
        credential: &CredentialRow,
        by: By<'_>,
        leaves_room: impl FnOnce(&[CredentialRow]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut transaction = self.begin().await?;
        let client_id = &credential.client_id;
        leaves_room(&of_client(&mut transaction, client_id).await?)?;
        insert(&mut transaction, credential, by).await?;
        changes::note(&mut transaction, ChangeKind::Client, client_id, by).await?;
        Ok(transaction.commit().await?)
    }

    /// Changes when a credential of a client expires, if it is there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn set_credential_expiry(
        &self,
        (client_id, id): (&str, &str),
        expires_at: Option<i64>,
        by: By<'_>,
    ) -> Result<Option<CredentialRow>, StoreError> {
        let mut transaction = self.begin().await?;
        let all = of_client(&mut transaction, client_id).await?;
        let Some(before) = all.into_iter().find(|one| one.id == id) else {
            return Ok(None);
        };
        let after: CredentialRow = sqlx::query_as(
            "UPDATE client_credentials SET expires_at = ?2, updated_at = ?3 WHERE id = ?1 RETURNING *",
        )
        .bind(id)
        .bind(expires_at)
        .bind(by.at)
        .fetch_one(&mut *transaction)
        .await?;
        changes::note(&mut transaction, ChangeKind::Client, client_id, by).await?;
        let entry = Entry::updated(CREDENTIAL, id, (&before, &after));
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await?;
        Ok(Some(after))
    }

    /// Deletes a credential of a client, if the client can do without it. Says whether it was there.
    ///
    /// # Errors
    /// When it is refused, or the store does not answer.
    pub async fn delete_credential<E: From<StoreError>>(
        &self,
        (client_id, id): (&str, &str),
        by: By<'_>,
        can_do_without: impl FnOnce(&ClientRow) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut transaction = self.begin().await?;
        let owner: Option<ClientRow> = sqlx::query_as("SELECT * FROM clients WHERE id = ?1")
            .bind(client_id)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        let all = of_client(&mut transaction, client_id).await?;
        let found = all.iter().find(|one| one.id == id);
        let (Some(owner), Some(credential)) = (owner, found) else {
            return Ok(false);
        };
        can_do_without(&owner)?;
        sqlx::query("DELETE FROM client_credentials WHERE id = ?1")
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        changes::note(&mut transaction, ChangeKind::Client, client_id, by).await?;
        let entry = Entry::deleted(CREDENTIAL, id, credential);
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
