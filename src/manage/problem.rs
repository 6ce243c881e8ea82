//! Refusals in the shape of RFC 9457, for the calls that are not Auth0's.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Refusal;

/// Why a call was refused (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// Names the kind of problem; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'static str,
    status: u16,
    /// What was wrong, where, and what to do.
    detail: String,
    /// The path that was called.
    instance: String,
    /// The same as `type`, in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// What the log calls the request for a token, where that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    transaction_id: Option<Arc<str>>,
}

/// Writes what a handler, or the doorman, refused as a problem. `prefix` is where the routes below it are nested.
pub(super) async fn in_shape(
    State(prefix): State<&'static str>,
    request: Request,
    next: Next,
) -> Response {
    let instance = format!("{prefix}{}", request.uri().path());
    let mut response = next.run(request).await;
    let Some(refusal) = response.extensions_mut().remove::<Refusal>() else {
        return response;
    };
    let status = response.status();
    let problem = Problem {
        kind: match refusal.code {
            Some(code) => format!("urn:rulemint:problem:{code}"),
            None => "about:blank".to_owned(),
        },
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: refusal.message.as_ref().to_owned(),
        instance,
        code: refusal.code,
        transaction_id: refusal.transaction,
    };
    let (head, _) = response.into_parts();
    let mut told = (status, Json(problem)).into_response();
    for (name, value) in &head.headers {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            told.headers_mut().append(name, value.clone());
        }
    }
    told.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
    told
}

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
