//! `/blacklists/tokens`: single tokens that are taken back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::access::Caller;
use super::error::ManageError;
use super::list::{Kind, Object, Query};
use super::payload::Payload;
use super::{Management, schema, scope};
use crate::revocation::{NewRevocation, Target};
use crate::store::{BlacklistFilter, RevocationRow};

type Answer = Result<Response, ManageError>;

/// List blacklisted tokens.
///
/// As at Auth0, pages by number are ignored.
#[utoipa::path(
    get,
    path = "/api/v2/blacklists/tokens",
    operation_id = "get_tokens",
    tag = "blacklists",
    params(schema::Checkpoints, schema::Projection, schema::BlacklistFilters),
    responses(
        (status = 200, description = "The list", body = schema::BlacklistedTokens),
    ),
    security(("token" = ["blacklist:tokens"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(SCOPE)?;
    let query = Query::of_list(&uri, &["aud"])?.without_pages();
    let filter = BlacklistFilter {
        audience: query.one("aud").map(str::to_owned),
    };
    let kind = Kind {
        plural: "tokens",
        object,
    };
    management.list(&query, &filter, kind).await
}

/// Blacklist a token.
///
/// It is good for nothing from now on.
#[utoipa::path(
    post,
    path = "/api/v2/blacklists/tokens",
    operation_id = "post_tokens",
    tag = "blacklists",
    request_body = schema::BlacklistedTokenCreate,
    responses(
        (status = 204, description = "It is on the list"),
        (status = 409, description = "The list of revocations is full")
    ),
    security(("token" = ["blacklist:tokens"]))
)]
pub(super) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(SCOPE)?;
    Query::none(request.uri())?;
    let mut body = Payload::read(request).await?;
    let audience: Option<String> = body.take("aud")?;
    let new = NewRevocation {
        target: Target::Token {
            jti: body.require("jti")?,
            audience: audience.filter(|audience| !audience.is_empty()),
        },
        issued_before: None,
        expires_at: None,
        reason: body.take("reason")?,
        actor: caller.actor.clone(),
    };
    body.nothing_more()?;
    management.revoker.revoke(new).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A blacklisted token as Auth0 writes it.
fn object(row: &RevocationRow) -> Object {
    let mut object = Object::from_iter([("jti".to_owned(), json!(row.value))]);
    if !row.audience.is_empty() {
        object.insert("aud".to_owned(), json!(row.audience));
    }
    object
}

const SCOPE: &[&str] = &[scope::BLACKLIST_TOKENS];
