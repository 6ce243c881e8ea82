//! A JSON answer for one caller: a token, or why there is none.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

/// A JSON answer that nobody may keep.
pub(super) fn private_json(status: StatusCode, body: Vec<u8>, transaction: &str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if let Ok(transaction) = HeaderValue::from_str(transaction) {
        headers.insert(TRANSACTION_ID, transaction);
    }
    response
}

/// Names a request in every answer of the token endpoint.
const TRANSACTION_ID: HeaderName = HeaderName::from_static("x-transaction-id");
