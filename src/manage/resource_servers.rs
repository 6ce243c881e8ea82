//! `/resource-servers`: what this server calls APIs.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::access::Caller;
use super::error::ManageError;
use super::list::{Kind, Object, Query, answer};
use super::payload::{Kept, Payload, is_nothing, without_nulls};
use super::{Management, scope};
use crate::keys::Algorithm;
use crate::registry::{ApiChange, NewApi};
use crate::store::{ApiFilter, ApiRow};

type Answer = Result<Response, ManageError>;

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

pub(super) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    let query = Query::of_one(&uri)?;
    let api = management.registrar.api(&id).await?;
    let object = query.projected(object(&api))?;
    Ok(answer(StatusCode::OK, &object))
}

pub(super) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(&[scope::CREATE_RESOURCE_SERVERS])?;
    Query::none(request.uri())?;
    let mut body = Payload::read(request).await?;
    let identifier: String = body.require("identifier")?;
    let defaults = NewApi::named(&identifier);
    let new = NewApi {
        name: body.take("name")?,
        scopes: body.take("scopes")?.unwrap_or_default(),
        algorithm: take_algorithm(&mut body)?.unwrap_or(defaults.algorithm),
        lifetime: body.take("token_lifetime")?.unwrap_or(defaults.lifetime),
        attributes: without_nulls(body.rest(&KEPT)?),
        ..defaults
    };
    let api = management.registrar.add_api(new).await?;
    management.nudge.caught_up().await;
    Ok(answer(StatusCode::CREATED, &object(&api)))
}

pub(super) async fn update(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    caller.may(&[scope::UPDATE_RESOURCE_SERVERS])?;
    Query::none(request.uri())?;
    let mut body = Payload::read(request).await?;
    let change = ApiChange {
        name: body.take("name")?,
        scopes: body.take("scopes")?,
        algorithm: take_algorithm(&mut body)?,
        lifetime: body.take("token_lifetime")?,
        attributes: body.rest(&KEPT)?,
    };
    let api = management.registrar.update_api(&id, change).await?;
    management.nudge.caught_up().await;
    Ok(answer(StatusCode::OK, &object(&api)))
}

pub(super) async fn delete(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::DELETE_RESOURCE_SERVERS])?;
    Query::none(&uri)?;
    management.registrar.delete_api(&id).await?;
    management.nudge.caught_up().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// An API as Auth0 writes it.
fn object(api: &ApiRow) -> Object {
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

const KEPT: Kept = Kept {
    names: &[
        "allow_offline_access",
        "allow_online_access",
        "authorization_details",
        "authorization_policy",
        "consent_policy",
        "enforce_policies",
        "options",
        "proof_of_possession",
        "signing_secret",
        "skip_consent_for_verifiable_first_party_clients",
        "subject_type_authorization",
        "token_dialect",
        "token_encryption",
        "token_lifetime_for_web",
        "verificationLocation",
    ],
    is_demand: |name, value| match name {
        "authorization_policy" | "proof_of_possession" | "signing_secret" | "token_encryption" => {
            !is_nothing(value)
        }
        // Nobody here has permissions that would be put into a token.
        "token_dialect" => !["access_token", "rfc9068_profile"]
            .map(|it| json!(it))
            .contains(value),
        _ => false,
    },
};
