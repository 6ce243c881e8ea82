//! `/clients`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::access::Caller;
use super::condition::{IfMatch, tagged};
use super::error::ManageError;
use super::id::Id;
use super::list::{Kind, Object, Query, answer};
use super::payload::{Kept, NOTHING, Payload, without_nulls};
use super::{Management, credentials, schema, scope};
use crate::quota::TokenQuota;
use crate::registry::{AUTHENTICATION_METHODS, ClientChange, NewClient, PRIVATE_KEY_JWT};
use crate::store::{ClientFilter, ClientRow};

type Answer = Result<Response, ManageError>;

/// List clients.
#[utoipa::path(
    get,
    path = "/api/v2/clients",
    operation_id = "get_clients",
    tag = "clients",
    params(schema::Paging, schema::Projection, schema::ClientFilters),
    responses((status = 200, description = "The list", body = schema::Clients, headers(("Link")))),
    security(("token" = ["read:clients"]), ("token" = ["read:client_keys"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    let query = Query::of_list(&uri, &["is_global", "is_first_party", "app_type"])?;
    let filter = ClientFilter {
        app_types: query.list("app_type"),
        is_global: query.flag("is_global")?,
        is_first_party: query.flag("is_first_party")?,
    };
    let kind = Kind {
        plural: "clients",
        object,
    };
    management.list(&query, &filter, kind).await
}

/// Look at one client.
#[utoipa::path(
    get,
    path = "/api/v2/clients/{id}",
    operation_id = "get_clients_by_id",
    tag = "clients",
    params(("id" = String, Path, description = "The client id"), schema::Projection),
    responses(
        (status = 200, description = "It is this", body = schema::Client, headers(("ETag"))),
        (status = 404, description = "There is no such client")
    ),
    security(("token" = ["read:clients"]), ("token" = ["read:client_keys"]))
)]
pub(super) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    let query = Query::of_one(&uri)?;
    let client = management.registrar(&caller).client(&id).await?;
    let whole = object(&client);
    let object = query.projected(whole.clone())?;
    Ok(tagged(answer(StatusCode::OK, &object), &whole))
}

/// Add a client.
#[utoipa::path(
    post,
    path = "/api/v2/clients",
    operation_id = "post_clients",
    tag = "clients",
    request_body = schema::ClientCreate,
    responses((status = 201, description = "It was added", body = schema::Client, headers(("ETag")))),
    security(("token" = ["create:clients"]))
)]
pub(super) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(&[scope::CREATE_CLIENTS])?;
    Query::none(request.uri())?;
    let new = new_client(Payload::read(request).await?)?;
    let added = management.registrar(&caller).add_client(new).await?;
    management.nudge.caught_up().await;
    let secret = added.secret.filter(|_| caller.has(scope::READ_CLIENT_KEYS));
    let whole = object(&added.client);
    let object = with_secret(whole.clone(), secret.as_ref());
    Ok(tagged(answer(StatusCode::CREATED, &object), &whole))
}

/// Change a client.
///
/// What is not named stays.
#[utoipa::path(
    patch,
    path = "/api/v2/clients/{id}",
    operation_id = "patch_clients_by_id",
    tag = "clients",
    params(("id" = String, Path, description = "The client id"), schema::Condition),
    request_body = schema::ClientUpdate,
    responses(
        (status = 200, description = "It was changed", body = schema::Client, headers(("ETag"))),
        (status = 404, description = "There is no such client")
    ),
    security(("token" = ["update:clients"]))
)]
pub(super) async fn update(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    request: Request,
) -> Answer {
    caller.may(&[scope::UPDATE_CLIENTS])?;
    Query::none(request.uri())?;
    let seen = IfMatch::of(request.headers())?;
    let change = client_change(Payload::read(request).await?)?;
    if change.secret.is_some() {
        caller.may(&[scope::UPDATE_CLIENT_KEYS])?;
    }
    let registrar = management.registrar(&caller);
    let alone = management.changing.lock().await;
    if seen.asks() || change.credentials.is_some() {
        let before = registrar.client(&id).await?;
        if seen.asks() {
            seen.check(&object(&before))?;
        }
        if credentials::are_touched(&change, &before) {
            caller.may(&[scope::UPDATE_CLIENT_CREDENTIALS])?;
        }
    }
    let updated = registrar.update_client(&id, change).await?;
    drop(alone);
    management.nudge.caught_up().await;
    let secret = updated
        .secret
        .filter(|_| caller.has(scope::READ_CLIENT_KEYS));
    let whole = object(&updated.client);
    let object = with_secret(whole.clone(), secret.as_ref());
    Ok(tagged(answer(StatusCode::OK, &object), &whole))
}

/// Delete a client.
#[utoipa::path(
    delete,
    path = "/api/v2/clients/{id}",
    operation_id = "delete_clients_by_id",
    tag = "clients",
    params(("id" = String, Path, description = "The client id"), schema::Condition),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such client")
    ),
    security(("token" = ["delete:clients"]))
)]
pub(super) async fn delete(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    caller.may(&[scope::DELETE_CLIENTS])?;
    Query::none(&uri)?;
    let seen = IfMatch::of(&headers)?;
    let registrar = management.registrar(&caller);
    let alone = management.changing.lock().await;
    if seen.asks() {
        seen.check(&object(&registrar.client(&id).await?))?;
    }
    registrar.delete_client(&id).await?;
    drop(alone);
    management.nudge.caught_up().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Give a client a new secret.
///
/// The old one ends. Whoever may replace a secret can have it: no more is asked.
#[utoipa::path(
    post,
    path = "/api/v2/clients/{id}/rotate-secret",
    operation_id = "post_rotate_secret",
    tag = "clients",
    params(("id" = String, Path, description = "The client id")),
    responses(
        (status = 200, description = "It has a new secret", body = schema::Client),
        (status = 404, description = "There is no such client")
    ),
    security(("token" = ["update:client_keys"]))
)]
pub(super) async fn rotate_secret(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::UPDATE_CLIENT_KEYS])?;
    Query::none(&uri)?;
    let rotated = management.registrar(&caller).rotate_secret(&id, 0).await?;
    management.nudge.caught_up().await;
    let object = with_secret(object(&rotated.client), rotated.secret.as_ref());
    Ok(answer(StatusCode::OK, &object))
}

/// The client that a body describes.
pub(super) fn new_client(mut body: Payload) -> Result<NewClient, ManageError> {
    let defaults = NewClient::default();
    let metadata: Option<BTreeMap<String, String>> = body.take("client_metadata")?;
    let (credentials, public) = (credentials::new_in_use(&mut body)?, take_public(&mut body)?);
    if !credentials.is_empty() && public.is_some() {
        let why = format!("{AUTH_METHOD} and {AUTHENTICATION_METHODS} exclude each other");
        return Err(ManageError::Body(why));
    }
    body.keep::<TokenQuota>(TokenQuota::NAME)?;
    Ok(NewClient {
        id: None,
        credentials,
        name: body.require("name")?,
        public: public.unwrap_or_default(),
        secret: take_secret(&mut body)?,
        grant_types: body.take("grant_types")?.unwrap_or(defaults.grant_types),
        metadata: metadata.unwrap_or_default(),
        attributes: without_nulls(body.rest(&KEPT)?),
    })
}

/// The change that a body describes.
pub(super) fn client_change(mut body: Payload) -> Result<ClientChange, ManageError> {
    let metadata: Option<BTreeMap<String, Option<String>>> = body.take("client_metadata")?;
    let credentials = credentials::in_use(&mut body)?;
    body.keep::<TokenQuota>(TokenQuota::NAME)?;
    Ok(ClientChange {
        credentials,
        name: body.take("name")?,
        public: take_public(&mut body)?,
        secret: take_secret(&mut body)?,
        grant_types: body.take("grant_types")?,
        metadata: metadata.unwrap_or_default(),
        attributes: body.rest(&KEPT)?,
    })
}

/// A client as Auth0 writes it.
pub(super) fn object(client: &ClientRow) -> Object {
    let method = client.attributes.get(AUTH_METHOD);
    let method = match (&*client.auth_method, method.and_then(Value::as_str)) {
        ("none", _) => json!("none"),
        // As at Auth0: client_authentication_methods says how.
        (PRIVATE_KEY_JWT, _) => Value::Null,
        (_, Some(kept)) if kept != "none" => json!(kept),
        (_, _) => json!("client_secret_post"),
    };
    let mut object = Object::from_iter([
        ("app_type".to_owned(), json!("non_interactive")),
        ("is_first_party".to_owned(), json!(true)),
        ("oidc_conformant".to_owned(), json!(true)),
    ]);
    object.extend(client.attributes.clone());
    object.extend([
        ("client_id".to_owned(), json!(client.id)),
        ("name".to_owned(), json!(client.name)),
        ("global".to_owned(), json!(false)),
        (AUTH_METHOD.to_owned(), method),
        ("grant_types".to_owned(), json!(client.grant_types)),
        ("client_metadata".to_owned(), json!(client.metadata)),
    ]);
    object
}

fn with_secret(mut object: Object, secret: Option<&SecretString>) -> Object {
    if let Some(secret) = secret {
        let secret = secret.expose_secret();
        object.insert("client_secret".to_owned(), secret.into());
    }
    object
}

fn take_secret(body: &mut Payload) -> Result<Option<SecretString>, ManageError> {
    let secret: Option<String> = body.take("client_secret")?;
    match secret {
        Some(secret) if secret.len() < SECRET_CHARS_MIN => {
            let why = format!(
                "a client secret has at least {SECRET_CHARS_MIN} characters: leave it out to have one made"
            );
            Err(ManageError::Body(why))
        }
        secret => Ok(secret.map(SecretString::from)),
    }
}

/// Whether the client is to be public. The method itself stays in the body and is kept: here either way of sending a
/// secret is as good as the other.
fn take_public(body: &mut Payload) -> Result<Option<bool>, ManageError> {
    let Some(method) = body.take::<String>(AUTH_METHOD)? else {
        return Ok(None);
    };
    let is_public = match method.as_str() {
        "none" => true,
        "client_secret_post" | "client_secret_basic" => false,
        other => {
            let known = "use client_secret_post, client_secret_basic or none";
            let why = format!("{AUTH_METHOD}: {other:?} is not possible here; {known}");
            return Err(ManageError::Body(why));
        }
    };
    body.put_back(AUTH_METHOD, method);
    Ok(Some(is_public))
}

/// Nobody types a secret here, so none need be short.
const SECRET_CHARS_MIN: usize = 32;
const AUTH_METHOD: &str = "token_endpoint_auth_method";
const READ: &[&str] = &[scope::READ_CLIENTS, scope::READ_CLIENT_KEYS];

/// Most are about people who log in, which nobody does here. The quota is acted on.
pub(super) const KEPT: Kept = Kept {
    names: &[
        AUTH_METHOD,
        "addons",
        "allowed_clients",
        "allowed_logout_urls",
        "allowed_origins",
        "app_type",
        "async_approval_notification_channels",
        "callbacks",
        "client_aliases",
        "cross_origin_auth",
        "cross_origin_authentication",
        "cross_origin_loc",
        "custom_login_page",
        "custom_login_page_on",
        "custom_login_page_preview",
        "default_organization",
        "description",
        "encryption_key",
        "express_configuration",
        "form_template",
        "initiate_login_uri",
        "is_first_party",
        "is_token_endpoint_ip_header_trusted",
        "jwt_configuration",
        "logo_uri",
        "mobile",
        "my_organization_configuration",
        "native_social_login",
        "oidc_backchannel_logout",
        "oidc_conformant",
        "oidc_logout",
        "organization_discovery_methods",
        "organization_require_behavior",
        "organization_usage",
        "par_request_expiry",
        "refresh_token",
        "require_pushed_authorization_requests",
        "resource_server_identifier",
        "session_transfer",
        "signed_request_object",
        "skip_non_verifiable_callback_uri_confirmation_prompt",
        "sso",
        "sso_disabled",
        TokenQuota::NAME,
        "web_origins",
    ],
    only: &[
        ("compliance_level", NOTHING),
        ("require_proof_of_possession", NOTHING),
        ("token_exchange", NOTHING),
    ],
};
