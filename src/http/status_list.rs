//! `GET /status-lists/{id}`: a Token Status List (draft-ietf-oauth-status-list section 8).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER,
    VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tracing::error;

use super::App;
use super::accept;
use crate::status_list::{Statement, Unsure};

/// Answers whoever holds a token with this list's address: anybody may, and no request says which token.
pub(super) async fn status_list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if asks_for_the_past(query.as_deref()) {
        let why = "this server does not know what a list said earlier: leave out time\n";
        return refusal(StatusCode::NOT_IMPLEMENTED, why);
    }
    if !is_acceptable(&headers) {
        let why = "a status list is served as application/statuslist+jwt only\n";
        return refusal(StatusCode::NOT_ACCEPTABLE, why);
    }
    let live = app.live.load();
    match app.status_lists.statement(&id, &live.registry, &live.keys) {
        Ok(Some(statement)) => answer(&app, &statement, &headers),
        Ok(None) => refusal(StatusCode::NOT_FOUND, "there is no such status list\n"),
        Err(Unsure::Behind) => unsure(),
        Err(problem @ (Unsure::NoKey | Unsure::Sign(_))) => {
            let problem = &problem as &dyn std::error::Error;
            error!(list = id, problem, "a status list could not be served");
            unsure()
        }
    }
}

fn answer(app: &App, statement: &Statement, headers: &HeaderMap) -> Response {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok());
    let names_it = |value: &str| {
        let mut tags = value.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == statement.tag)
    };
    let common = [
        (
            CACHE_CONTROL,
            format!("public, max-age={}", app.status_lists.ttl()),
        ),
        (ETAG, statement.tag.clone()),
    ];
    if known.any(names_it) {
        return (StatusCode::NOT_MODIFIED, OPEN, common, Body::empty()).into_response();
    }
    let content_type = [(CONTENT_TYPE, MEDIA_TYPE)];
    (OPEN, common, content_type, statement.jwt.clone()).into_response()
}

/// Section 8.4.
fn asks_for_the_past(query: Option<&str>) -> bool {
    let query = query.unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "time")
}

/// "If the Relying Party does not send an Accept Header, the response type is assumed to be known implicitly" (section
/// 8.1).
fn is_acceptable(headers: &HeaderMap) -> bool {
    let mut ranges = accept::ranges(headers).peekable();
    let fits = |range: &str| {
        let ours = [MEDIA_TYPE, "application/*", "*/*"];
        ours.iter().any(|one| range.eq_ignore_ascii_case(one))
    };
    ranges.peek().is_none() || ranges.any(fits)
}

fn unsure() -> Response {
    let mut response = refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "what was revoked lately is not known at the moment\n",
    );
    response.headers_mut().insert(RETRY_AFTER, 1.into());
    response
}

fn refusal(status: StatusCode, why: &'static str) -> Response {
    (status, OPEN, [(CACHE_CONTROL, "no-store")], why).into_response()
}

/// A page in a browser may check tokens too (section 8.1).
const OPEN: [(axum::http::HeaderName, &str); 2] =
    [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (VARY, "Accept")];
const MEDIA_TYPE: &str = "application/statuslist+jwt";
