//! Auth0's shapes without the HTTP around them: what a declared thing means, and how one is written, is what the management
//! API makes of it.

use serde_json::{Map, Value};

use super::error::ManageError;
use super::payload::{Kept, Payload};
use super::{clients, grants, resource_servers};
use crate::quota::TokenQuota;
use crate::registry::{ApiChange, ClientChange, GrantChange, NewApi, NewClient, NewGrant};
use crate::store::{ApiRow, Attributes, ClientRow, GrantRow};

/// A thing by its properties.
pub(crate) type Object = Map<String, Value>;

/// What came of reading one: the error says which property is wrong, and why.
type Read<T> = Result<T, String>;

/// A client as Auth0 writes it.
pub(crate) fn client(row: &ClientRow) -> Object {
    clients::object(row)
}

/// An API as Auth0 writes it.
pub(crate) fn api(row: &ApiRow) -> Object {
    resource_servers::object(row)
}

/// A client grant as Auth0 writes it.
pub(crate) fn grant(row: &GrantRow) -> Object {
    grants::object(row)
}

/// The client that properties describe.
pub(crate) fn new_client(properties: Object) -> Read<NewClient> {
    clients::new_client(Payload::of(properties)).map_err(ManageError::why)
}

/// What properties change in a client.
pub(crate) fn client_change(properties: Object) -> Read<ClientChange> {
    clients::client_change(Payload::of(properties)).map_err(ManageError::why)
}

/// The API that properties describe.
pub(crate) fn new_api(properties: Object) -> Read<NewApi> {
    resource_servers::new_api(Payload::of(properties)).map_err(ManageError::why)
}

/// What properties change in an API.
pub(crate) fn api_change(properties: Object) -> Read<ApiChange> {
    resource_servers::api_change(Payload::of(properties)).map_err(ManageError::why)
}

/// The client grant that properties describe.
pub(crate) fn new_grant(properties: Object) -> Read<(NewGrant, Attributes)> {
    grants::new_grant(Payload::of(properties)).map_err(ManageError::why)
}

/// What properties change in a client grant.
pub(crate) fn grant_change(properties: Object) -> Read<GrantChange> {
    grants::grant_change(Payload::of(properties)).map_err(ManageError::why)
}

/// What is known of the properties of one kind of thing.
pub(crate) struct Properties {
    kept: &'static Kept,
    /// Those that are acted on.
    acted_on: &'static [&'static str],
    /// Values that Auth0 knows for them and this server does not.
    elsewhere: &'static [(&'static str, &'static [&'static str])],
}

/// What a property is that was not taken.
pub(crate) enum Refused {
    /// Auth0 may well have it, or has it for sure: it has no meaning here.
    NotHere,
    /// Its value is none that it can have.
    Wrong,
}

impl Properties {
    /// Why a property was not taken.
    pub(crate) fn refused(&self, name: &str, value: &Value) -> Refused {
        let is_elsewhere = |(known, values): &(&str, &[&str])| {
            *known == name && value.as_str().is_some_and(|value| values.contains(&value))
        };
        match self.acted_on.contains(&name) && !self.elsewhere.iter().any(is_elsewhere) {
            true => Refused::Wrong,
            false => Refused::NotHere,
        }
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let only = self.kept.only.iter().map(|(name, _)| *name);
        let named = self.acted_on.iter().chain(self.kept.names).copied();
        named.chain(only)
    }
}

pub(crate) const CLIENT: Properties = Properties {
    kept: &clients::KEPT,
    acted_on: &[
        "client_id",
        "client_metadata",
        "client_secret",
        "grant_types",
        "name",
        "token_endpoint_auth_method",
        TokenQuota::NAME,
    ],
    // Auth0 has them under client_authentication_methods; other servers do not.
    elsewhere: &[(
        "token_endpoint_auth_method",
        &[
            "client_secret_jwt",
            "private_key_jwt",
            "self_signed_tls_client_auth",
            "tls_client_auth",
        ],
    )],
};

pub(crate) const API: Properties = Properties {
    kept: &resource_servers::KEPT,
    acted_on: &[
        "identifier",
        "name",
        "scopes",
        "signing_alg",
        "status_list",
        "token_lifetime",
    ],
    elsewhere: &[("signing_alg", &["HS256", "PS256", "RS512"])],
};

pub(crate) const GRANT: Properties = Properties {
    kept: &grants::KEPT,
    acted_on: &["audience", "client_id", "scope"],
    elsewhere: &[],
};
