//! What a rule may do beyond reading the request, and only where its manifest grants it.

mod hosts;
mod limits;
mod requests;
mod secrets;
mod tls;

use serde_json::Value;

use crate::harness::{Setup, TestServer, Upstream, claims, fetcher};

/// A setup with the rule that sends requests, and what its manifest says about HTTP and secrets. It has time enough.
pub(crate) fn fetching(http: &str) -> Setup {
    let manifest = format!("[limits]\nwall_ms = 20000\n{http}");
    Setup::new()
        .with("10-fetch.wasm", fetcher())
        .with("10-fetch.toml", manifest)
}

/// The `[http]` table for a server on this machine.
pub(crate) fn table(upstream: &Upstream) -> String {
    let host = upstream.origin();
    format!("[http]\nhosts = [{host:?}]\nprivate = true\ntimeout_ms = 10000\n")
}

/// The parameters of a request to a path of this server.
pub(crate) fn to<'p>(authority: &'p str, path: &'p str) -> [(&'p str, &'p str); 3] {
    [("scheme", "http"), ("authority", authority), ("path", path)]
}

/// Lets the rule send a request, and gives the claims it sets.
pub(crate) async fn fetch(server: &TestServer, parameters: &[(&str, &str)]) -> Value {
    match server.issue(parameters).await {
        Ok(token) => claims(token.access_token()),
        Err(problem) => panic!("no token: {problem}"),
    }
}

/// The name of the error that the rule got.
#[track_caller]
pub(crate) fn error(claims: &Value) -> &'static str {
    let number = claims["error"].as_u64();
    let number = number.unwrap_or_else(|| panic!("no error: {claims}"));
    ERRORS[usize::try_from(number).unwrap() - 100]
}

/// The cases of wasi:http's error-code, in order.
const ERRORS: &[&str] = &[
    "DNS-timeout",
    "DNS-error",
    "destination-not-found",
    "destination-unavailable",
    "destination-IP-prohibited",
    "destination-IP-unroutable",
    "connection-refused",
    "connection-terminated",
    "connection-timeout",
    "connection-read-timeout",
    "connection-write-timeout",
    "connection-limit-reached",
    "TLS-protocol-error",
    "TLS-certificate-error",
    "TLS-alert-received",
    "HTTP-request-denied",
    "HTTP-request-length-required",
    "HTTP-request-body-size",
    "HTTP-request-method-invalid",
    "HTTP-request-URI-invalid",
    "HTTP-request-URI-too-long",
    "HTTP-request-header-section-size",
    "HTTP-request-header-size",
    "HTTP-request-trailer-section-size",
    "HTTP-request-trailer-size",
    "HTTP-response-incomplete",
    "HTTP-response-header-section-size",
    "HTTP-response-header-size",
    "HTTP-response-body-size",
    "HTTP-response-trailer-section-size",
    "HTTP-response-trailer-size",
    "HTTP-response-transfer-coding",
    "HTTP-response-content-coding",
    "HTTP-response-timeout",
    "HTTP-upgrade-failed",
    "HTTP-protocol-error",
    "loop-detected",
    "configuration-error",
    "internal-error",
];
