//! `/keys/signing`: the keys that tokens are signed with.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;

use super::access::Caller;
use super::condition::tagged;
use super::error::ManageError;
use super::id::Id;
use super::list::{Object, Query, answer};
use super::{Management, schema, scope};
use crate::keys::{Algorithm, fingerprint, pem};
use crate::registry::KeyStanding;

type Answer = Result<Response, ManageError>;

/// List signing keys.
///
/// Those that sign, that will, that did, and that were revoked.
#[utoipa::path(
    get,
    path = "/api/v2/keys/signing",
    operation_id = "get_signing_keys",
    tag = "keys",
    responses((status = 200, description = "The keys", body = Vec<schema::Key>)),
    security(("token" = ["read:signing_keys"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_SIGNING_KEYS])?;
    Query::none(&uri)?;
    let keys = management.registrar(&caller).keys().await?;
    let objects: Vec<Object> = keys.iter().map(object).collect();
    Ok(answer(StatusCode::OK, &objects))
}

/// Look at one signing key.
#[utoipa::path(
    get,
    path = "/api/v2/keys/signing/{id}",
    operation_id = "get_signing_key",
    tag = "keys",
    params(("id" = String, Path, description = "The key's kid")),
    responses(
        (status = 200, description = "It is this", body = schema::Key, headers(("ETag"))),
        (status = 404, description = "There is no such key")
    ),
    security(("token" = ["read:signing_keys"]))
)]
pub(super) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(kid): Id,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_SIGNING_KEYS])?;
    Query::none(&uri)?;
    let key = management.registrar(&caller).key(&kid).await?;
    let whole = object(&key);
    Ok(tagged(answer(StatusCode::OK, &whole), &whole))
}

/// Sign with the next key from now on.
///
/// What was signed before stays good.
#[utoipa::path(
    post,
    path = "/api/v2/keys/signing/rotate",
    operation_id = "post_signing_keys",
    tag = "keys",
    params(schema::KeyRotation),
    responses(
        (status = 201, description = "This key will sign after the next rotation", body = schema::NextKey),
        (status = 404, description = "There is no such key")
    ),
    security(("token" = ["create:signing_keys"]), ("token" = ["update:signing_keys"]))
)]
pub(super) async fn rotate(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(CHANGE)?;
    let query = Query::only(&uri, &["algorithm"])?;
    let only = query.one("algorithm").map(str::parse::<Algorithm>);
    let only = only.transpose().map_err(ManageError::Query)?;
    let registrar = management.registrar(&caller);
    registrar.rotate_keys(only).await?;
    management.nudge.caught_up().await;
    let algorithm = only.unwrap_or_default();
    let keys = registrar.keys().await?;
    let is_next = |key: &&KeyStanding| key.state == "next" && key.algorithm == algorithm.as_str();
    let next = keys.iter().find(is_next).map(brief).unwrap_or_default();
    Ok(answer(StatusCode::CREATED, &next))
}

/// Revoke a signing key.
///
/// Every token under it is good for nothing from now on.
#[utoipa::path(
    put,
    path = "/api/v2/keys/signing/{id}/revoke",
    operation_id = "put_signing_keys",
    tag = "keys",
    params(("id" = String, Path, description = "The key's kid")),
    responses(
        (status = 201, description = "It is revoked", body = schema::NextKey),
        (status = 404, description = "There is no such key"),
        (status = 409, description = "The list of revocations is full")
    ),
    security(("token" = ["create:signing_keys"]), ("token" = ["update:signing_keys"]))
)]
pub(super) async fn revoke(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(kid): Id,
    uri: Uri,
) -> Answer {
    caller.may(CHANGE)?;
    Query::none(&uri)?;
    let registrar = management.registrar(&caller);
    let instead = registrar.key_instead_of(&kid).await?;
    let revoking = (kid.as_str(), &instead);
    management
        .revoker
        .revoke_key(revoking, None, &caller.actor)
        .await?;
    management.nudge.caught_up().await;
    let key = registrar.key(&kid).await?;
    Ok(answer(StatusCode::CREATED, &brief(&key)))
}

/// A key as Auth0 writes it.
fn object(key: &KeyStanding) -> Object {
    let print = fingerprint(&key.certificate);
    let pairs: Vec<String> = print.iter().map(|byte| format!("{byte:02X}")).collect();
    let mut object = brief(key);
    object.extend([
        ("algorithm".to_owned(), json!(key.algorithm)),
        ("next".to_owned(), json!(key.state == "next")),
        ("current".to_owned(), json!(key.state == "current")),
        ("previous".to_owned(), json!(key.state == "previous")),
        ("revoked".to_owned(), json!(key.revoked_at.is_some())),
        ("fingerprint".to_owned(), json!(pairs.join(":"))),
        ("thumbprint".to_owned(), json!(pairs.concat())),
    ]);
    for (name, moment) in [
        ("current_since", key.current_since),
        ("current_until", key.current_until),
        ("revoked_at", key.revoked_at),
    ] {
        let moment = moment.and_then(|seconds| Timestamp::from_second(seconds).ok());
        if let Some(moment) = moment {
            object.insert(name.to_owned(), json!(moment.to_string()));
        }
    }
    object
}

fn brief(key: &KeyStanding) -> Object {
    Object::from_iter([
        ("kid".to_owned(), json!(key.kid)),
        ("cert".to_owned(), json!(pem(&key.certificate))),
    ])
}

const CHANGE: &[&str] = &[scope::CREATE_SIGNING_KEYS, scope::UPDATE_SIGNING_KEYS];
