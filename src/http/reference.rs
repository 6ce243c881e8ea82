//! A page for people that shows the description of the management API: Redoc, from this server alone.

use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};

/// The page.
pub(super) async fn page() -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, file("text/html; charset=utf-8", PAGE)).into_response()
}

/// Its script. Every browser takes gzip, and that is how the file is kept.
pub(super) async fn script() -> Response {
    let headers = [
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, file("text/javascript; charset=utf-8", SCRIPT)).into_response()
}

fn file(
    kind: &'static str,
    bytes: &'static [u8],
) -> ([(HeaderName, &'static str); 2], &'static [u8]) {
    let headers = [(CONTENT_TYPE, kind), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, bytes)
}

const PAGE: &[u8] = include_bytes!("../../apidocs/index.html");
const SCRIPT: &[u8] = include_bytes!("../../apidocs/redoc.js.gz");
/// Nothing comes from elsewhere, and nothing goes there. Redoc writes its styles into the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
