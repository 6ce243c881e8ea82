//! The spine: who asks, what they may have, what the rules make of it, the signature, the record.
//!
//! Each step takes what the one before yields and nobody else can make, so leaving one out does not compile.

use std::sync::Arc;

use tracing::field::display;
use tracing::{debug, error, info};

use crate::client::{AuthenticatedClient, Authenticator, ClientError};
use crate::clock::Clock;
use crate::grant::{self, Grant, GrantError, Terms};
use crate::ledger::{IssuedToken, Ledger, LedgerError};
use crate::live::{Live, LiveHandle};
use crate::quota::QuotaExceeded;
use crate::request::{Credentials, DirectRequest, TokenRequest, Wanted};
use crate::rule::{self, RuleError, Surroundings};
use crate::sign::{self, SignError};
use crate::status_list::{NoPlace, StatusLists};
use crate::telemetry::trace::Trace;

/// Issues tokens.
pub struct TokenIssuer {
    /// What is in force.
    pub live: Arc<LiveHandle>,
    /// Checks who asks.
    pub authenticator: Authenticator,
    /// What rules run in.
    pub surroundings: Arc<Surroundings>,
    /// Gives tokens their places on status lists.
    pub status_lists: Arc<StatusLists>,
    /// Records what was issued.
    pub ledger: Ledger,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl TokenIssuer {
    /// Issues a token, and logs a refusal.
    ///
    /// # Errors
    /// When any step refuses or fails.
    pub async fn issue(&self, request: TokenRequest) -> Result<IssuedToken, IssueError> {
        let TokenRequest {
            transaction_id,
            credentials,
            wanted,
            trace,
        } = request;
        let asked = Asked {
            transaction: &transaction_id,
            credentials: &credentials,
            trace: trace.as_deref(),
        };
        let issued = self.take_through(asked, wanted).await;
        if let Err(refusal) = &issued {
            log_refusal(refusal, asked);
        }
        issued
    }

    /// Issues a token to an application that names the subject itself, and logs a refusal. Whoever calls has verified that
    /// it may.
    ///
    /// # Errors
    /// When any step refuses or fails.
    pub async fn issue_directly(&self, request: DirectRequest) -> Result<IssuedToken, IssueError> {
        let transaction = Arc::clone(&request.transaction_id);
        let id = request.client_id.as_ref().to_owned();
        let issued = self.take_through_directly(request).await;
        if let Err(refusal) = &issued {
            let asked = Asked {
                transaction: &transaction,
                credentials: &Credentials::Unproven { id },
                trace: None,
            };
            log_refusal(refusal, asked);
        }
        issued
    }

    async fn take_through_directly(
        &self,
        request: DirectRequest,
    ) -> Result<IssuedToken, IssueError> {
        let live = self.live.load();
        let client = AuthenticatedClient::of_token(&live.registry, &request.client_id)?;
        let terms = self.terms(&live);
        let transaction = request.transaction_id;
        let grant = grant::resolve_direct(&client, request.wanted, transaction, &terms)?;
        self.finish(&live, grant, None).await
    }

    async fn take_through(
        &self,
        asked: Asked<'_>,
        wanted: Wanted,
    ) -> Result<IssuedToken, IssueError> {
        let live = self.live.load();
        if !grant::is_supported(&wanted.grant_type) {
            return Err(GrantError::UnsupportedGrantType.into());
        }
        let client = self
            .authenticator
            .authenticate(&live.registry, asked.credentials)
            .await?;
        let terms = self.terms(&live);
        let grant = grant::resolve(&client, wanted, Arc::clone(asked.transaction), &terms)?;
        // Dropped on any way out of here, it gives the token back.
        let charge = grant.charge()?;
        let issued = self.finish(&live, grant, asked.trace).await?;
        Ok(issued.charged(charge))
    }

    fn terms<'l>(&self, live: &'l Live) -> Terms<'l> {
        Terms {
            registry: &live.registry,
            issuer: live.issuer.shared(),
            now: self.clock.unix_seconds(),
            cutoff: live.cutoff,
        }
    }

    /// What every token goes through, however its grant came about.
    async fn finish(
        &self,
        live: &Live,
        grant: Grant,
        trace: Option<&Trace>,
    ) -> Result<IssuedToken, IssueError> {
        let approved = rule::run(&live.chain, &self.surroundings, grant, trace).await?;
        let enrolled = self.status_lists.enroll(approved)?;
        let signed = sign::sign(&live.keys, enrolled)?;
        Ok(self.ledger.record(signed).await?)
    }
}

/// Who asks, and the names of the request in logs and traces.
#[derive(Clone, Copy)]
struct Asked<'r> {
    transaction: &'r Arc<str>,
    credentials: &'r Credentials,
    trace: Option<&'r Trace>,
}

/// The caller's own mistakes are information; what a rule or the server did wrong is an error.
fn log_refusal(refusal: &IssueError, asked: Asked<'_>) {
    let transaction = &**asked.transaction;
    let client = asked.credentials.client_id().unwrap_or_default();
    let client: String = client.chars().take(LOGGED_CLIENT_CHARS_MAX).collect();
    let trace_id = asked.trace.and_then(Trace::id).map(display);
    let problem = refusal as &dyn std::error::Error;
    match refusal {
        IssueError::Client(ClientError::TooManyFailures { .. }) | IssueError::Quota(_) => {
            debug!(transaction, trace_id, client, problem, "no token");
        }
        IssueError::Client(_)
        | IssueError::Grant(_)
        | IssueError::Rule(RuleError::Denied { .. }) => {
            info!(transaction, trace_id, client, problem, "no token");
        }
        IssueError::Rule(RuleError::Failed { .. })
        | IssueError::Status(_)
        | IssueError::Sign(_)
        | IssueError::Ledger(_) => {
            error!(transaction, trace_id, client, problem, "no token");
        }
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Nobody who may ask.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nothing they may have.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// They have had it all.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// A rule said no, or failed.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// There is no place for it on its API's status list.
    #[error(transparent)]
    Status(#[from] NoPlace),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// It could not be recorded.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// As much as is logged of a client id that a stranger may have made up.
const LOGGED_CLIENT_CHARS_MAX: usize = 64;
