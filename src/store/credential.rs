//! A public key of a client, as it is read and written along with the client.

use serde::Serialize;
use sqlx::FromRow;

use super::audit::{self, Entry};
use super::{StoreError, Transaction};
use crate::audit::By;

/// A credential as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
pub struct CredentialRow {
    /// `cred_…`
    pub id: String,
    /// Whose it is.
    pub client_id: String,
    /// A name for people; empty where none was given.
    pub name: String,
    /// What assertions may name it by. No two of a client are the same.
    pub kid: String,
    /// What it checks: a JWS algorithm.
    pub algorithm: String,
    /// In DER: a SubjectPublicKeyInfo (RFC 5280), or an RSAPublicKey (RFC 8017).
    #[serde(skip)]
    pub public_key: Vec<u8>,
    /// Unix seconds from which it no longer counts.
    pub expires_at: Option<i64>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
}

/// Those of a client, as a write sees them.
pub(super) async fn of_client(
    transaction: &mut Transaction,
    client_id: &str,
) -> Result<Vec<CredentialRow>, StoreError> {
    let some = sqlx::query_as(OF_CLIENT).bind(client_id);
    Ok(some.fetch_all(&mut **transaction).await?)
}

/// Adds one as part of a write.
pub(super) async fn insert(
    transaction: &mut Transaction,
    credential: &CredentialRow,
    by: By<'_>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO client_credentials (id, client_id, name, kid, algorithm, public_key, expires_at, \
         created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(&credential.id)
    .bind(&credential.client_id)
    .bind(&credential.name)
    .bind(&credential.kid)
    .bind(&credential.algorithm)
    .bind(&credential.public_key)
    .bind(credential.expires_at)
    .bind(credential.created_at)
    .bind(credential.updated_at)
    .execute(&mut **transaction)
    .await?;
    let entry = Entry::added(CREDENTIAL, &credential.id, credential);
    audit::record(transaction, by, entry).await
}

/// What entries of the audit log are about.
pub(super) const CREDENTIAL: &str = "credential";
pub(super) const OF_CLIENT: &str =
    "SELECT * FROM client_credentials WHERE client_id = ?1 ORDER BY created_at, rowid";
