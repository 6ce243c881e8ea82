//! What is in bodies and answers, for the description of the API.

#![expect(
    dead_code,
    reason = "bodies are read member by member: this is what their senders are told"
)]

mod credentials;
mod keys;
mod query;
mod quota;
mod rules;

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

pub(super) use credentials::{
    ClientCredential, ClientCredentialCreate, ClientCredentialPath, ClientCredentialUpdate,
};
pub(super) use keys::{Key, KeyRotation, NextKey};
pub(super) use query::{
    BlacklistFilters, Checkpoints, ClientFilters, ClientGrantFilters, Condition, GrantDeletion,
    Pages, Paging, Projection, ResourceServerFilters, RuleFilters,
};
pub(super) use rules::{
    Rule, RuleCreate, RuleUpdate, Rules, RulesConfig, RulesConfigKey, RulesConfigPath,
    RulesConfigValue,
};

use credentials::{ClientAuthenticationMethods, NewClientAuthenticationMethods};
use quota::TokenQuota;

/// A client that is added.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientCreate {
    /// A name for people.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// Its secret, instead of a generated one.
    #[schema(min_length = 32)]
    client_secret: Option<String>,
    /// The grant types it may use; `client_credentials` where nothing is said.
    #[schema(max_items = 30)]
    grant_types: Option<Vec<GrantType>>,
    /// How it proves who it is, where it does so by a secret, or not at all.
    token_endpoint_auth_method: Option<AuthMethod>,
    /// How it proves who it is, where it does so by keys: with new credentials.
    client_authentication_methods: Option<NewClientAuthenticationMethods>,
    /// What rules may know about it.
    client_metadata: Option<BTreeMap<String, String>>,
    token_quota: Option<TokenQuota>,
}

/// What changes in a client.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientUpdate {
    /// A name for people.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// A secret that takes the place of all it has.
    #[schema(min_length = 32)]
    client_secret: Option<String>,
    /// The grant types it may use.
    #[schema(max_items = 30)]
    grant_types: Option<Vec<GrantType>>,
    /// How it proves who it is, where it does so by a secret, or not at all.
    token_endpoint_auth_method: Option<AuthMethod>,
    /// How it proves who it is, where it does so by keys: by credentials that it has. null: by keys no more.
    client_authentication_methods: Option<ClientAuthenticationMethods>,
    /// What rules may know about it; null takes a key away.
    client_metadata: Option<BTreeMap<String, Option<String>>>,
    token_quota: Option<TokenQuota>,
}

/// A client.
#[derive(Serialize, ToSchema)]
pub(super) struct Client {
    client_id: String,
    name: String,
    /// Only in the answer that makes it.
    #[schema(nullable = false)]
    client_secret: Option<String>,
    grant_types: Vec<String>,
    /// null where it proves itself by keys.
    token_endpoint_auth_method: Option<AuthMethod>,
    #[schema(nullable = false)]
    client_authentication_methods: Option<ClientAuthenticationMethods>,
    client_metadata: BTreeMap<String, String>,
    #[schema(nullable = false)]
    token_quota: Option<TokenQuota>,
    /// Always false.
    global: bool,
}

/// How a client proves who it is: by a secret, in either way, or not at all.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum AuthMethod {
    ClientSecretPost,
    ClientSecretBasic,
    None,
}

/// An API that is added.
#[derive(Serialize, ToSchema)]
pub(super) struct ResourceServerCreate {
    /// What tokens will carry as `aud`. It never changes.
    #[schema(min_length = 1, max_length = 600, pattern = "^[!-~]*$")]
    identifier: String,
    /// A name for people; the identifier where there is none.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    scopes: Option<Vec<Scope>>,
    /// How its tokens are signed; `ES256` where nothing is said.
    signing_alg: Option<SigningAlgorithm>,
    /// How long its tokens live, in seconds.
    #[schema(minimum = 1, maximum = 2_592_000)]
    token_lifetime: Option<u32>,
    /// Whether its tokens have a place on a status list. It takes a ledger.
    status_list: Option<bool>,
}

/// What changes in an API.
#[derive(Serialize, ToSchema)]
pub(super) struct ResourceServerUpdate {
    /// A name for people.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// The scopes it knows. Those it loses are taken from the grants for it.
    scopes: Option<Vec<Scope>>,
    /// How its tokens are signed.
    signing_alg: Option<SigningAlgorithm>,
    /// How long its tokens live, in seconds.
    #[schema(minimum = 1, maximum = 2_592_000)]
    token_lifetime: Option<u32>,
    /// Whether its tokens have a place on a status list. It takes a ledger.
    status_list: Option<bool>,
}

/// An API.
#[derive(Serialize, ToSchema)]
pub(super) struct ResourceServer {
    id: String,
    identifier: String,
    name: String,
    scopes: Vec<Scope>,
    signing_alg: SigningAlgorithm,
    token_lifetime: u32,
    /// Whether its tokens have a place on a status list.
    status_list: bool,
    /// Whether it is the management API of this server.
    is_system: bool,
}

/// A scope of an API.
#[derive(Serialize, ToSchema)]
pub(super) struct Scope {
    /// What a token carries.
    value: ScopeValue,
    /// What it lets its bearer do.
    #[schema(nullable = false)]
    description: Option<String>,
}

/// A scope's name (RFC 6749 section 3.3).
#[derive(Serialize, ToSchema)]
#[schema(pattern = r"^[!#-\[\]-~]+$")]
pub(super) struct ScopeValue(String);

/// A grant type's name.
#[derive(Serialize, ToSchema)]
#[schema(pattern = "^[!-~]{1,255}$")]
pub(super) struct GrantType(String);

/// How tokens are signed.
#[derive(Serialize, ToSchema)]
pub(super) enum SigningAlgorithm {
    #[schema(rename = "ES256")]
    Es256,
    #[schema(rename = "RS256")]
    Rs256,
    #[schema(rename = "EdDSA")]
    EdDsa,
}

/// A client grant that is added.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientGrantCreate {
    client_id: String,
    /// The API, by its identifier or id.
    audience: String,
    /// Scopes of the API; none where nothing is said.
    scope: Option<Vec<ScopeValue>>,
}

/// What changes in a client grant.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientGrantUpdate {
    /// Scopes of the API.
    scope: Option<Vec<ScopeValue>>,
}

/// A client grant.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientGrant {
    id: String,
    client_id: String,
    audience: String,
    scope: Vec<String>,
}

/// An array, or an envelope where totals or checkpoints are asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Clients {
    Whole(Vec<Client>),
    Page(ClientPage),
}

/// A part of the clients.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientPage {
    start: Option<u64>,
    limit: Option<u32>,
    length: Option<u32>,
    total: Option<u64>,
    /// What to send as `from` for the next part.
    next: Option<String>,
    clients: Vec<Client>,
}

/// An array, or an envelope where totals or checkpoints are asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ResourceServers {
    Whole(Vec<ResourceServer>),
    Page(ResourceServerPage),
}

/// A part of the APIs.
#[derive(Serialize, ToSchema)]
pub(super) struct ResourceServerPage {
    start: Option<u64>,
    limit: Option<u32>,
    length: Option<u32>,
    total: Option<u64>,
    /// What to send as `from` for the next part.
    next: Option<String>,
    resource_servers: Vec<ResourceServer>,
}

/// An array, or an envelope where totals or checkpoints are asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ClientGrants {
    Whole(Vec<ClientGrant>),
    Page(ClientGrantPage),
}

/// A part of the client grants.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientGrantPage {
    start: Option<u64>,
    limit: Option<u32>,
    length: Option<u32>,
    total: Option<u64>,
    /// What to send as `from` for the next part.
    next: Option<String>,
    client_grants: Vec<ClientGrant>,
}

/// A token that is blacklisted.
#[derive(Serialize, ToSchema)]
pub(super) struct BlacklistedTokenCreate {
    /// The token's `jti`.
    #[schema(
        min_length = 1,
        max_length = 600,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    jti: String,
    /// The token's API or client; whichever where nothing is said.
    #[schema(max_length = 600, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    aud: Option<String>,
    /// Why, for people.
    #[schema(max_length = 500, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    reason: Option<String>,
}

/// A blacklisted token.
#[derive(Serialize, ToSchema)]
pub(super) struct BlacklistedToken {
    jti: String,
    #[schema(nullable = false)]
    aud: Option<String>,
}

/// An array, or an envelope where checkpoints are asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum BlacklistedTokens {
    Whole(Vec<BlacklistedToken>),
    Page(BlacklistedTokenPage),
}

/// A part of the blacklisted tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct BlacklistedTokenPage {
    /// What to send as `from` for the next part.
    next: Option<String>,
    tokens: Vec<BlacklistedToken>,
}
