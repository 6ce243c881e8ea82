//! Adding, looking at, ending and deleting public keys of clients.

use super::credential::{NewCredential, credentials_in_use};
use super::{Registrar, RegistrarError};
use crate::store::{ClientRow, CredentialRow};

impl Registrar {
    /// The credentials of a client, the oldest first.
    ///
    /// # Errors
    /// When there is no such client.
    pub async fn credentials(&self, client_id: &str) -> Result<Vec<CredentialRow>, RegistrarError> {
        self.client(client_id).await?;
        Ok(self.store.credentials_of(client_id).await?)
    }

    /// One credential of a client.
    ///
    /// # Errors
    /// When there is no such client, or it has no such credential.
    pub async fn credential(
        &self,
        client_id: &str,
        id: &str,
    ) -> Result<CredentialRow, RegistrarError> {
        let all = self.credentials(client_id).await?;
        let found = all.into_iter().find(|one| one.id == id);
        found.ok_or_else(|| RegistrarError::not_found(CREDENTIAL, id))
    }

    /// Adds a credential to a client. It counts as soon as the client is said to prove itself by it.
    ///
    /// # Errors
    /// When there is no such client, it has as many as it may have or one with this kid, or a value cannot be what it is.
    pub async fn add_credential(
        &self,
        client_id: &str,
        new: &NewCredential,
    ) -> Result<CredentialRow, RegistrarError> {
        self.client(client_id).await?;
        let credential = new.row((&self.credential_id(), client_id), self.now())?;
        let room = |all: &[CredentialRow]| match all.len() < CREDENTIALS_MAX {
            true if all.iter().any(|one| one.kid == credential.kid) => {
                Err(RegistrarError::Conflict {
                    what: CREDENTIAL,
                    id: credential.kid.clone(),
                })
            }
            true => Ok(()),
            false => Err(too_many()),
        };
        let added = self.store.add_credential(&credential, self.by(), room);
        added.await?;
        Ok(credential)
    }

    /// Changes when a credential of a client ends (Unix seconds); never where there is no time.
    ///
    /// # Errors
    /// When there is no such client, or it has no such credential.
    pub async fn end_credential(
        &self,
        client_id: &str,
        id: &str,
        expires_at: Option<i64>,
    ) -> Result<CredentialRow, RegistrarError> {
        self.client(client_id).await?;
        let which = (client_id, id);
        let changed = self
            .store
            .set_credential_expiry(which, expires_at, self.by());
        let changed = changed.await?;
        changed.ok_or_else(|| RegistrarError::not_found(CREDENTIAL, id))
    }

    /// Deletes a credential of a client.
    ///
    /// # Errors
    /// When there is no such client, it has no such credential, or it proves itself by it.
    pub async fn delete_credential(&self, client_id: &str, id: &str) -> Result<(), RegistrarError> {
        self.client(client_id).await?;
        let unused = |client: &ClientRow| match credentials_in_use(client).contains(&id) {
            false => Ok(()),
            true => Err(RegistrarError::InUse { id: id.to_owned() }),
        };
        let was_there = self
            .store
            .delete_credential((client_id, id), self.by(), unused);
        match was_there.await? {
            true => Ok(()),
            false => Err(RegistrarError::not_found(CREDENTIAL, id)),
        }
    }

    /// The rows of credentials that a new client comes with.
    pub(super) fn credential_rows(
        &self,
        client_id: &str,
        new: &[NewCredential],
    ) -> Result<Vec<CredentialRow>, RegistrarError> {
        let now = self.now();
        let row = |one: &NewCredential| one.row((&self.credential_id(), client_id), now);
        let rows: Vec<CredentialRow> = new.iter().map(row).collect::<Result<_, _>>()?;
        if rows.len() > CREDENTIALS_MAX {
            return Err(too_many());
        }
        for (index, one) in rows.iter().enumerate() {
            if rows[..index].iter().any(|other| other.kid == one.kid) {
                let why = format!("two credentials have the kid {:?}", one.kid);
                return Err(RegistrarError::Invalid(why));
            }
        }
        Ok(rows)
    }

    fn credential_id(&self) -> String {
        format!("cred_{}", self.random.word(CREDENTIAL_ID_CHARS))
    }
}

fn too_many() -> RegistrarError {
    RegistrarError::TooManyCredentials {
        max: CREDENTIALS_MAX,
    }
}

/// Enough to rotate a key while another is being rotated; few enough to try them all where an assertion names none.
const CREDENTIALS_MAX: usize = 4;
const CREDENTIAL: &str = "credential";
const CREDENTIAL_ID_CHARS: usize = 22;
