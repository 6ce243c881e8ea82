//! Clients and the hashes of their secrets.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use sqlx::FromRow;
use sqlx::types::Json;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::credential::{self, CredentialRow};
use super::grants;
use super::list::{Conditions, Cursor, Filter};
use super::{Attributes, Store, StoreError, Transaction};
use crate::audit::By;

/// A client as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
pub struct ClientRow {
    /// The client id.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// How it proves who it is: `secret`, `private_key_jwt`, or `none` for a public client.
    pub auth_method: String,
    /// The grant types it may use.
    #[sqlx(json)]
    pub grant_types: Vec<String>,
    /// What rules may know about it.
    #[sqlx(json)]
    pub metadata: BTreeMap<String, String>,
    /// What is kept for Auth0's tools, and its token quota, which is acted on.
    #[sqlx(json)]
    pub attributes: Attributes,
    /// Unix seconds.
    pub created_at: i64,
}

/// Which clients of a list are wanted.
#[derive(Clone, Debug, Default)]
pub struct ClientFilter {
    /// Those of one of these kinds (`app_type`); of any where it is empty. One that says nothing is `non_interactive`.
    pub app_types: Vec<String>,
    /// Those that stand for all clients of a tenant, which there are none of here, or those that do not.
    pub is_global: Option<bool>,
    /// Those of the operator (`is_first_party`), or those that are not. One that says nothing is.
    pub is_first_party: Option<bool>,
}

impl Filter for ClientFilter {
    type Row = ClientRow;
    const TABLE: &'static str = "clients";

    fn narrow(&self, query: &mut Conditions) {
        if !self.app_types.is_empty() {
            let kind = "COALESCE(attributes ->> '$.app_type', 'non_interactive')";
            query.one_of(kind, &self.app_types);
        }
        if let Some(wanted) = self.is_first_party {
            let first_party = "CAST(COALESCE(attributes ->> '$.is_first_party', 1) AS TEXT)";
            query.one_of(first_party, &[u8::from(wanted).to_string()]);
        }
        if self.is_global == Some(true) {
            query.one_of("id", &[]);
        }
    }

    fn cursor(row: &ClientRow) -> Cursor {
        Cursor {
            created_at: row.created_at,
            id: row.id.clone(),
        }
    }
}

/// What a change of a client means for its secrets.
pub enum Secrets {
    /// They stay.
    Keep,
    /// The one with this hash takes the place of all.
    Replace(Vec<u8>),
    /// They go.
    Drop,
}

/// One live secret of a client.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct SecretRow {
    /// Whose it is.
    pub client_id: String,
    /// HMAC-SHA-256 under the installation's pepper.
    pub hash: Vec<u8>,
    /// Unix seconds after which it no longer counts.
    pub expires_at: Option<i64>,
}

/// Clients by their ids: those after one, and through another.
#[derive(Clone, Copy, Debug)]
pub struct IdSpan<'i> {
    /// The last one that is not meant.
    pub after: &'i str,
    /// The last one that is.
    pub through: &'i str,
}

impl Store {
    /// Every client, by name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn clients(&self) -> Result<Vec<ClientRow>, StoreError> {
        let all = sqlx::query_as("SELECT * FROM clients ORDER BY name, id");
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// One client.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn client(&self, id: &str) -> Result<Option<ClientRow>, StoreError> {
        let one = sqlx::query_as("SELECT * FROM clients WHERE id = ?1").bind(id);
        Ok(one.fetch_optional(&self.pool).await?)
    }

    /// The next clients after this id, in the order of their ids, at most `count`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn clients_after(&self, id: &str, count: u32) -> Result<Vec<ClientRow>, StoreError> {
        let some = sqlx::query_as("SELECT * FROM clients WHERE id > ?1 ORDER BY id LIMIT ?2");
        Ok(some.bind(id).bind(count).fetch_all(&self.pool).await?)
    }

    /// The secrets of some clients, the newest first within a client.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn secrets_within(&self, span: IdSpan<'_>) -> Result<Vec<SecretRow>, StoreError> {
        let some = sqlx::query_as(
            "SELECT * FROM client_secrets WHERE client_id > ?1 AND client_id <= ?2 \
             ORDER BY client_id, id DESC",
        );
        let some = some.bind(span.after).bind(span.through);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// The secrets of one client, the newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn secrets_of(&self, client_id: &str) -> Result<Vec<SecretRow>, StoreError> {
        let some =
            sqlx::query_as("SELECT * FROM client_secrets WHERE client_id = ?1 ORDER BY id DESC")
                .bind(client_id);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// Adds a client, with the hash of its secret if it has one, and with its credentials.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken.
    pub async fn add_client(
        &self,
        client: &ClientRow,
        secret_hash: Option<&[u8]>,
        credentials: &[CredentialRow],
        by: By<'_>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO clients (id, name, auth_method, grant_types, metadata, attributes, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(&client.id)
        .bind(&client.name)
        .bind(&client.auth_method)
        .bind(Json(&client.grant_types))
        .bind(Json(&client.metadata))
        .bind(Json(&client.attributes))
        .bind(client.created_at)
        .execute(&mut *transaction)
        .await?;
        if let Some(hash) = secret_hash {
            sqlx::query(INSERT_SECRET)
                .bind(&client.id)
                .bind(hash)
                .bind(client.created_at)
                .execute(&mut *transaction)
                .await?;
        }
        changes::note(&mut transaction, ChangeKind::Client, &client.id, by).await?;
        let entry = Entry::added(CLIENT, &client.id, client);
        audit::record(&mut transaction, by, entry).await?;
        for one in credentials {
            credential::insert(&mut transaction, one, by).await?;
        }
        transaction.commit().await
    }

    /// Changes a client, if it is there, in view of its credentials: nobody else's change comes in between.
    ///
    /// # Errors
    /// When the change is refused, or the store does not answer.
    pub async fn update_client<E: From<StoreError>>(
        &self,
        id: &str,
        by: By<'_>,
        change: impl FnOnce(&mut ClientRow, &[CredentialRow]) -> Result<Secrets, E>,
    ) -> Result<Option<ClientRow>, E> {
        let mut transaction = self.begin().await?;
        let found: Option<ClientRow> = sqlx::query_as("SELECT * FROM clients WHERE id = ?1")
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        let Some(mut client) = found else {
            return Ok(None);
        };
        let before = client.clone();
        let credentials = credential::of_client(&mut transaction, id).await?;
        let secrets = change(&mut client, &credentials)?;
        write_client(&mut transaction, &client).await?;
        let entry = Entry::updated(CLIENT, id, (&before, &client));
        let entry = with_secrets(entry, &secrets);
        write_secrets(&mut transaction, &client.id, secrets, by.at).await?;
        changes::note(&mut transaction, ChangeKind::Client, id, by).await?;
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await?;
        Ok(Some(client))
    }

    /// Gives a client a new secret. Its newest one so far stays good until `old_until` (Unix seconds); older ones end.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when there is no such client.
    pub async fn rotate_secret(
        &self,
        client_id: &str,
        hash: &[u8],
        old_until: i64,
        by: By<'_>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "DELETE FROM client_secrets WHERE client_id = ?1 AND (expires_at IS NOT NULL OR ?2 <= ?3)",
        )
        .bind(client_id)
        .bind(old_until)
        .bind(by.at)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE client_secrets SET expires_at = ?2 WHERE client_id = ?1")
            .bind(client_id)
            .bind(old_until)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(INSERT_SECRET)
            .bind(client_id)
            .bind(hash)
            .bind(by.at)
            .execute(&mut *transaction)
            .await?;
        changes::note(&mut transaction, ChangeKind::Client, client_id, by).await?;
        let told = json!({ "old_until": old_until });
        let entry = Entry::done("rotate_secret", CLIENT, client_id).with(None, Some(told));
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await
    }

    /// Deletes a client, its secrets and its grants. Says whether it was there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_client(&self, id: &str, by: By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        grants::record_deletion(&mut transaction, (grants::OF_CLIENT, id), by).await?;
        let deleted: Option<ClientRow> =
            sqlx::query_as("DELETE FROM clients WHERE id = ?1 RETURNING *")
                .bind(id)
                .fetch_optional(&mut *transaction)
                .await?;
        changes::note(&mut transaction, ChangeKind::Client, id, by).await?;
        if let Some(client) = &deleted {
            audit::record(&mut transaction, by, Entry::deleted(CLIENT, id, client)).await?;
        }
        transaction.commit().await?;
        Ok(deleted.is_some())
    }
}

async fn write_client(transaction: &mut Transaction, client: &ClientRow) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE clients SET name = ?2, auth_method = ?3, grant_types = ?4, metadata = ?5, \
         attributes = ?6 WHERE id = ?1",
    )
    .bind(&client.id)
    .bind(&client.name)
    .bind(&client.auth_method)
    .bind(Json(&client.grant_types))
    .bind(Json(&client.metadata))
    .bind(Json(&client.attributes))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Tells that secrets come or go, and nothing of them.
fn with_secrets<'e>(mut entry: Entry<'e>, secrets: &Secrets) -> Entry<'e> {
    match secrets {
        Secrets::Keep => {}
        Secrets::Replace(_) => entry.tell_after("client_secret", true),
        Secrets::Drop => entry.tell_before("client_secret", true),
    }
    entry
}

async fn write_secrets(
    transaction: &mut Transaction,
    client_id: &str,
    secrets: Secrets,
    now: i64,
) -> Result<(), StoreError> {
    let hash = match secrets {
        Secrets::Keep => return Ok(()),
        Secrets::Replace(hash) => Some(hash),
        Secrets::Drop => None,
    };
    sqlx::query("DELETE FROM client_secrets WHERE client_id = ?1")
        .bind(client_id)
        .execute(&mut **transaction)
        .await?;
    if let Some(hash) = hash {
        sqlx::query(INSERT_SECRET)
            .bind(client_id)
            .bind(hash)
            .bind(now)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// What entries of the audit log are about.
const CLIENT: &str = "client";
const INSERT_SECRET: &str =
    "INSERT INTO client_secrets (client_id, hash, created_at) VALUES (?1, ?2, ?3)";
