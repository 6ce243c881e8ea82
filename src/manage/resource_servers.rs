//! `/resource-servers`: what this server calls APIs.

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
use crate::keys::Algorithm;
use crate::registry::{ApiChange, NewApi};
use crate::store::{ApiFilter, ApiRow};

type Answer = Result<Response, ManageError>;

/// List APIs.
#[utoipa::path(
    get,
    path = "/api/v2/resource-servers",
    operation_id = "get_resource_servers",
    tag = "resource-servers",
    params(schema::Paging, schema::Projection, schema::ResourceServerFilters),
    responses((status = 200, description = "The list", body = schema::ResourceServers, headers(("Link")))),
    security(("token" = ["read:resource_servers"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    let query = Query::of_list(&uri, &["identifiers"])?;
    let filter = ApiFilter {
        identifiers: query.list("identifiers"),
    };
    if filter.identifiers.len() > IDENTIFIERS_MAX {
        let why = format!("identifiers may name {IDENTIFIERS_MAX}");
        return Err(ManageError::Query(why));
    }
    let kind = Kind {
        plural: "resource_servers",
        object,
    };
    management.list(&query, &filter, kind).await
}

/// Look at one API.
#[utoipa::path(
    get,
    path = "/api/v2/resource-servers/{id}",
    operation_id = "get_resource_servers_by_id",
    tag = "resource-servers",
    params(("id" = String, Path, description = "The API's id, or its identifier"), schema::Projection),
    responses(
        (status = 200, description = "It is this", body = schema::ResourceServer, headers(("ETag"))),
        (status = 404, description = "There is no such API")
    ),
    security(("token" = ["read:resource_servers"]))
)]
pub(super) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    let query = Query::of_one(&uri)?;
    let api = management.registrar(&caller).api(&id).await?;
    let whole = object(&api);
    let object = query.projected(whole.clone())?;
    Ok(tagged(answer(StatusCode::OK, &object), &whole))
}

/// Add an API.
#[utoipa::path(
    post,
    path = "/api/v2/resource-servers",
    operation_id = "post_resource_servers",
    tag = "resource-servers",
    request_body = schema::ResourceServerCreate,
    responses(
        (status = 201, description = "It was added", body = schema::ResourceServer, headers(("ETag"))),
        (status = 409, description = "There is one with this identifier already")
    ),
    security(("token" = ["create:resource_servers"]))
)]
pub(super) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(&[scope::CREATE_RESOURCE_SERVERS])?;
    Query::none(request.uri())?;
    let new = new_api(Payload::read(request).await?)?;
    let api = management.registrar(&caller).add_api(new).await?;
    management.nudge.caught_up().await;
    let whole = object(&api);
    Ok(tagged(answer(StatusCode::CREATED, &whole), &whole))
}

/// Change an API.
///
/// What is not named stays.
#[utoipa::path(
    patch,
    path = "/api/v2/resource-servers/{id}",
    operation_id = "patch_resource_servers_by_id",
    tag = "resource-servers",
    params(("id" = String, Path, description = "The API's id, or its identifier"), schema::Condition),
    request_body = schema::ResourceServerUpdate,
    responses(
        (status = 200, description = "It was changed", body = schema::ResourceServer, headers(("ETag"))),
        (status = 404, description = "There is no such API")
    ),
    security(("token" = ["update:resource_servers"]))
)]
pub(super) async fn update(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    request: Request,
) -> Answer {
    caller.may(&[scope::UPDATE_RESOURCE_SERVERS])?;
    Query::none(request.uri())?;
    let seen = IfMatch::of(request.headers())?;
    let change = api_change(Payload::read(request).await?)?;
    let registrar = management.registrar(&caller);
    let alone = management.changing.lock().await;
    if seen.asks() {
        seen.check(&object(&registrar.api(&id).await?))?;
    }
    let api = registrar.update_api(&id, change).await?;
    drop(alone);
    management.nudge.caught_up().await;
    let whole = object(&api);
    Ok(tagged(answer(StatusCode::OK, &whole), &whole))
}

/// Delete an API.
#[utoipa::path(
    delete,
    path = "/api/v2/resource-servers/{id}",
    operation_id = "delete_resource_servers_by_id",
    tag = "resource-servers",
    params(("id" = String, Path, description = "The API's id, or its identifier"), schema::Condition),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such API")
    ),
    security(("token" = ["delete:resource_servers"]))
)]
pub(super) async fn delete(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    caller.may(&[scope::DELETE_RESOURCE_SERVERS])?;
    Query::none(&uri)?;
    let seen = IfMatch::of(&headers)?;
    let registrar = management.registrar(&caller);
    let alone = management.changing.lock().await;
    if seen.asks() {
        seen.check(&object(&registrar.api(&id).await?))?;
    }
    registrar.delete_api(&id).await?;
    drop(alone);
    management.nudge.caught_up().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The API that a body describes.
pub(super) fn new_api(mut body: Payload) -> Result<NewApi, ManageError> {
    let identifier: String = body.require("identifier")?;
    let defaults = NewApi::named(&identifier);
    Ok(NewApi {
        name: body.take("name")?,
        scopes: body.take("scopes")?.unwrap_or_default(),
        algorithm: take_algorithm(&mut body)?.unwrap_or(defaults.algorithm),
        lifetime: body.take("token_lifetime")?.unwrap_or(defaults.lifetime),
        status_list: body.take("status_list")?.unwrap_or_default(),
        attributes: without_nulls(body.rest(&KEPT)?),
        ..defaults
    })
}

/// The change that a body describes.
pub(super) fn api_change(mut body: Payload) -> Result<ApiChange, ManageError> {
    Ok(ApiChange {
        name: body.take("name")?,
        scopes: body.take("scopes")?,
        algorithm: take_algorithm(&mut body)?,
        lifetime: body.take("token_lifetime")?,
        status_list: body.take("status_list")?,
        attributes: body.rest(&KEPT)?,
    })
}

/// An API as Auth0 writes it.
pub(super) fn object(api: &ApiRow) -> Object {
    let mut object = Object::from_iter([
        ("allow_offline_access".to_owned(), json!(false)),
        ("enforce_policies".to_owned(), json!(false)),
        ("token_dialect".to_owned(), json!("rfc9068_profile")),
    ]);
    object.extend(api.attributes.clone());
    object.extend([
        ("id".to_owned(), json!(api.id)),
        ("name".to_owned(), json!(api.name)),
        ("identifier".to_owned(), json!(api.identifier)),
        ("scopes".to_owned(), json!(api.scopes)),
        ("signing_alg".to_owned(), json!(api.signing_alg)),
        ("token_lifetime".to_owned(), json!(api.token_lifetime)),
        ("status_list".to_owned(), json!(api.status_list)),
        ("is_system".to_owned(), json!(api.is_system)),
    ]);
    object
}

fn take_algorithm(body: &mut Payload) -> Result<Option<Algorithm>, ManageError> {
    let name: Option<String> = body.take("signing_alg")?;
    let algorithm = name.as_deref().map(str::parse).transpose();
    algorithm.map_err(|problem| ManageError::Body(format!("signing_alg: {problem}")))
}

const READ: &[&str] = &[scope::READ_RESOURCE_SERVERS];
const IDENTIFIERS_MAX: usize = 10;

pub(super) const KEPT: Kept = Kept {
    names: &[
        "allow_offline_access",
        "allow_online_access",
        "authorization_details",
        "consent_policy",
        "enforce_policies",
        "options",
        "skip_consent_for_verifiable_first_party_clients",
        "subject_type_authorization",
        "token_lifetime_for_web",
        "verificationLocation",
    ],
    only: &[
        ("authorization_policy", NOTHING),
        ("proof_of_possession", NOTHING),
        ("signing_secret", NOTHING),
        // Nobody here has permissions that would be put into a token.
        (
            "token_dialect",
            r#"[null, "access_token", "rfc9068_profile"]"#,
        ),
        ("token_encryption", NOTHING),
    ],
};
