//! What a first start makes: keys, the management API, an administrator. And what `--demo` adds.

use secrecy::SecretString;

use crate::audit::Actor;
use crate::config::{Admin, Issuer};
use crate::keys::{self, Algorithm, KeyRingError};
use crate::manage;
use crate::master_key::MasterKey;
use crate::registry::{
    LIFETIME_SECONDS_MAX, NewApi, NewClient, NewGrant, Registrar, RegistrarError,
};
use crate::store::{ApiRow, ScopeRow, Store, StoreError};

/// The administrator that the first start made.
pub struct FirstStart {
    /// Its client id.
    pub client_id: String,
    /// Its secret, unless the operator gave one.
    pub secret: Option<SecretString>,
}

/// Makes the keys that tokens are signed with by default, and completes what an older version left behind.
pub(super) async fn default_key(
    store: &Store,
    master: &MasterKey,
    now: i64,
) -> Result<(), KeyRingError> {
    let server = Actor::server();
    let by = server.by(now);
    keys::ensure_key(store, master, Algorithm::default(), by).await?;
    let forget_before = now - i64::from(LIFETIME_SECONDS_MAX) - 3_600; // Clocks of those who verify may be late.
    keys::complete_keys(store, master, forget_before, by).await
}

/// Makes the management API and the administrator where there are none, and lets the management API follow the issuer.
pub(super) async fn administration(
    registrar: &Registrar,
    store: &Store,
    (issuer, admin): (&Issuer, &Admin),
    now: i64,
) -> Result<Option<FirstStart>, BootstrapError> {
    let identifier = issuer.management_audience();
    if let Some(existing) = store.apis().await?.into_iter().find(|api| api.is_system) {
        if existing.identifier != identifier {
            store
                .rename_system_api(&identifier, Actor::server().by(now))
                .await?;
        }
        keep_up(store, &identifier, now).await?;
        return Ok(None);
    }
    let api = NewApi {
        name: Some(MANAGEMENT_NAME.to_owned()),
        scopes: management_scopes().collect(),
        lifetime: MANAGEMENT_LIFETIME_SECONDS,
        is_system: true,
        ..NewApi::named(&identifier)
    };
    registrar.add_api(api).await?;
    let given = admin.client_secret.clone();
    let client = NewClient {
        id: admin.client_id.clone(),
        name: "administrator".to_owned(),
        secret: given.clone(),
        ..NewClient::default()
    };
    let added = registrar.add_client(client).await?;
    let grant = NewGrant {
        client_id: added.client.id.clone(),
        audience: identifier,
        scope: None,
    };
    registrar.add_grant(grant).await?;
    Ok(Some(FirstStart {
        client_id: added.client.id,
        secret: if given.is_some() { None } else { added.secret },
    }))
}

/// Gives the management API of an older installation its name, and the scopes that it does not know yet. Nobody holds them by
/// that.
async fn keep_up(store: &Store, identifier: &str, now: i64) -> Result<(), StoreError> {
    let known = store.api(identifier).await?;
    let is_new = |scope: &ScopeRow| {
        known
            .as_ref()
            .is_some_and(|api| !api.has_scope(&scope.value))
    };
    let new: Vec<ScopeRow> = management_scopes().filter(is_new).collect();
    let is_named = known
        .as_ref()
        .is_some_and(|api| api.name == MANAGEMENT_NAME);
    if new.is_empty() && is_named {
        return Ok(());
    }
    let add = |api: &mut ApiRow| {
        api.name = MANAGEMENT_NAME.to_owned();
        api.scopes.extend(new);
        Ok::<_, StoreError>(())
    };
    let server = Actor::server();
    let added = store.update_api(identifier, server.by(now), add);
    added.await.map(drop)
}

fn management_scopes() -> impl Iterator<Item = ScopeRow> {
    manage::scope::ALL
        .iter()
        .map(|(value, description)| scope(value, description))
}

/// An API, a client and a grant to try things with.
pub struct Demo {
    /// The API's identifier.
    pub audience: &'static str,
    /// The client's id.
    pub client_id: &'static str,
    /// The client's secret: a new one at each start, because nobody can read the old one.
    pub secret: SecretString,
}

/// Makes what `--demo` promises, or gives what is there already a new secret.
///
/// # Errors
/// When it cannot be stored.
pub(super) async fn demo(registrar: &Registrar) -> Result<Demo, BootstrapError> {
    let api = NewApi {
        name: Some("Demo API".to_owned()),
        scopes: vec![
            scope("read:things", "Look at things"),
            scope("write:things", "Change things"),
        ],
        ..NewApi::named(DEMO_AUDIENCE)
    };
    ignore_conflict(registrar.add_api(api).await)?;
    let client = NewClient {
        id: Some(DEMO_CLIENT.to_owned()),
        name: "Demo client".to_owned(),
        metadata: [("tier".to_owned(), "gold".to_owned())].into(),
        ..NewClient::default()
    };
    ignore_conflict(registrar.add_client(client).await)?;
    let grant = NewGrant {
        client_id: DEMO_CLIENT.to_owned(),
        audience: DEMO_AUDIENCE.to_owned(),
        scope: None,
    };
    ignore_conflict(registrar.add_grant(grant).await)?;
    let rotated = registrar.rotate_secret(DEMO_CLIENT, 0).await?;
    Ok(Demo {
        audience: DEMO_AUDIENCE,
        client_id: DEMO_CLIENT,
        secret: rotated.secret.expect("a rotation makes a secret"),
    })
}

fn ignore_conflict<T>(added: Result<T, RegistrarError>) -> Result<(), RegistrarError> {
    match added {
        Ok(_) | Err(RegistrarError::Conflict { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

fn scope(value: &str, description: &str) -> ScopeRow {
    ScopeRow {
        value: value.to_owned(),
        description: description.to_owned(),
    }
}

/// The first start could not make what it must.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// A client, an API or a grant.
    #[error("set up the installation: {0}")]
    Registrar(#[from] RegistrarError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const DEMO_AUDIENCE: &str = "https://demo-api.example";
const DEMO_CLIENT: &str = "demo-client";
/// Auth0's deploy tool knows it by this name, and leaves it alone.
const MANAGEMENT_NAME: &str = "Auth0 Management API";
const MANAGEMENT_LIFETIME_SECONDS: u32 = 3_600;
