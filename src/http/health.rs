//! Whether the server is alive, whether it can do its work, and its figures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::timeout;

use super::App;
use crate::store::{Condition, Store};

/// Asks one part of the server whether it can do its work.
pub type Probe = Box<dyn Fn() -> Verdict + Send + Sync>;

/// What a part of the server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does its work.
    Well,
    /// It does its work, and somebody should look at this.
    But(String),
    /// It cannot do its work, because of this.
    Unable(String),
}

impl Verdict {
    fn text(&self) -> &str {
        match self {
            Self::Well => OK,
            Self::But(text) | Self::Unable(text) => text,
        }
    }
}

impl From<Result<(), String>> for Verdict {
    fn from(check: Result<(), String>) -> Self {
        check.map_or_else(Self::Unable, |()| Self::Well)
    }
}

/// Whether the server can do its work.
pub struct Readiness {
    /// Asked anew each time.
    pub store: Store,
    /// Says what stands in the way of the rules, and what else there is to say of them.
    pub rules: Probe,
    /// Set when the server begins to stop.
    pub stopping: Arc<AtomicBool>,
}

impl Readiness {
    async fn checks(&self) -> BTreeMap<&'static str, Verdict> {
        let store = match self.store.condition() {
            Condition::ReadOnly => Err(READ_ONLY.to_owned()),
            // Even opening a connection may take room then. Tokens do not need one.
            Condition::Full => Ok(()),
            Condition::Writable => self.answers().await,
        };
        let running = match self.stopping.load(Ordering::Acquire) {
            true => Err("the server is stopping".to_owned()),
            false => Ok(()),
        };
        BTreeMap::from([
            ("running", running.into()),
            ("rules", (self.rules)()),
            ("store", store.into()),
        ])
    }

    async fn answers(&self) -> Result<(), String> {
        match timeout(STORE_TIMEOUT, self.store.ping()).await {
            Ok(answer) => answer.map_err(|problem| problem.to_string()),
            Err(_) => Err("the store does not answer".to_owned()),
        }
    }
}

/// The process answers: nothing more.
pub(super) async fn alive() -> Response {
    ([(CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// The server can issue tokens: it is not stopping, the store answers, every required rule is live. A rule that rests, or a
/// file that cannot be one, is told and takes no readiness away: every instance has the same rules, and no other is better.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let checks = app.readiness.checks().await;
    let ready = !(checks.values()).any(|said| matches!(said, Verdict::Unable(_)));
    let checks: BTreeMap<_, _> = checks
        .iter()
        .map(|(part, said)| (part, said.text()))
        .collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let generation = app.live.load().chain.generation;
    let body = json!({
        "ready": ready,
        "checks": checks,
        "store_takes_writes": app.readiness.store.condition() == Condition::Writable,
        "generation": generation,
    });
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Every figure, for Prometheus.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let headers = [
        (
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        (CACHE_CONTROL, "no-store"),
    ];
    app.issuer.surroundings.observe_pool();
    let count = app.live.load().revocations.len();
    app.metrics
        .revocations
        .set(count.try_into().unwrap_or_default());
    let takes_writes = app.readiness.store.condition() == Condition::Writable;
    app.metrics.store_writable.set(takes_writes.into());
    let readers = app.following.waiting();
    app.metrics
        .revocation_readers
        .set(readers.try_into().unwrap_or_default());
    (headers, app.metrics.encode()).into_response()
}

const OK: &str = "ok";
const READ_ONLY: &str =
    "the store is read-only since a write failed: look at the disk and start again";
const STORE_TIMEOUT: Duration = Duration::from_millis(500);
