//! `/clients/{id}/credentials`: the public keys of clients, and `client_authentication_methods`, which says which are in use.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::Caller;
use super::condition::{IfMatch, tagged};
use super::error::ManageError;
use super::id::Id;
use super::list::{Object, Query, answer};
use super::payload::Payload;
use super::{Management, schema, scope};
use crate::registry::{
    AUTHENTICATION_METHODS, ClientChange, NewCredential, PRIVATE_KEY_JWT, credentials_in_use,
};
use crate::store::{ClientRow, CredentialRow};

type Answer = Result<Response, ManageError>;

/// List a client's public keys.
#[utoipa::path(
    get,
    path = "/api/v2/clients/{id}/credentials",
    operation_id = "get_credentials",
    tag = "clients",
    params(("id" = String, Path, description = "The client id")),
    responses(
        (status = 200, description = "The keys", body = Vec<schema::ClientCredential>),
        (status = 404, description = "There is no such client")
    ),
    security(("token" = ["read:client_credentials"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_CLIENT_CREDENTIALS])?;
    Query::none(&uri)?;
    let credentials = management.registrar(&caller).credentials(&id).await?;
    let objects: Vec<Object> = credentials.iter().map(object).collect();
    Ok(answer(StatusCode::OK, &objects))
}

/// Look at one public key of a client.
#[utoipa::path(
    get,
    path = "/api/v2/clients/{id}/credentials/{credential_id}",
    operation_id = "get_credentials_by_credential_id",
    tag = "clients",
    params(schema::ClientCredentialPath),
    responses(
        (status = 200, description = "It is this", body = schema::ClientCredential, headers(("ETag"))),
        (status = 404, description = "There is no such client, or it has no such key")
    ),
    security(("token" = ["read:client_credentials"]))
)]
pub(super) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    CredentialPath { client, id }: CredentialPath,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_CLIENT_CREDENTIALS])?;
    Query::none(&uri)?;
    let credential = management
        .registrar(&caller)
        .credential(&client, &id)
        .await?;
    let whole = object(&credential);
    Ok(tagged(answer(StatusCode::OK, &whole), &whole))
}

/// Add a public key to a client.
///
/// It counts once `client_authentication_methods` of the client names it.
#[utoipa::path(
    post,
    path = "/api/v2/clients/{id}/credentials",
    operation_id = "post_credentials",
    tag = "clients",
    params(("id" = String, Path, description = "The client id")),
    request_body = schema::ClientCredentialCreate,
    responses(
        (status = 201, description = "It was added", body = schema::ClientCredential, headers(("ETag"))),
        (status = 404, description = "There is no such client"),
        (status = 409, description = "The client has one with this kid, or as many as it may have")
    ),
    security(("token" = ["create:client_credentials"]))
)]
pub(super) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    request: Request,
) -> Answer {
    caller.may(&[scope::CREATE_CLIENT_CREDENTIALS])?;
    Query::none(request.uri())?;
    let new = new_credential(Payload::read(request).await?)?;
    let added = management
        .registrar(&caller)
        .add_credential(&id, &new)
        .await?;
    management.nudge.caught_up().await;
    let whole = object(&added);
    Ok(tagged(answer(StatusCode::CREATED, &whole), &whole))
}

/// Change when a public key of a client ends.
#[utoipa::path(
    patch,
    path = "/api/v2/clients/{id}/credentials/{credential_id}",
    operation_id = "patch_credentials_by_credential_id",
    tag = "clients",
    params(schema::ClientCredentialPath, schema::Condition),
    request_body = schema::ClientCredentialUpdate,
    responses(
        (status = 200, description = "It was changed", body = schema::ClientCredential, headers(("ETag"))),
        (status = 404, description = "There is no such client, or it has no such key")
    ),
    security(("token" = ["update:client_credentials"]))
)]
pub(super) async fn update(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    CredentialPath { client, id }: CredentialPath,
    request: Request,
) -> Answer {
    caller.may(&[scope::UPDATE_CLIENT_CREDENTIALS])?;
    Query::none(request.uri())?;
    let seen = IfMatch::of(request.headers())?;
    let mut body = Payload::read(request).await?;
    let says = body.has("expires_at");
    let expires_at = take_moment(&mut body)?;
    body.nothing_more()?;
    let registrar = management.registrar(&caller);
    let alone = management.changing.lock().await;
    let before = registrar.credential(&client, &id).await?;
    if seen.asks() {
        seen.check(&object(&before))?;
    }
    let changed = match says {
        true => registrar.end_credential(&client, &id, expires_at).await?,
        false => before,
    };
    drop(alone);
    management.nudge.caught_up().await;
    let whole = object(&changed);
    Ok(tagged(answer(StatusCode::OK, &whole), &whole))
}

/// Delete a public key of a client.
///
/// One that the client proves itself by stays.
#[utoipa::path(
    delete,
    path = "/api/v2/clients/{id}/credentials/{credential_id}",
    operation_id = "delete_credentials_by_credential_id",
    tag = "clients",
    params(schema::ClientCredentialPath, schema::Condition),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such client, or it has no such key"),
        (status = 409, description = "The client proves itself by it")
    ),
    security(("token" = ["delete:client_credentials"]))
)]
pub(super) async fn delete(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    CredentialPath { client, id }: CredentialPath,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    caller.may(&[scope::DELETE_CLIENT_CREDENTIALS])?;
    Query::none(&uri)?;
    let seen = IfMatch::of(&headers)?;
    let registrar = management.registrar(&caller);
    let alone = management.changing.lock().await;
    if seen.asks() {
        seen.check(&object(&registrar.credential(&client, &id).await?))?;
    }
    registrar.delete_credential(&client, &id).await?;
    drop(alone);
    management.nudge.caught_up().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Which credential a path names, decoded.
pub(super) struct CredentialPath {
    client: String,
    id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for CredentialPath {
    type Rejection = ManageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ManageError> {
        let decoded = Path::<(String, String)>::from_request_parts(parts, state).await;
        let nothing = |_| ManageError::NoSuchPath(parts.uri.path().to_owned());
        let Path((client, id)) = decoded.map_err(nothing)?;
        Ok(Self { client, id })
    }
}

/// The credentials that a new client comes with, and proves itself by.
pub(super) fn new_in_use(body: &mut Payload) -> Result<Vec<NewCredential>, ManageError> {
    let Some(listed) = take_listed(body)?.filter(|listed| !listed.is_empty()) else {
        return Ok(Vec::new());
    };
    let read = |one: Map<String, Value>| new_credential(Payload::of(one)).map_err(within_methods);
    listed.into_iter().map(read).collect()
}

/// The credentials that a client is to prove itself by, by id: none of them where it is to do so by keys no more.
pub(super) fn in_use(body: &mut Payload) -> Result<Option<Vec<String>>, ManageError> {
    let Some(listed) = take_listed(body)? else {
        return Ok(None);
    };
    let id = |one: Map<String, Value>| {
        let mut one = Payload::of(one);
        let id = one.require("id").map_err(within_methods)?;
        one.nothing_more().map_err(within_methods)?;
        Ok(id)
    };
    listed
        .into_iter()
        .map(id)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Whether a change is about the keys that a client proves itself by. That it does so by none is nothing new for most.
pub(super) fn are_touched(change: &ClientChange, client: &ClientRow) -> bool {
    let names_some = |ids: &Vec<String>| !ids.is_empty() || !credentials_in_use(client).is_empty();
    change.credentials.as_ref().is_some_and(names_some)
}

/// Takes `client_authentication_methods` out of a body: `{"private_key_jwt": {"credentials": [...]}}`, or null for none.
fn take_listed(body: &mut Payload) -> Result<Option<Vec<Map<String, Value>>>, ManageError> {
    let is_there = body.has(AUTHENTICATION_METHODS);
    let Some(methods) = body.take::<Map<String, Value>>(AUTHENTICATION_METHODS)? else {
        return Ok(is_there.then(Vec::new));
    };
    if let Some(other) = methods.keys().find(|name| *name != PRIVATE_KEY_JWT) {
        let why = format!(
            "{AUTHENTICATION_METHODS}: this server cannot do that ({other}); it knows {PRIVATE_KEY_JWT}"
        );
        return Err(ManageError::Body(why));
    }
    let mut methods = Payload::of(methods);
    let method = methods.require::<PrivateKeyJwt>(PRIVATE_KEY_JWT);
    let PrivateKeyJwt { credentials } = method.map_err(within_methods)?;
    match credentials.is_empty() {
        false => Ok(Some(credentials)),
        true => Err(ManageError::Body(format!(
            "{AUTHENTICATION_METHODS}: {PRIVATE_KEY_JWT} names no credentials: to have none, send null instead"
        ))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivateKeyJwt {
    credentials: Vec<Map<String, Value>>,
}

/// Says where in a client it is.
fn within_methods(error: ManageError) -> ManageError {
    ManageError::Body(format!("{AUTHENTICATION_METHODS}: {}", error.why()))
}

/// The credential that a body describes.
fn new_credential(mut body: Payload) -> Result<NewCredential, ManageError> {
    let kind: String = body.require("credential_type")?;
    if kind != PUBLIC_KEY {
        let why = format!("credential_type: {kind:?} is not possible here; use {PUBLIC_KEY}");
        return Err(ManageError::Body(why));
    }
    let name: Option<String> = body.take("name")?;
    let ends_with_certificate: Option<bool> = body.take("parse_expiry_from_cert")?;
    let new = NewCredential {
        name: name.unwrap_or_default(),
        pem: body.require("pem")?,
        kid: body.take("kid")?,
        algorithm: body.take("alg")?,
        expires_at: take_moment(&mut body)?,
        ends_with_certificate: ends_with_certificate.unwrap_or_default(),
    };
    body.nothing_more()?;
    Ok(new)
}

/// Unix seconds. A part of a second is left out, so that nothing ends later than is said.
fn take_moment(body: &mut Payload) -> Result<Option<i64>, ManageError> {
    let text: Option<String> = body.take("expires_at")?;
    let read = |text: String| {
        let moment = text.parse::<Timestamp>();
        moment.map(Timestamp::as_second).map_err(|_| {
            let why = format!("expires_at: {text:?} is no time; write it as 2030-12-31T23:59:59Z");
            ManageError::Body(why)
        })
    };
    text.map(read).transpose()
}

/// A credential as Auth0 writes it: all but the key.
fn object(credential: &CredentialRow) -> Object {
    let mut object = Object::from_iter([
        ("id".to_owned(), json!(credential.id)),
        ("name".to_owned(), json!(credential.name)),
        ("kid".to_owned(), json!(credential.kid)),
        ("alg".to_owned(), json!(credential.algorithm)),
        ("credential_type".to_owned(), json!(PUBLIC_KEY)),
    ]);
    for (name, moment) in [
        ("created_at", Some(credential.created_at)),
        ("updated_at", Some(credential.updated_at)),
        ("expires_at", credential.expires_at),
    ] {
        let moment = moment.and_then(|seconds| Timestamp::from_second(seconds).ok());
        if let Some(moment) = moment {
            object.insert(name.to_owned(), json!(moment.to_string()));
        }
    }
    object
}

const PUBLIC_KEY: &str = "public_key";
