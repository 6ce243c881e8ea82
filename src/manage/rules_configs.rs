//! `/rules-configs`: what all scripts share. A value goes in, and no call gives it out again.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde_json::json;

use super::access::Caller;
use super::error::ManageError;
use super::id::Id;
use super::list::{Query, answer};
use super::payload::Payload;
use super::{Management, schema, scope};

type Answer = Result<Response, ManageError>;

/// List the keys of what all scripts share.
#[utoipa::path(
    get,
    path = "/api/v2/rules-configs",
    operation_id = "get_rules_configs",
    tag = "rules-configs",
    responses((status = 200, description = "The keys", body = Vec<schema::RulesConfigKey>)),
    security(("token" = ["read:rules_configs"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_RULES_CONFIGS])?;
    Query::none(&uri)?;
    let keys = management.registrar(&caller).rules_config_keys().await?;
    let objects: Vec<_> = keys.iter().map(|key| json!({ "key": key })).collect();
    Ok(answer(StatusCode::OK, &objects))
}

/// Set a value that all scripts share.
///
/// They have it in `configuration` from now on.
#[utoipa::path(
    put,
    path = "/api/v2/rules-configs/{key}",
    operation_id = "put_rules_configs_by_key",
    tag = "rules-configs",
    params(schema::RulesConfigPath),
    request_body = schema::RulesConfigValue,
    responses((status = 200, description = "It is set", body = schema::RulesConfig)),
    security(("token" = ["update:rules_configs"]))
)]
pub(super) async fn set(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(key): Id,
    request: Request,
) -> Answer {
    caller.may(&[scope::UPDATE_RULES_CONFIGS])?;
    Query::none(request.uri())?;
    let mut body = Payload::read(request).await?;
    let value: String = body.require("value")?;
    body.nothing_more()?;
    // Whoever sent it has it anyway, and Auth0's tools read it.
    let object = json!({ "key": key, "value": value });
    let value = SecretString::from(value);
    let registrar = management.registrar(&caller);
    let wish = registrar.set_rules_config(&key, &value).await?;
    management.directory.settle(wish).await;
    Ok(answer(StatusCode::OK, &object))
}

/// Delete a value that all scripts share.
///
/// It may be gone already.
#[utoipa::path(
    delete,
    path = "/api/v2/rules-configs/{key}",
    operation_id = "delete_rules_configs_by_key",
    tag = "rules-configs",
    params(schema::RulesConfigPath),
    responses((status = 204, description = "It is gone")),
    security(("token" = ["delete:rules_configs"]))
)]
pub(super) async fn delete(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(key): Id,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::DELETE_RULES_CONFIGS])?;
    Query::none(&uri)?;
    let registrar = management.registrar(&caller);
    if let Some(wish) = registrar.delete_rules_config(&key).await? {
        management.directory.settle(wish).await;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
