//! Who may ask and for what: clients, APIs and client grants.
//!
//! [`Registry`] is a snapshot in memory, which is all that the token path reads. [`Registrar`] changes the store for
//! somebody; what it wrote reaches the snapshot of a running server through the store's change log.

mod api;
mod api_servers;
mod apis;
mod attributes;
mod client;
mod client_change;
mod clients;
mod credential;
mod credentials;
mod grants;
mod keys;
mod name;
mod registrar;
mod rules_configs;
mod secret;

use std::sync::Arc;

use foldhash::fast::RandomState;
use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

pub use api::{Api, LIFETIME_SECONDS_DEFAULT, LIFETIME_SECONDS_MAX};
pub use apis::{ApiChange, NewApi};
pub use client::{AuthMethod, Client, ClientGrant, ClientKey};
pub use client_change::{ClientChange, NewClient};
pub use clients::AddedClient;
pub use credential::{AUTHENTICATION_METHODS, NewCredential, PRIVATE_KEY_JWT, credentials_in_use};
pub use grants::{GrantChange, NewGrant};
pub use keys::{Hasty, KeyStanding, Rotation};
pub use registrar::{Registrar, RegistrarError, Registrars};
pub use rules_configs::rules_configs;
pub use secret::{ChosenHash, Print, SecretHasher, StoredSecret, looks_generated};

use crate::store::{Change, ChangeKind, Store, StoreError};

/// Every client with its grants, and every API, at one moment. A change makes a new one that shares the rest.
#[derive(Clone, Default)]
pub struct Registry {
    /// By client id.
    clients: Map<Client>,
    /// By identifier.
    apis: Map<Api>,
    /// Whether a client had a chosen secret since it was loaded.
    has_chosen_secrets: bool,
}

/// Only an administrator's own entries are ever put in, so a fast hash does.
type Map<V> = GenericHashMap<Arc<str>, Arc<V>, RandomState, DefaultSharedPtr>;

impl Registry {
    /// Reads everything from the store.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        Self::default().reloaded(store).await
    }

    /// The snapshot of everything as it is in the store now. Clients' tokens are counted on.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn reloaded(&self, store: &Store) -> Result<Self, StoreError> {
        let mut all = Self {
            apis: store.apis().await?.iter().filter_map(api::entry).collect(),
            ..Self::default()
        };
        let take = |mut client: Client| {
            client.count_on(self.clients.get(&*client.id));
            all.has_chosen_secrets |= client.has_chosen_secret();
            all.clients.insert(Arc::clone(&client.id), Arc::new(client));
        };
        client::each(store, take).await?;
        Ok(all)
    }

    /// A client, by its id.
    pub fn client(&self, id: &str) -> Option<&Arc<Client>> {
        self.clients.get(id)
    }

    /// An API, by its identifier.
    pub fn api(&self, identifier: &str) -> Option<&Arc<Api>> {
        self.apis.get(identifier)
    }

    /// Every API.
    pub fn apis(&self) -> impl Iterator<Item = &Arc<Api>> {
        self.apis.values()
    }

    /// Whether some client may have a secret that somebody chose.
    pub fn has_chosen_secrets(&self) -> bool {
        self.has_chosen_secrets
    }

    /// How many clients and APIs there are.
    pub fn len(&self) -> (usize, usize) {
        (self.clients.len(), self.apis.len())
    }

    /// The snapshot after these changes: what they name is read again from the store.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn after(&self, changes: &[Change], store: &Store) -> Result<Self, StoreError> {
        let mut next = self.clone();
        for change in changes {
            match change.kind {
                Some(ChangeKind::Client) => next.reread_client(&change.key, store).await?,
                Some(ChangeKind::Api) => next.reread_api(&change.key, store).await?,
                Some(
                    ChangeKind::SigningKey
                    | ChangeKind::RulesConfig
                    | ChangeKind::Revocation
                    | ChangeKind::Rollback
                    | ChangeKind::Reload,
                )
                | None => {}
            }
        }
        Ok(next)
    }

    async fn reread_client(&mut self, id: &str, store: &Store) -> Result<(), StoreError> {
        match client::one(store, id).await? {
            Some(mut client) => {
                client.count_on(self.clients.get(id));
                self.has_chosen_secrets |= client.has_chosen_secret();
                let id = Arc::clone(&client.id);
                self.clients.insert(id, Arc::new(client))
            }
            None => self.clients.remove(id),
        };
        Ok(())
    }

    /// The management API may have been renamed: then its grants, and so its clients, are read again too.
    async fn reread_api(&mut self, identifier: &str, store: &Store) -> Result<(), StoreError> {
        let row = store.api(identifier).await?;
        if row.as_ref().is_some_and(|row| row.is_system) {
            *self = self.reloaded(store).await?;
            return Ok(());
        }
        match row.as_ref().and_then(api::entry) {
            Some((identifier, api)) => self.apis.insert(identifier, api),
            None => self.apis.remove(identifier),
        };
        Ok(())
    }
}
