//! The HTTP surface: every path on one screen.

mod accept;
mod body;
mod caller;
mod discovery;
mod guard;
mod health;
mod introspect;
mod oauth_error;
mod path;
mod private_json;
mod quota;
mod reference;
mod revocations;
mod revoke;
mod status_list;
mod token;
mod token_question;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

pub use guard::HostGuard;
pub use health::{Probe, Readiness, Verdict};
pub use revocations::Following;

use crate::issue::TokenIssuer;
use crate::live::LiveHandle;
use crate::manage::{self, Management};
use crate::random::Random;
use crate::revocation::Revoker;
use crate::status_list::StatusLists;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::trace::Tracer;
use crate::verification::Verifier;

/// What the routes answer from.
pub struct App {
    /// Issues tokens.
    pub issuer: Arc<TokenIssuer>,
    /// Takes tokens away.
    pub revoker: Revoker,
    /// Says whether tokens are good.
    pub verifier: Verifier,
    /// Tells what is revoked to those who keep a copy of it.
    pub following: Following,
    /// Says of tokens on status lists whether they are revoked.
    pub status_lists: Arc<StatusLists>,
    /// What is in force.
    pub live: Arc<LiveHandle>,
    /// Answers management calls.
    pub management: Arc<Management>,
    /// Says whether the server can do its work.
    pub readiness: Readiness,
    /// Counts.
    pub metrics: Metrics,
    /// Traces, if they are on.
    pub tracer: Option<Arc<Tracer>>,
    /// Names requests.
    pub random: Arc<dyn Random>,
}

/// Every route. An issuer with a path is answered with and without it: a proxy may strip the path or leave it.
pub fn router(app: Arc<App>) -> Router {
    let issuer_path = app.live.load().issuer.path().to_owned();
    let mut router = Router::new()
        // For clients.
        .route(path::TOKEN, post(token::issue))
        .route(path::REVOKE, post(revoke::revoke))
        // For APIs, and the proxies before them, that ask whether a token is good.
        .route(path::INTROSPECT, post(introspect::introspect))
        .route(path::VERIFY, any(verify::verify))
        // For APIs that check offline.
        .route(path::REVOCATIONS, get(revocations::revocations))
        .route(path::STATUS_LIST, get(status_list::status_list))
        // For APIs that verify tokens, and for clients that look things up.
        .route(path::JWKS, get(discovery::jwks))
        .route(path::OAUTH_METADATA, get(discovery::metadata))
        .route(path::OPENID_METADATA, get(discovery::metadata))
        // For whoever says which clients may have what.
        .nest(manage::PREFIX, manage::router(Arc::clone(&app.management)))
        .nest(
            manage::v1::PREFIX,
            manage::v1::router(Arc::clone(&app.management)),
        )
        .route(path::MANAGEMENT_ROOT, any(manage::nothing_here))
        .route(path::OPENAPI, get(discovery::openapi))
        .route(path::REFERENCE, get(reference::page))
        .route(path::REFERENCE_SCRIPT, get(reference::script))
        // For whoever runs the server.
        .route(path::HEALTH, get(health::alive))
        .route(path::READY, get(health::ready))
        .route(path::METRICS, get(health::metrics));
    if !issuer_path.is_empty() {
        let inserted = format!("{}{issuer_path}", path::OAUTH_METADATA);
        router = router
            .clone()
            .nest(&issuer_path, router)
            .route(&inserted, get(discovery::metadata));
    }
    router.fallback(nothing_here).with_state(app)
}

async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing at this path\n").into_response()
}
