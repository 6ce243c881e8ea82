//! The management API: `/api/v2` in Auth0's shapes, and [`v1`] for what Auth0 never had.
//!
//! It changes things through [`Registrar`], as the command line does, and has no logic of its own beyond who may call,
//! how lists are paged and how a thing is written. A change is durable and in force on this server before its answer.

mod access;
mod blacklists;
mod clients;
mod condition;
mod credentials;
mod directory;
mod doorman;
mod error;
mod grants;
mod id;
mod idempotency;
mod keys;
mod list;
mod openapi;
mod payload;
mod problem;
mod rate;
mod refused;
mod resource_servers;
mod rules;
mod rules_configs;
mod schema;
pub mod scope;
pub(crate) mod shape;
pub mod v1;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};

pub use openapi::openapi;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::follow::Nudge;
use crate::issue::TokenIssuer;
use crate::live::LiveHandle;
use crate::random::Random;
use crate::registry::{Registrar, Registrars};
use crate::reload::Report;
use crate::revocation::Revoker;
use crate::rules_dir::ScriptRules;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::verification::Verifier;
use access::Caller;
use directory::Directory;
use doorman::Door;
use error::ManageError;
use idempotency::Answers;
use rate::Rates;
use refused::Refusals;

/// What the management API works with.
pub struct Management {
    live: Arc<LiveHandle>,
    verifier: Verifier,
    registrars: Registrars,
    revoker: Revoker,
    issuer: Arc<TokenIssuer>,
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: Metrics,
    /// When this server started, on the clock that never jumps.
    started: Duration,
    nudge: Nudge,
    directory: Directory,
    rates: Rates,
    refusals: Refusals,
    answers: Answers,
    /// One conditional change at a time: nobody comes between its look and its write.
    changing: Mutex<()>,
}

/// What it is given.
pub struct Parts {
    /// What is in force.
    pub live: Arc<LiveHandle>,
    /// Make the changes.
    pub registrars: Registrars,
    /// Takes tokens back.
    pub revoker: Revoker,
    /// Issues tokens.
    pub issuer: Arc<TokenIssuer>,
    /// Keeps the audit log, the ledger, and wishes for the reloader.
    pub store: Store,
    /// Names requests.
    pub random: Arc<dyn Random>,
    /// What to count.
    pub metrics: Metrics,
    /// Puts them in force.
    pub nudge: Nudge,
    /// The scripts in the rules directory.
    pub scripts: ScriptRules,
    /// What the reloader says about them.
    pub report: Arc<ArcSwap<Report>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Management {
    /// One that lets each client send so many requests a second.
    pub fn new(parts: Parts, requests_per_second: NonZeroU32) -> Self {
        Self {
            verifier: Verifier {
                live: Arc::clone(&parts.live),
                clock: Arc::clone(&parts.clock),
                kept: None,
            },
            live: parts.live,
            registrars: parts.registrars,
            revoker: parts.revoker,
            directory: Directory {
                scripts: parts.scripts,
                store: parts.store.clone(),
                report: parts.report,
                nudge: parts.nudge.clone(),
                clock: Arc::clone(&parts.clock),
            },
            nudge: parts.nudge,
            issuer: parts.issuer,
            refusals: Refusals::new(parts.store.clone(), Arc::clone(&parts.clock)),
            store: parts.store,
            random: parts.random,
            metrics: parts.metrics,
            started: parts.clock.monotonic(),
            clock: Arc::clone(&parts.clock),
            answers: Answers::new(Arc::clone(&parts.clock)),
            changing: Mutex::default(),
            rates: Rates::new(parts.clock, requests_per_second),
        }
    }

    fn now(&self) -> i64 {
        self.clock.unix_seconds().cast_signed()
    }

    /// Makes changes for whoever calls.
    fn registrar(&self, caller: &Caller) -> Registrar {
        self.registrars.of(caller.actor.clone())
    }
}

/// Where it begins, below the server's root and below the issuer's path.
pub const PREFIX: &str = "/api/v2";

/// Every route, to be nested below [`PREFIX`].
pub fn router<S: Clone + Send + Sync + 'static>(management: Arc<Management>) -> Router<S> {
    Router::new()
        .route("/clients", get(clients::list).post(clients::create))
        .route(
            "/clients/{id}",
            get(clients::show)
                .patch(clients::update)
                .delete(clients::delete),
        )
        .route("/clients/{id}/rotate-secret", post(clients::rotate_secret))
        .route(
            "/clients/{id}/credentials",
            get(credentials::list).post(credentials::create),
        )
        .route(
            "/clients/{id}/credentials/{credential_id}",
            get(credentials::show)
                .patch(credentials::update)
                .delete(credentials::delete),
        )
        .route(
            "/resource-servers",
            get(resource_servers::list).post(resource_servers::create),
        )
        .route(
            "/resource-servers/{id}",
            get(resource_servers::show)
                .patch(resource_servers::update)
                .delete(resource_servers::delete),
        )
        .route("/client-grants", get(grants::list).post(grants::create))
        .route(
            "/client-grants/{id}",
            get(grants::show)
                .patch(grants::update)
                .delete(grants::delete),
        )
        .route(
            "/blacklists/tokens",
            get(blacklists::list).post(blacklists::create),
        )
        .route("/rules", get(rules::list).post(rules::create))
        .route(
            "/rules/{id}",
            get(rules::show).patch(rules::update).delete(rules::delete),
        )
        .route("/rules-configs", get(rules_configs::list))
        .route(
            "/rules-configs/{key}",
            put(rules_configs::set).delete(rules_configs::delete),
        )
        .route("/keys/signing", get(keys::list))
        .route("/keys/signing/rotate", post(keys::rotate))
        .route("/keys/signing/{id}", get(keys::show))
        .route("/keys/signing/{id}/revoke", put(keys::revoke))
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
        .with_state(management)
}

/// Says in the shape of this API that there is nothing at a path.
pub async fn nothing_here(uri: Uri) -> Response {
    ManageError::NoSuchPath(uri.path().to_owned()).into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> ManageError {
    ManageError::WrongMethod(method, uri.path().to_owned())
}
