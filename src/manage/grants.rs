//! `/client-grants`

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::access::Caller;
use super::condition::{IfMatch, tagged};
use super::error::ManageError;
use super::id::Id;
use super::list::{Kind, Object, Query, answer};
use super::payload::{Kept, NOTHING, Payload, without_nulls};
use super::{Management, schema, scope};
use crate::registry::{GrantChange, NewGrant, RegistrarError};
use crate::store::{Attributes, GrantFilter, GrantRow};

type Answer = Result<Response, ManageError>;

/// List client grants.
#[utoipa::path(
    get,
    path = "/api/v2/client-grants",
    operation_id = "get_client_grants",
    tag = "client-grants",
    params(schema::Paging, schema::Projection, schema::ClientGrantFilters),
    responses((status = 200, description = "The list", body = schema::ClientGrants, headers(("Link")))),
    security(("token" = ["read:client_grants"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    let query = Query::of_list(&uri, FILTERS)?;
    let filter = GrantFilter {
        client_id: query.one("client_id").map(str::to_owned),
        audience: query.one("audience").map(str::to_owned),
        is_for_users: query
            .one("subject_type")
            .is_some_and(|kind| kind != "client"),
        any_organization: query.flag("allow_any_organization")?,
    };
    let kind = Kind {
        plural: "client_grants",
        object,
    };
    management.list(&query, &filter, kind).await
}

/// Look at one client grant.
#[utoipa::path(
    get,
    path = "/api/v2/client-grants/{id}",
    operation_id = "get_client_grants_by_id",
    tag = "client-grants",
    params(("id" = String, Path, description = "The grant's id")),
    responses(
        (status = 200, description = "It is this", body = schema::ClientGrant, headers(("ETag"))),
        (status = 404, description = "There is no such grant")
    ),
    security(("token" = ["read:client_grants"]))
)]
pub(super) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    Query::none(&uri)?;
    let grant = management.registrar(&caller).grant(&id).await?;
    let whole = object(&grant);
    Ok(tagged(answer(StatusCode::OK, &whole), &whole))
}

/// Add a client grant.
#[utoipa::path(
    post,
    path = "/api/v2/client-grants",
    operation_id = "post_client_grants",
    tag = "client-grants",
    request_body = schema::ClientGrantCreate,
    responses(
        (status = 201, description = "It was added", body = schema::ClientGrant, headers(("ETag"))),
        (status = 404, description = "There is no such client, or no such API"),
        (status = 409, description = "The client has one for this API already")
    ),
    security(("token" = ["create:client_grants"]))
)]
pub(super) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(&[scope::CREATE_CLIENT_GRANTS])?;
    Query::none(request.uri())?;
    let (new, attributes) = new_grant(Payload::read(request).await?)?;
    let added = management
        .registrar(&caller)
        .add_grant_with(new, attributes)
        .await?;
    management.nudge.caught_up().await;
    let whole = object(&added);
    Ok(tagged(answer(StatusCode::CREATED, &whole), &whole))
}

/// Change a client grant.
///
/// What is not named stays.
#[utoipa::path(
    patch,
    path = "/api/v2/client-grants/{id}",
    operation_id = "patch_client_grants_by_id",
    tag = "client-grants",
    params(("id" = String, Path, description = "The grant's id"), schema::Condition),
    request_body = schema::ClientGrantUpdate,
    responses(
        (status = 200, description = "It was changed", body = schema::ClientGrant, headers(("ETag"))),
        (status = 404, description = "There is no such grant")
    ),
    security(("token" = ["update:client_grants"]))
)]
pub(super) async fn update(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    request: Request,
) -> Answer {
    caller.may(&[scope::UPDATE_CLIENT_GRANTS])?;
    Query::none(request.uri())?;
    let seen = IfMatch::of(request.headers())?;
    let change = grant_change(Payload::read(request).await?)?;
    let registrar = management.registrar(&caller);
    let alone = management.changing.lock().await;
    if seen.asks() {
        seen.check(&object(&registrar.grant(&id).await?))?;
    }
    let grant = registrar.update_grant(&id, change).await?;
    drop(alone);
    management.nudge.caught_up().await;
    let whole = object(&grant);
    Ok(tagged(answer(StatusCode::OK, &whole), &whole))
}

/// Delete a client grant.
///
/// One that is gone already is gone, unless its tokens are to be revoked.
#[utoipa::path(
    delete,
    path = "/api/v2/client-grants/{id}",
    operation_id = "delete_client_grants_by_id",
    tag = "client-grants",
    params(("id" = String, Path, description = "The grant's id"), schema::GrantDeletion, schema::Condition),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such grant")
    ),
    security(("token" = ["delete:client_grants"]))
)]
pub(super) async fn delete(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    caller.may(&[scope::DELETE_CLIENT_GRANTS])?;
    let query = Query::only(&uri, &[REVOKE_TOKENS])?;
    let seen = IfMatch::of(&headers)?;
    let registrar = management.registrar(&caller);
    let _alone = management.changing.lock().await;
    if seen.asks() {
        seen.check(&object(&registrar.grant(&id).await?))?;
    }
    if query.flag(REVOKE_TOKENS)?.unwrap_or_default() {
        management
            .revoker
            .delete_grant(&id, None, &caller.actor)
            .await?;
    } else {
        match registrar.delete_grant(&id).await {
            // What is gone already is gone.
            Ok(()) | Err(RegistrarError::NotFound { .. }) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    management.nudge.caught_up().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The grant that a body describes, with what is kept for Auth0's tools.
pub(super) fn new_grant(mut body: Payload) -> Result<(NewGrant, Attributes), ManageError> {
    let new = NewGrant {
        client_id: body.require("client_id")?,
        audience: body.require("audience")?,
        // Here none means none, and not all.
        scope: Some(take_scope(&mut body)?.unwrap_or_default()),
    };
    Ok((new, without_nulls(body.rest(&KEPT)?)))
}

/// The change that a body describes.
pub(super) fn grant_change(mut body: Payload) -> Result<GrantChange, ManageError> {
    Ok(GrantChange {
        scope: take_scope(&mut body)?,
        attributes: body.rest(&KEPT)?,
    })
}

/// A client grant as Auth0 writes it.
pub(super) fn object(grant: &GrantRow) -> Object {
    let mut object = grant.attributes.clone();
    object.extend([
        ("id".to_owned(), json!(grant.id)),
        ("client_id".to_owned(), json!(grant.client_id)),
        ("audience".to_owned(), json!(grant.audience)),
        ("scope".to_owned(), json!(grant.scope)),
    ]);
    object
}

/// The scopes as the registrar takes them. One with a space in it would come apart there, and is none.
fn take_scope(body: &mut Payload) -> Result<Option<String>, ManageError> {
    let Some(scopes) = body.take::<Vec<String>>("scope")? else {
        return Ok(None);
    };
    match scopes
        .iter()
        .find(|scope| scope.is_empty() || scope.contains(' '))
    {
        Some(odd) => Err(ManageError::Body(format!("scope: {odd:?} is no scope"))),
        None => Ok(Some(scopes.join(" "))),
    }
}

const REVOKE_TOKENS: &str = "revoke_tokens";
const READ: &[&str] = &[scope::READ_CLIENT_GRANTS];
const FILTERS: &[&str] = &[
    "audience",
    "client_id",
    "subject_type",
    "allow_any_organization",
];

pub(super) const KEPT: Kept = Kept {
    names: &["allow_any_organization"],
    only: &[
        ("allow_all_scopes", NOTHING),
        ("authorization_details_types", NOTHING),
        ("organization_usage", r#"[null, "allow", "deny"]"#),
        ("subject_type", r#"[null, "client"]"#),
    ],
};
