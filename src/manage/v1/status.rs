//! `/status`: what this server is, since when it runs, and how much it holds.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::LedgerMode;
use crate::keys::Algorithm;
use crate::live::Live;
use crate::manage::access::Caller;
use crate::manage::error::ManageError;
use crate::manage::list::{Query, answer};
use crate::manage::{Management, scope};

/// See how this server is.
///
/// It says what it is, since when it runs, and how much it holds.
#[utoipa::path(
    get,
    path = "/api/rulemint/v1/status",
    operation_id = "show_status",
    tag = "status",
    responses((status = 200, description = "It is this", body = Status)),
    security(("token" = ["read:status"]))
)]
pub(in crate::manage) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, ManageError> {
    caller.may(&[scope::READ_STATUS])?;
    Query::none(&uri)?;
    Ok(answer(StatusCode::OK, &management.status().await))
}

/// What a server is at this moment.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct Status {
    version: &'static str,
    /// What tokens carry as `iss`.
    issuer: String,
    uptime_seconds: u64,
    /// The generation of the rules that is live.
    generation: i64,
    ledger: StatusLedger,
    store: StatusStore,
    keys: Vec<StatusKey>,
    index: StatusIndex,
}

/// The record of issued tokens.
#[derive(Serialize, ToSchema)]
struct StatusLedger {
    /// `off`, `async` or `sync`
    #[schema(value_type = String)]
    mode: LedgerMode,
    /// Records that wait to be written.
    waiting: usize,
    /// Since the start.
    written: u64,
    /// Writes that failed since the start.
    failures: u64,
    /// Records that could not be written since the start.
    lost: u64,
}

/// What outlives the server.
#[derive(Serialize, ToSchema)]
struct StatusStore {
    kind: &'static str,
    /// Whether it answers.
    answers: bool,
    /// The newest change that is in force here.
    changes_seen: i64,
    /// The newest change in the store, where it answers.
    newest_change: Option<i64>,
}

/// A key that tokens are signed with.
#[derive(Serialize, ToSchema)]
struct StatusKey {
    kid: String,
    algorithm: String,
}

/// What is held in memory.
#[derive(Serialize, ToSchema)]
struct StatusIndex {
    clients: usize,
    apis: usize,
    rules: usize,
    /// Single tokens and cut-offs in force.
    revocations: usize,
    /// Whether no revocation can have been missed.
    revocations_fresh: bool,
    /// The newest cut-off that tokens are issued under.
    newest_cutoff: i64,
}

impl Management {
    async fn status(&self) -> Status {
        let live = self.live.load();
        let now = self.clock.monotonic();
        Status {
            version: env!("CARGO_PKG_VERSION"),
            issuer: live.issuer.to_string(),
            uptime_seconds: now.saturating_sub(self.started).as_secs(),
            generation: live.chain.generation,
            ledger: self.ledger_status(),
            store: self.store_status().await,
            keys: keys(&live),
            index: self.index(&live),
        }
    }

    fn ledger_status(&self) -> StatusLedger {
        let ledger = &self.issuer.ledger;
        StatusLedger {
            mode: ledger.mode(),
            waiting: ledger.waiting(),
            written: self.metrics.ledger_written.get(),
            failures: self.metrics.ledger_failures.get(),
            lost: self.metrics.ledger_lost.get(),
        }
    }

    async fn store_status(&self) -> StatusStore {
        let newest_change = self.store.newest_change().await.ok();
        StatusStore {
            kind: "sqlite",
            answers: newest_change.is_some(),
            changes_seen: self.metrics.changes_seen.get(),
            newest_change,
        }
    }

    fn index(&self, live: &Live) -> StatusIndex {
        let (clients, apis) = live.registry.len();
        let now = self.clock.monotonic();
        StatusIndex {
            clients,
            apis,
            rules: live.chain.rules().len(),
            revocations: live.revocations.len(),
            revocations_fresh: live.revocations.check_fresh(now).is_ok(),
            newest_cutoff: live.cutoff,
        }
    }
}

fn keys(live: &Live) -> Vec<StatusKey> {
    let of = |algorithm: Algorithm| {
        let key = live.keys.signing(algorithm)?;
        Some(StatusKey {
            kid: key.kid().to_owned(),
            algorithm: algorithm.to_string(),
        })
    };
    live.keys.algorithms().filter_map(of).collect()
}
