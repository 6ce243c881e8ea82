//! Auth0's shapes without the HTTP around them: what a declared thing means, and how one is written, is what the management
//! API makes of it.

use super::error::ManageError;
use super::payload::Payload;
use super::{clients, grants, resource_servers};
use crate::registry::{ApiChange, ClientChange, GrantChange, NewApi, NewClient, NewGrant};
use crate::store::{ApiRow, Attributes, ClientRow, GrantRow};

/// A thing by its properties.
pub(crate) type Object = serde_json::Map<String, serde_json::Value>;

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
