//! A client as the token path sees it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tracing::warn;

use super::credential::{PRIVATE_KEY_JWT, credentials_in_use};
use super::secret::StoredSecret;
use crate::claims::Scope;
use crate::keys::{AssertionAlgorithm, AssertionKey};
use crate::quota::{Quota, TokenQuota};
use crate::store::{ClientRow, CredentialRow, GrantRow, IdSpan, SecretRow, Store, StoreError};

/// A client with its secrets and its grants.
#[derive(Debug)]
pub struct Client {
    /// The client id.
    pub id: Arc<str>,
    /// A name for people.
    pub name: Arc<str>,
    /// How it proves who it is.
    pub auth_method: AuthMethod,
    /// The grant types it may use.
    pub grant_types: Vec<String>,
    /// What rules may know about it.
    pub metadata: BTreeMap<String, String>,
    /// Its live secrets, at most two.
    pub secrets: Vec<StoredSecret>,
    /// The public keys that it proves itself by, where it does so by keys. Few clients have some.
    pub keys: Box<[ClientKey]>,
    /// What it may have.
    pub grants: Vec<Arc<ClientGrant>>,
    /// The APIs that it is: it may ask about tokens that were issued for them.
    pub serves: Vec<Arc<str>>,
    /// How many tokens it may have. Few clients have one, so it takes no room in the others.
    pub quota: Option<Box<Quota>>,
}

impl Client {
    /// Whether one of its secrets was chosen by somebody.
    pub(super) fn has_chosen_secret(&self) -> bool {
        self.secrets.iter().any(StoredSecret::was_chosen)
    }

    /// Goes on counting tokens where the client it takes the place of was.
    pub(super) fn count_on(&mut self, before: Option<&Arc<Self>>) {
        let before = before.and_then(|client| client.quota.as_ref());
        if let (Some(quota), Some(before)) = (&mut self.quota, before) {
            quota.count_on(before);
        }
    }

    /// Its grant for an API.
    pub fn grant(&self, audience: &str) -> Option<&Arc<ClientGrant>> {
        self.grants
            .iter()
            .find(|grant| *grant.audience == *audience)
    }
}

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// By a secret, in the header (`client_secret_basic`) or in the body (`client_secret_post`).
    Secret,
    /// By an assertion that it has signed (`private_key_jwt`, RFC 7523 section 2.2), and by no secret.
    PrivateKeyJwt,
    /// Not at all: a public client, which gets no token for itself (RFC 6749 section 4.4).
    None,
}

/// A public key that a client proves itself by.
#[derive(Debug)]
pub struct ClientKey {
    /// What assertions may name it by.
    pub kid: Box<str>,
    /// Unix seconds from which it no longer counts.
    pub expires_at: Option<i64>,
    /// The key, parsed.
    pub key: AssertionKey,
}

impl AuthMethod {
    /// That of a public client, or of one that is not.
    pub const fn of(public: bool) -> Self {
        if public { Self::None } else { Self::Secret }
    }

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::PrivateKeyJwt => PRIVATE_KEY_JWT,
            Self::None => "none",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Secret, Self::PrivateKeyJwt, Self::None]
            .into_iter()
            .find(|method| method.as_str() == text)
    }
}

/// Permission for one client to have tokens for one API.
#[derive(Debug)]
pub struct ClientGrant {
    /// `cgr_…`
    pub id: Arc<str>,
    /// The API, by its identifier.
    pub audience: Arc<str>,
    /// With these scopes.
    pub scope: Scope,
}

/// Every client in the store, some at a time: what is read on the way never takes the memory of all.
pub(super) async fn each(store: &Store, mut take: impl FnMut(Client)) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows = store.clients_after(&after, CLIENTS_AT_ONCE).await?;
        let Some(through) = rows.last().map(|row| row.id.clone()) else {
            return Ok(());
        };
        let span = IdSpan {
            after: &after,
            through: &through,
        };
        let of_secret = |row: &SecretRow| row.client_id.clone();
        let of_credential = |row: &CredentialRow| row.client_id.clone();
        let of_grant = |row: &GrantRow| row.client_id.clone();
        let of_server = |(client_id, _): &(String, String)| client_id.clone();
        let mut secrets = grouped(store.secrets_within(span).await?, of_secret);
        let mut credentials = grouped(store.credentials_within(span).await?, of_credential);
        let mut grants = grouped(store.grants_within(span).await?, of_grant);
        let mut served = grouped(store.api_servers_within(span).await?, of_server);
        for row in rows {
            let secrets = secrets.remove(&row.id).unwrap_or_default();
            let grants = grants.remove(&row.id).unwrap_or_default();
            let served = served.remove(&row.id).unwrap_or_default();
            let credentials = credentials.remove(&row.id).unwrap_or_default();
            if let Some(client) = from_rows(row, (&secrets, &credentials), &grants) {
                take(serving(client, served.into_iter().map(|(_, api)| api)));
            }
        }
        after = through;
    }
}

/// One client in the store.
pub(super) async fn one(store: &Store, id: &str) -> Result<Option<Client>, StoreError> {
    let Some(row) = store.client(id).await? else {
        return Ok(None);
    };
    let served = store.served_by(id).await?;
    let secrets = store.secrets_of(id).await?;
    let credentials = store.credentials_of(id).await?;
    let grants = store.grants_of(id).await?;
    let client = from_rows(row, (&secrets, &credentials), &grants);
    Ok(client.map(|client| serving(client, served.into_iter())))
}

fn serving(client: Client, apis: impl Iterator<Item = String>) -> Client {
    Client {
        serves: apis.map(Arc::from).collect(),
        ..client
    }
}

fn grouped<R>(rows: Vec<R>, key: impl Fn(&R) -> String) -> HashMap<String, Vec<R>> {
    let mut groups: HashMap<String, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

fn from_rows(
    row: ClientRow,
    (secrets, credentials): (&[SecretRow], &[CredentialRow]),
    grants: &[GrantRow],
) -> Option<Client> {
    let Some(auth_method) = AuthMethod::parse(&row.auth_method) else {
        warn!(
            client = row.id,
            "this client was written by a newer rulemint and is left out"
        );
        return None;
    };
    // Whoever has one way to prove itself does not have the other, whatever rows there are.
    let secrets = match auth_method {
        AuthMethod::Secret => secrets,
        AuthMethod::PrivateKeyJwt | AuthMethod::None => &[],
    };
    Some(Client {
        quota: quota(&row),
        keys: match auth_method {
            AuthMethod::PrivateKeyJwt => keys(&row, credentials),
            AuthMethod::Secret | AuthMethod::None => Box::default(),
        },
        id: row.id.into(),
        name: row.name.into(),
        auth_method,
        grant_types: row.grant_types,
        metadata: row.metadata,
        secrets: exactly(secrets.iter().filter_map(StoredSecret::from_row)),
        grants: exactly(grants.iter().filter_map(grant_from_row)),
        serves: Vec::new(),
    })
}

/// The keys in use. Whoever wrote them has checked them; one that cannot be used lets nobody in.
fn keys(row: &ClientRow, credentials: &[CredentialRow]) -> Box<[ClientKey]> {
    let in_use = credentials_in_use(row);
    let used = credentials.iter().filter(|one| in_use.contains(&&*one.id));
    let parsed = used.filter_map(|one| {
        let algorithm = AssertionAlgorithm::named(&one.algorithm);
        let key = algorithm.and_then(|it| AssertionKey::parse(it, &one.public_key).ok());
        if key.is_none() {
            let (client, credential) = (&row.id, &one.id);
            warn!(
                client,
                credential, "this credential cannot be read: nobody is let in by it"
            );
        }
        Some(ClientKey {
            kid: one.kid.as_str().into(),
            expires_at: one.expires_at,
            key: key?,
        })
    });
    parsed.collect()
}

/// Whoever wrote it has checked it.
fn quota(row: &ClientRow) -> Option<Box<Quota>> {
    let kept = row.attributes.get(TokenQuota::NAME)?;
    match serde_json::from_value::<TokenQuota>(kept.clone()) {
        Ok(quota) => Quota::new(quota.client_credentials).map(Box::new),
        Err(problem) => {
            let problem = problem.to_string();
            warn!(
                client = row.id,
                problem, "this client's token quota cannot be read: its tokens are not counted"
            );
            None
        }
    }
}

/// A list with no room to spare: there may be very many clients.
fn exactly<T>(things: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = things.collect();
    list.shrink_to_fit();
    list
}

fn grant_from_row(row: &GrantRow) -> Option<Arc<ClientGrant>> {
    let scope = Scope::from_values(row.scope.iter().map(String::as_str)).ok()?;
    Some(Arc::new(ClientGrant {
        id: row.id.as_str().into(),
        audience: row.audience.as_str().into(),
        scope,
    }))
}

const CLIENTS_AT_ONCE: u32 = 1_000;
