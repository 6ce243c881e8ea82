//! What a client or an API can look up: the server's metadata (RFC 8414) and its public keys (RFC 7517).

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{App, path};
use crate::grant;
use crate::keys::{Algorithm, AssertionAlgorithm, KEY_SET_SECONDS};
use crate::live::Live;
use crate::manage;

/// The public keys.
pub(super) async fn jwks(State(app): State<Arc<App>>) -> Response {
    public_json(app.live.load().keys.jwks().to_string())
}

/// The metadata, at both of its paths. Every URL in it comes from the configured issuer, never from the request.
pub(super) async fn metadata(State(app): State<Arc<App>>) -> Response {
    public_json(document(&app.live.load()).to_string())
}

/// The description of the management API, for tools that make clients of it.
pub(super) async fn openapi() -> Response {
    public_json(manage::openapi())
}

fn document(live: &Live) -> Value {
    let issuer = live.issuer.as_str();
    let algorithms: Vec<&str> = live.keys.algorithms().map(Algorithm::as_str).collect();
    let of_assertions = AssertionAlgorithm::ALL.map(AssertionAlgorithm::as_str);
    json!({
        "issuer": issuer,
        "token_endpoint": live.issuer.token_endpoint(),
        "revocation_endpoint": format!("{issuer}{}", path::REVOKE),
        "revocation_endpoint_auth_methods_supported": CLIENT_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": of_assertions,
        "introspection_endpoint": format!("{issuer}{}", path::INTROSPECT),
        "introspection_endpoint_auth_methods_supported": CLIENT_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": of_assertions,
        "introspection_signing_alg_values_supported": [Algorithm::default().as_str()],
        "jwks_uri": format!("{issuer}{}", path::JWKS),
        "grant_types_supported": grant::GRANT_TYPES,
        // RFC 8414 makes this required, and there is no authorization endpoint that it could speak of.
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": CLIENT_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": of_assertions,
        "access_token_signing_alg_values_supported": algorithms,
        // The next two are required of OpenID providers; no ID token is ever issued.
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    })
}

/// How a client proves who it is, at every endpoint that asks.
const CLIENT_METHODS: [&str; 3] = [
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
];

/// Anybody may read it from anywhere, and keep it for a while.
fn public_json(body: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, &format!("public, max-age={KEY_SET_SECONDS}")),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, body).into_response()
}
