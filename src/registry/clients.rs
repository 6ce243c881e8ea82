//! Adding, looking at and deleting clients; new secrets for them.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::client::AuthMethod;
use super::client_change::{ClientChange, NewClient, given_checked};
use super::credential::{PRIVATE_KEY_JWT, check_are_there, use_credentials};
use super::secret::{self, ChosenHash};
use super::{Registrar, RegistrarError};
use crate::store::{ClientRow, CredentialRow, Secrets};

/// A client that was added, or that has a new secret.
pub struct AddedClient {
    /// The client.
    pub client: ClientRow,
    /// Its secret, which nobody can see again.
    pub secret: Option<SecretString>,
}

impl Registrar {
    /// A client id that nobody has.
    pub fn client_id(&self) -> String {
        self.random.word(CLIENT_ID_CHARS)
    }

    /// Adds a client.
    ///
    /// # Errors
    /// When the id is taken or a value cannot be what it is.
    pub async fn add_client(&self, new: NewClient) -> Result<AddedClient, RegistrarError> {
        let (method, given, keys) = (new.method(), new.secret.clone(), new.credentials.clone());
        let mut client = self.checked(new)?;
        let credentials = self.credential_rows(&client.id, &keys)?;
        let ids: Vec<String> = credentials.iter().map(|one| one.id.clone()).collect();
        use_credentials(&mut client.attributes, &ids);
        let secret = match method {
            AuthMethod::Secret => Some(given_or(given, || self.new_secret())?),
            AuthMethod::PrivateKeyJwt | AuthMethod::None => None,
        };
        let stored = match &secret {
            Some(secret) => Some(self.stored(secret).await),
            None => None,
        };
        self.put(&client, stored.as_deref(), &credentials).await?;
        Ok(AddedClient { client, secret })
    }

    /// Adds a client whose secret only its owner knows: another system kept this hash of it.
    ///
    /// # Errors
    /// As for [`add_client`](Self::add_client).
    pub async fn import_client(
        &self,
        new: NewClient,
        hash: &ChosenHash,
    ) -> Result<ClientRow, RegistrarError> {
        let client = self.checked(new)?;
        let stored = hash.to_stored();
        self.put(&client, Some(stored.as_bytes()), &[]).await?;
        Ok(client)
    }

    fn checked(&self, new: NewClient) -> Result<ClientRow, RegistrarError> {
        new.check()?;
        let method = new.method();
        Ok(ClientRow {
            id: new.id.unwrap_or_else(|| self.client_id()),
            name: new.name,
            auth_method: method.as_str().to_owned(),
            grant_types: new.grant_types,
            metadata: new.metadata,
            attributes: new.attributes,
            created_at: self.now(),
        })
    }

    async fn put(
        &self,
        client: &ClientRow,
        secret: Option<&[u8]>,
        credentials: &[CredentialRow],
    ) -> Result<(), RegistrarError> {
        let by = self.by();
        let added = self.store.add_client(client, secret, credentials, by).await;
        added.map_err(|error| RegistrarError::on_write(error, "client", &client.id))
    }

    /// Changes a client. Its new secret comes with it if it has one now.
    ///
    /// # Errors
    /// When there is no such client, or a value cannot be what it is.
    pub async fn update_client(
        &self,
        id: &str,
        change: ClientChange,
    ) -> Result<AddedClient, RegistrarError> {
        let mut given = match &change.secret {
            Some(given) => Some(self.stored(given_checked(given)?).await),
            None => None,
        };
        let mut secret = None;
        let apply = |client: &mut ClientRow, credentials: &[CredentialRow]| {
            check_are_there(
                change.credentials.as_deref().unwrap_or_default(),
                credentials,
            )?;
            let method = change.method_after(client)?;
            secret = self.secret_after(&change, client)?;
            let secrets = match (&secret, given.take()) {
                (Some(_), Some(stored)) => Secrets::Replace(stored),
                (Some(made), None) => {
                    let hash = self.hasher.hash(made.expose_secret());
                    Secrets::Replace(hash.as_ref().to_vec())
                }
                (None, _) if method == AuthMethod::Secret => Secrets::Keep,
                (None, _) => Secrets::Drop,
            };
            change.apply(client)?;
            Ok::<_, RegistrarError>(secrets)
        };
        let updated = self.store.update_client(id, self.by(), apply).await?;
        let client = updated.ok_or_else(|| RegistrarError::not_found("client", id))?;
        Ok(AddedClient { client, secret })
    }

    /// Gives a client a new secret. The old one stays good for `overlap_seconds`.
    ///
    /// # Errors
    /// When there is no such client, or it has no secret.
    pub async fn rotate_secret(
        &self,
        id: &str,
        overlap_seconds: u32,
    ) -> Result<AddedClient, RegistrarError> {
        self.replace_secret(id, overlap_seconds, None).await
    }

    /// Gives a client this secret, or a new one. The old one stays good for `overlap_seconds`.
    ///
    /// # Errors
    /// When there is no such client, it has no secret, or the secret is too short.
    pub async fn replace_secret(
        &self,
        id: &str,
        overlap_seconds: u32,
        given: Option<SecretString>,
    ) -> Result<AddedClient, RegistrarError> {
        let client = self.client(id).await?;
        if client.auth_method != AuthMethod::Secret.as_str() {
            let instead = match client.auth_method.as_str() {
                PRIVATE_KEY_JWT => "proves itself by its credentials",
                _ => "is public",
            };
            let why = format!("client {id:?} {instead}: it has no secret to rotate");
            return Err(RegistrarError::Invalid(why));
        }
        let secret = given_or(given, || self.new_secret())?;
        self.set_secret(id, &secret, overlap_seconds).await?;
        Ok(AddedClient {
            client,
            secret: Some(secret),
        })
    }

    /// Gives a client this secret. The old one stays good for `overlap_seconds`.
    pub(super) async fn set_secret(
        &self,
        id: &str,
        secret: &SecretString,
        overlap_seconds: u32,
    ) -> Result<(), RegistrarError> {
        let stored = self.stored(secret).await;
        let by = self.by();
        let old_until = by.at + i64::from(overlap_seconds);
        let rotated = self.store.rotate_secret(id, &stored, old_until, by).await;
        rotated.map_err(|error| RegistrarError::on_write(error, "client", id))
    }

    /// Every client.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn clients(&self) -> Result<Vec<ClientRow>, RegistrarError> {
        Ok(self.store.clients().await?)
    }

    /// One client.
    ///
    /// # Errors
    /// When there is no such client.
    pub async fn client(&self, id: &str) -> Result<ClientRow, RegistrarError> {
        let found = self.store.client(id).await?;
        found.ok_or_else(|| RegistrarError::not_found("client", id))
    }

    /// Deletes a client, its secrets and its grants.
    ///
    /// # Errors
    /// When there is no such client.
    pub async fn delete_client(&self, id: &str) -> Result<(), RegistrarError> {
        match self.store.delete_client(id, self.by()).await? {
            true => Ok(()),
            false => Err(RegistrarError::not_found("client", id)),
        }
    }

    /// The secret that a change gives a client, if it gives it one.
    fn secret_after(
        &self,
        change: &ClientChange,
        client: &ClientRow,
    ) -> Result<Option<SecretString>, RegistrarError> {
        let had_one = client.auth_method == AuthMethod::Secret.as_str();
        match (change.method_after(client)?, &change.secret) {
            (AuthMethod::None | AuthMethod::PrivateKeyJwt, None) => Ok(None),
            (AuthMethod::None, Some(_)) => Err(RegistrarError::Invalid(
                "a public client has no secret: leave it out".to_owned(),
            )),
            (AuthMethod::PrivateKeyJwt, Some(_)) => Err(RegistrarError::Invalid(
                "a client that proves itself by its credentials has no secret: leave it out"
                    .to_owned(),
            )),
            (AuthMethod::Secret, None) if had_one => Ok(None),
            (AuthMethod::Secret, given) => given_or(given.clone(), || self.new_secret()).map(Some),
        }
    }

    /// What is stored of a secret. A slow hash is made where it holds nobody up.
    async fn stored(&self, secret: &SecretString) -> Vec<u8> {
        let (hasher, salt) = (Arc::clone(&self.hasher), self.random.bytes::<16>());
        let owned = secret.clone();
        let hash = move || hasher.to_stored(owned.expose_secret(), salt);
        let hashed = tokio::task::spawn_blocking(hash).await;
        // Nothing stops it but the end of the process.
        hashed.unwrap_or_else(|_| self.hasher.to_stored(secret.expose_secret(), salt))
    }

    fn new_secret(&self) -> SecretString {
        secret::generate(&*self.random)
    }
}

fn given_or(
    given: Option<SecretString>,
    make: impl FnOnce() -> SecretString,
) -> Result<SecretString, RegistrarError> {
    match given {
        None => Ok(make()),
        Some(given) => given_checked(&given).cloned(),
    }
}

const CLIENT_ID_CHARS: usize = 32;
