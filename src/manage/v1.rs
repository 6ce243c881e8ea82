//! What Auth0 never had: `/api/rulemint/v1`. Tokens issued directly and explained, cut-offs, the rules, the audit log, the server's
//! state.
//!
//! Access, limits and names of calls are those of `/api/v2`; refusals are problems (RFC 9457). Each call does what a command
//! does, by the same function.

pub(super) mod audit;
pub(super) mod cutoffs;
pub(super) mod rules;
pub(super) mod schema;
pub(super) mod status;
pub(super) mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use super::doorman::{self, Door};
use super::error::ManageError;
use super::{Management, idempotency, problem};

/// Where it begins, below the server's root and below the issuer's path.
pub const PREFIX: &str = "/api/rulemint/v1";

/// Every route, to be nested below [`PREFIX`].
pub fn router<S: Clone + Send + Sync + 'static>(management: Arc<Management>) -> Router<S> {
    Router::new()
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{jti}", get(tokens::explain))
        .route("/cutoffs", get(cutoffs::list).post(cutoffs::create))
        .route("/cutoffs/{id}", delete(cutoffs::undo))
        .route("/rules", get(rules::show))
        .route("/rules/rollback", post(rules::roll_back))
        .route("/reloads", post(rules::reload))
        .route("/audit", get(audit::list))
        .route("/status", get(status::show))
        .method_not_allowed_fallback(wrong_method)
        .route_layer(from_fn_with_state(
            Arc::clone(&management),
            idempotency::once,
        ))
        .route_layer(from_fn_with_state(
            Door::of(&management, PREFIX),
            doorman::admit,
        ))
        .fallback(nothing_here)
        .layer(from_fn_with_state(PREFIX, problem::in_shape))
        .with_state(management)
}

async fn nothing_here(uri: Uri) -> ManageError {
    ManageError::NotThere {
        what: "call",
        id: uri.path().to_owned(),
    }
}

async fn wrong_method(method: Method, uri: Uri) -> ManageError {
    ManageError::WrongMethod(method, uri.path().to_owned())
}
