//! Finds out what an authenticated client may have: which API, which scopes, for how long.

mod audience;
mod client_credentials;
mod direct;

use std::sync::Arc;

use crate::claims::Claims;
use crate::client::AuthenticatedClient;
use crate::quota::{Charge, QuotaExceeded};
use crate::registry::{Api, Client, ClientGrant, Registry};
use crate::request::{DirectWanted, Wanted};

/// What a client may have. Only [`resolve`] makes one; from here on its terms only get narrower.
pub struct Grant(Box<Draft>);

impl Grant {
    /// Counts the token against its client's quota, if there is one for tokens of this grant type.
    ///
    /// # Errors
    /// When the client has had all that it may have.
    pub fn charge(&self) -> Result<Option<Charge>, QuotaExceeded> {
        let Draft {
            client,
            wanted,
            claims,
            ..
        } = &*self.0;
        let is_counted = wanted.grant_type == client_credentials::GRANT_TYPE;
        let quota = client.quota.as_ref().filter(|_| is_counted);
        let charge = quota.map(|quota| quota.charge(&client.id, claims.issued_at));
        charge.transpose()
    }

    /// The token in the making, and an end to the proof that somebody was granted it.
    pub(crate) fn into_draft(self) -> Box<Draft> {
        self.0
    }
}

/// A token in the making, as rules see it. Anybody may make one up, for a rehearsal: no token comes of that, which takes
/// a [`Grant`].
pub struct Draft {
    /// Who.
    pub client: Arc<Client>,
    /// By which permission.
    pub permission: Arc<ClientGrant>,
    /// For which API.
    pub api: Arc<Api>,
    /// What was asked for.
    pub wanted: Wanted,
    /// Names the request.
    pub transaction_id: Arc<str>,
    /// What the token will say as things stand.
    pub claims: Claims,
}

/// What every grant needs to know of the server.
pub struct Terms<'a> {
    /// Clients, APIs and grants.
    pub registry: &'a Registry,
    /// `iss`
    pub issuer: Arc<str>,
    /// `iat`, in Unix seconds
    pub now: u64,
    /// The newest cut-off in force.
    pub cutoff: i64,
}

/// Decides what the client gets.
///
/// # Errors
/// When the grant type is unknown or not the client's, there is no such API, no client grant for it, or the client
/// grant does not have a scope that was asked for.
pub fn resolve(
    client: &AuthenticatedClient,
    wanted: Wanted,
    transaction_id: Arc<str>,
    terms: &Terms<'_>,
) -> Result<Grant, GrantError> {
    match wanted.grant_type.as_str() {
        client_credentials::GRANT_TYPE => {
            client_credentials::resolve(client, wanted, transaction_id, terms)
        }
        _ => Err(GrantError::UnsupportedGrantType),
    }
}

/// Decides what a trusted application gets that names the subject itself. Whoever calls has seen that it may.
///
/// # Errors
/// When there is no such API, or it does not allow what is wanted.
pub fn resolve_direct(
    client: &AuthenticatedClient,
    wanted: DirectWanted,
    transaction_id: Arc<str>,
    terms: &Terms<'_>,
) -> Result<Grant, GrantError> {
    direct::resolve(client, wanted, transaction_id, terms)
}

/// Whether a grant type is one this server knows at all, whoever asks.
pub fn is_supported(grant_type: &str) -> bool {
    GRANT_TYPES.contains(&grant_type)
}

/// The grant types this server knows.
pub const GRANT_TYPES: &[&str] = &[client_credentials::GRANT_TYPE];

/// Why a client gets nothing. The texts are for the caller.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// This server does not know the grant type.
    #[error("this server does not know that grant_type")]
    UnsupportedGrantType,
    /// The client may not use the grant type.
    #[error("the client may not use that grant_type")]
    GrantTypeNotAllowed,
    /// Neither `audience` nor `resource`, and more than one API to choose from, or none.
    #[error("say which API the token is for: audience or resource is missing")]
    AudienceMissing,
    /// More than one audience: a token for two APIs could be replayed by one against the other.
    #[error("a token is for one API: there is more than one audience or resource")]
    SeveralAudiences,
    /// RFC 8707 section 2.
    #[error("resource must be an absolute URI without a fragment")]
    ResourceMalformed,
    /// There is no such API.
    #[error("Service not found: {audience}")]
    UnknownAudience {
        /// What was asked for.
        audience: String,
    },
    /// There is, but not for this client.
    #[error(
        "Client is not authorized to access '{audience}'. \
         You need to create a 'client-grant' associated to this API."
    )]
    NoClientGrant {
        /// What was asked for.
        audience: String,
    },
    /// The API does not know a scope.
    #[error("the API has no such scopes: {scopes}")]
    ScopeUnknown {
        /// What was asked for in vain.
        scopes: String,
    },
    /// A claim that an application may not set.
    #[error("claim {name:?} is this server's own: leave it out")]
    HostsClaim {
        /// Which.
        name: String,
    },
    /// A token for the management API is only issued to a client that has a grant for it.
    #[error("tokens for the management API are issued by /oauth/token only")]
    NotDirectly,
    /// Something cannot be what it is.
    #[error("{0}")]
    Unfit(String),
    /// The client grant has less.
    #[error("Client has not been granted scopes: {scopes}")]
    ScopeNotGranted {
        /// What was asked for in vain.
        scopes: String,
    },
}
