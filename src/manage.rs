//! The management API, in Auth0's shapes: `/api/v2`.
//!
//! It changes things through [`Registrar`], as the command line does, and has no logic of its own beyond who may call,
//! how lists are paged and how a thing is written. A change is durable and in force on this server before its answer.

mod access;
mod blacklists;
mod clients;
mod directory;
mod doorman;
mod error;
mod grants;
mod id;
mod keys;
mod list;
mod openapi;
mod payload;
mod rate;
mod refused;
mod resource_servers;
mod rules;
mod rules_configs;
mod schema;
pub mod scope;
pub(crate) mod shape;

use std::num::NonZeroU32;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};

pub use openapi::openapi;

use crate::clock::Clock;
use crate::follow::Nudge;
use crate::live::LiveHandle;
use crate::registry::{Registrar, Registrars};
use crate::reload::Report;
use crate::revocation::Revoker;
use crate::rules_dir::ScriptRules;
use crate::store::Store;
use crate::verification::Verifier;
use access::Caller;
use directory::Directory;
use error::ManageError;
use rate::Rates;
use refused::Refusals;

/// What the management API works with.
pub struct Management {
    live: Arc<LiveHandle>,
    verifier: Verifier,
    registrars: Registrars,
    revoker: Revoker,
    nudge: Nudge,
    directory: Directory,
    rates: Rates,
    refusals: Refusals,
}

/// What it is given.
pub struct Parts {
    /// What is in force.
    pub live: Arc<LiveHandle>,
    /// Make the changes.
    pub registrars: Registrars,
    /// Takes tokens back.
    pub revoker: Revoker,
    /// Keeps the audit log, and wishes for the reloader.
    pub store: Store,
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
            refusals: Refusals::new(parts.store, Arc::clone(&parts.clock)),
            rates: Rates::new(parts.clock, requests_per_second),
        }
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
        .route_layer(from_fn_with_state(Arc::clone(&management), doorman::admit))
        .fallback(nothing_here)
        .with_state(management)
}

async fn nothing_here(uri: Uri) -> ManageError {
    ManageError::NoSuchPath(uri.path().to_owned())
}

async fn wrong_method(method: Method, uri: Uri) -> ManageError {
    ManageError::WrongMethod(method, uri.path().to_owned())
}
