//! `/tokens`: issued directly, explained, listed.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{PREFIX, schema};
use crate::config::LedgerMode;
use crate::ledger::{IssuedToken, explained, newest_records};
use crate::manage::access::Caller;
use crate::manage::error::{ManageError, name_transaction};
use crate::manage::id::Id;
use crate::manage::list::{PAGE_DEFAULT, Query, answer};
use crate::manage::payload::Payload;
use crate::manage::{Management, scope};
use crate::request::{DirectRequest, DirectWanted};
use crate::store::IssuedFilter;

type Answer = Result<Response, ManageError>;

/// Issue a token directly.
///
/// It is for a subject that the caller names. Rules run for it; claims of the server are refused.
#[utoipa::path(
    post,
    path = "/api/rulemint/v1/tokens",
    operation_id = "issue_token",
    tag = "tokens",
    request_body = schema::TokenIssue,
    responses(
        (status = 201, description = "It was issued", body = schema::IssuedToken, headers(("Location"), ("X-Transaction-Id"))),
        (status = 404, description = "There is no such API", headers(("X-Transaction-Id"))),
        (status = 422, description = "A rule refuses it", headers(("X-Transaction-Id"))),
        (status = 500, description = "A rule, or the server, failed", headers(("X-Transaction-Id")))
    ),
    security(("token" = ["issue:tokens"]))
)]
pub(in crate::manage) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(&[scope::ISSUE_TOKENS])?;
    Query::none(request.uri())?;
    let wanted = wanted(Payload::read(request).await?)?;
    let transaction: Arc<str> = hex::encode(management.random.bytes::<16>()).into();
    let request = DirectRequest {
        transaction_id: Arc::clone(&transaction),
        client_id: caller.client_id,
        wanted,
    };
    let issued = management.issuer.issue_directly(request).await;
    let issued = issued.map_err(|problem| ManageError::Issue(problem, transaction))?;
    management.metrics.tokens_issued.inc();
    Ok(encode(&issued))
}

fn wanted(mut body: Payload) -> Result<DirectWanted, ManageError> {
    let claims: Option<Map<String, Value>> = body.take("claims")?;
    let as_text = |(name, value): (String, Value)| (name, value.to_string());
    let wanted = DirectWanted {
        audience: body.require("audience")?,
        subject: body.require("subject")?,
        scope: body.take("scope")?.unwrap_or_default(),
        lifetime: body.take("expires_in")?,
        claims: claims.into_iter().flatten().map(as_text).collect(),
    };
    body.nothing_more()?;
    Ok(wanted)
}

fn encode(issued: &IssuedToken) -> Response {
    let jti = jti_of(issued.access_token()).unwrap_or_default();
    let body = json!({
        "access_token": issued.access_token(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in(),
        "scope": issued.scope(),
        "jti": jti,
        "transaction_id": issued.transaction_id(),
    });
    let mut response = answer(StatusCode::CREATED, &body);
    name_transaction(response.headers_mut(), issued.transaction_id());
    let place = utf8_percent_encode(&jti, RESERVED);
    if let Ok(location) = HeaderValue::from_str(&format!("{PREFIX}/tokens/{place}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The `jti` of a token that was just signed here.
fn jti_of(jwt: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(claims["jti"].as_str()?.to_owned())
}

/// Tell how a token came to be, and whether it was revoked.
///
/// That is who asked, which rules ran, and what each changed.
#[utoipa::path(
    get,
    path = "/api/rulemint/v1/tokens/{jti}",
    operation_id = "explain_token",
    tag = "tokens",
    params(("jti" = String, Path, description = "The token's jti")),
    responses(
        (status = 200, description = "It came to be like this", body = schema::TokenRecord),
        (status = 404, description = "The ledger has no such token")
    ),
    security(("token" = ["read:tokens"]))
)]
pub(in crate::manage) async fn explain(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(jti): Id,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    Query::none(&uri)?;
    let is_written = || management.issuer.ledger.mode() != LedgerMode::Off;
    let records = explained(&management.store, &jti, is_written).await?;
    let newest = records.into_iter().next();
    let unknown = || ManageError::NotThere {
        what: "token in the ledger with the jti",
        id: jti,
    };
    Ok(answer(StatusCode::OK, &newest.ok_or_else(unknown)?))
}

/// List the tokens that were issued.
///
/// The newest come first. A part may be short, even empty, and have a `next` all the same.
#[utoipa::path(
    get,
    path = "/api/rulemint/v1/tokens",
    operation_id = "list_tokens",
    tag = "tokens",
    params(schema::TokenFilters, schema::Checkpoint),
    responses((status = 200, description = "A part of the list", body = schema::TokenRecords)),
    security(("token" = ["read:tokens"]))
)]
pub(in crate::manage) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(READ)?;
    let query = Query::only(&uri, &["client_id", "grant_id", "from", "take"])?;
    let filter = IssuedFilter {
        client_id: query.one("client_id").map(str::to_owned),
        grant_id: query.one("grant_id").map(str::to_owned),
    };
    let before = query.parsed("from", "the next of an earlier answer")?;
    let count = query.count("take")?.unwrap_or(PAGE_DEFAULT);
    let (records, next) = newest_records(&management.store, &filter, before, count).await?;
    let mut part = json!({ "tokens": records });
    if let Some(next) = next {
        part["next"] = next.to_string().into();
    }
    Ok(answer(StatusCode::OK, &part))
}

/// What a path cannot hold as it is (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const READ: &[&str] = &[scope::READ_TOKENS];
