//! Why a call was refused, in the shape of Auth0's error bodies. The one place where an error becomes a status here.

mod change;
mod ours;

use std::sync::Arc;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::issue::IssueError;
use crate::ledger::LookupError;
use crate::registry::RegistrarError;
use crate::reload::WishError;
use crate::revocation::RevocationError;
use crate::rules_dir::RulesDirError;
use crate::store::StoreError;

/// Why a call was refused.
#[derive(Debug)]
pub(super) enum ManageError {
    /// There is no bearer token.
    MissingAuthentication,
    /// There is one, and it is not to be believed.
    InvalidToken(String),
    /// Revocations may have been missed: nobody can say whether the token is good.
    Unsure,
    /// It has none of these scopes.
    InsufficientScope(&'static [&'static str]),
    /// The client has sent too many requests; so many seconds later there is room again.
    TooManyRequests(u64),
    /// There is nothing at this path.
    NoSuchPath(String),
    /// Nothing can be done with this method at this path.
    WrongMethod(Method, String),
    /// The query is not as it must be.
    Query(String),
    /// The body is not as it must be.
    Body(String),
    /// A header is not as it must be.
    Header(&'static str),
    /// It is not what If-Match says.
    Changed,
    /// The key of this call stands for another call.
    KeyReused,
    /// The same call is being carried out.
    KeyUnderWay,
    /// The body is no JSON.
    MediaType,
    /// The body is too large.
    TooLarge,
    /// The body does not come.
    TooSlow,
    /// There is no such thing, of those that only this server has.
    NotThere {
        /// What it is.
        what: &'static str,
        /// What it was asked for by.
        id: String,
    },
    /// A token was not issued; the request has this name in the log.
    Issue(IssueError, Arc<str>),
    /// What the ledger said.
    Lookup(LookupError),
    /// What the server said about its rules.
    Wish(WishError),
    /// What the registrar said.
    Registrar(RegistrarError),
    /// What the revoker said.
    Revocation(RevocationError),
    /// What became of a change in the rules directory.
    RulesDir(RulesDirError),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for ManageError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RulesDirError> for ManageError {
    fn from(error: RulesDirError) -> Self {
        Self::RulesDir(error)
    }
}

impl From<RevocationError> for ManageError {
    fn from(error: RevocationError) -> Self {
        Self::Revocation(error)
    }
}

impl From<LookupError> for ManageError {
    fn from(error: LookupError) -> Self {
        Self::Lookup(error)
    }
}

impl From<WishError> for ManageError {
    fn from(error: WishError) -> Self {
        Self::Wish(error)
    }
}

impl From<RegistrarError> for ManageError {
    fn from(error: RegistrarError) -> Self {
        Self::Registrar(error)
    }
}

/// Why a call was refused, as Auth0 writes it.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorBody {
    #[serde(rename = "statusCode")]
    status_code: u16,
    /// The status in words.
    error: &'static str,
    /// What was wrong, where, and what to do.
    message: String,
    /// The same for programs.
    #[serde(rename = "errorCode", skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
}

/// The same behind an answer, for whoever writes it in another shape.
#[derive(Clone)]
pub(super) struct Refusal {
    pub(super) message: Arc<str>,
    pub(super) code: Option<&'static str>,
    pub(super) transaction: Option<Arc<str>>,
}

type Told = (StatusCode, String, Option<&'static str>);

impl ManageError {
    fn told(self) -> Told {
        use StatusCode as S;
        let not_found = "not_found";
        match self {
            Self::MissingAuthentication => {
                (S::UNAUTHORIZED, "Missing authentication".to_owned(), None)
            }
            Self::InvalidToken(why) => (
                S::UNAUTHORIZED,
                format!("Invalid token: {why}"),
                Some("invalid_token"),
            ),
            Self::Unsure => {
                let message = "the store has not been read for too long to know what was revoked";
                (S::SERVICE_UNAVAILABLE, message.to_owned(), None)
            }
            Self::InsufficientScope(any_of) => {
                let message = format!("Insufficient scope, expected any of: {}", any_of.join(","));
                (S::FORBIDDEN, message, Some("insufficient_scope"))
            }
            Self::TooManyRequests(_) => {
                let message = "Global limit has been reached: send fewer requests".to_owned();
                (S::TOO_MANY_REQUESTS, message, Some("too_many_requests"))
            }
            Self::NoSuchPath(path) => (S::NOT_FOUND, no_such_path(&path), Some(not_found)),
            Self::WrongMethod(method, path) => {
                let message = format!("{method} is not possible on {path}");
                (S::METHOD_NOT_ALLOWED, message, Some("method_not_allowed"))
            }
            Self::Query(why) => {
                let message = format!("Query validation error: {why}");
                (S::BAD_REQUEST, message, Some("invalid_query_string"))
            }
            Self::Body(why) => (S::BAD_REQUEST, payload(&why), Some("invalid_body")),
            Self::Header(why) => (S::BAD_REQUEST, why.to_owned(), Some("invalid_header")),
            Self::Changed => {
                let message = "it has been changed since: read it again".to_owned();
                (S::PRECONDITION_FAILED, message, Some("precondition_failed"))
            }
            Self::KeyReused => key_reused(),
            Self::KeyUnderWay => key_under_way(),
            Self::MediaType => {
                let message = "send the body as application/json".to_owned();
                (S::UNSUPPORTED_MEDIA_TYPE, message, Some("invalid_body"))
            }
            Self::TooLarge => {
                let message = "Payload too large: a body may have 1 MB".to_owned();
                (S::PAYLOAD_TOO_LARGE, message, Some("payload_too_large"))
            }
            Self::TooSlow => {
                let message = "the body did not come in time".to_owned();
                (S::REQUEST_TIMEOUT, message, None)
            }
            Self::NotThere { what, id } => {
                let message = format!("there is no {what} {id:?}");
                (S::NOT_FOUND, message, Some(not_found))
            }
            Self::Issue(problem, transaction) => ours::told_of_issue(problem, &transaction),
            Self::Lookup(problem) => ours::told_of_lookup(problem),
            Self::Wish(problem) => ours::told_of_wish(problem),
            Self::Registrar(problem) => change::told_of(problem),
            Self::Revocation(problem) => change::told_of_revocation(problem),
            Self::RulesDir(problem) => change::told_of_rules(problem),
            Self::Store(problem) => store_failed(&problem),
        }
    }

    /// What was wrong, without a status.
    pub(super) fn why(self) -> String {
        if let Self::Body(why) = self {
            return why;
        }
        self.told().1
    }

    /// What the caller should do about it, beside the body.
    fn headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let challenge = match self {
            Self::MissingAuthentication => "Bearer".to_owned(),
            Self::InvalidToken(_) => r#"Bearer error="invalid_token""#.to_owned(),
            Self::InsufficientScope(any_of) => {
                let scope = any_of.join(" ");
                format!(r#"Bearer error="insufficient_scope", scope="{scope}""#)
            }
            Self::Unsure => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
                return;
            }
            Self::TooManyRequests(seconds) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
                return;
            }
            Self::Registrar(RegistrarError::Store(problem))
            | Self::Revocation(RevocationError::Store(problem))
            | Self::Lookup(LookupError::Store(problem))
            | Self::Wish(WishError::Store(problem))
            | Self::Store(problem) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(store_retry(problem)));
                return;
            }
            Self::Issue(_, transaction) => {
                name_transaction(headers, transaction);
                return;
            }
            Self::NoSuchPath(_)
            | Self::WrongMethod(..)
            | Self::Query(_)
            | Self::Body(_)
            | Self::Header(_)
            | Self::Changed
            | Self::KeyReused
            | Self::KeyUnderWay
            | Self::MediaType
            | Self::TooLarge
            | Self::TooSlow
            | Self::NotThere { .. }
            | Self::Lookup(_)
            | Self::Wish(_)
            | Self::Registrar(_)
            | Self::Revocation(_)
            | Self::RulesDir(_) => return,
        };
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
    }
}

/// Names the request that an answer is about, as the token endpoint does.
pub(super) fn name_transaction(headers: &mut HeaderMap, transaction: &str) {
    if let Ok(transaction) = HeaderValue::from_str(transaction) {
        headers.insert(TRANSACTION_ID, transaction);
    }
}

fn no_such_path(path: &str) -> String {
    format!(
        "there is no {path}: here are /clients, /resource-servers, /client-grants, /rules, /rules-configs, /keys/signing and \
         /blacklists/tokens"
    )
}

fn key_reused() -> Told {
    let message = "this Idempotency-Key was sent with another call: use a new one".to_owned();
    let code = Some("idempotency_key_reused");
    (StatusCode::UNPROCESSABLE_ENTITY, message, code)
}

fn key_under_way() -> Told {
    let message = "the call with this Idempotency-Key is being carried out: wait".to_owned();
    let code = Some("idempotency_key_in_use");
    (StatusCode::CONFLICT, message, code)
}

fn payload(why: &str) -> String {
    format!("Payload validation error: {why}")
}

fn store_failed(problem: &StoreError) -> Told {
    failed(problem);
    let (message, code) = match problem {
        StoreError::Full(_) => (
            "the server's disk is full: nothing was changed; try again when there is room",
            "store_full",
        ),
        StoreError::Broken(_) | StoreError::ReadOnly => (
            "the store is read-only since a write failed: nothing was changed; see the server's log",
            "store_read_only",
        ),
        StoreError::Conflict
        | StoreError::Dangling
        | StoreError::Newer { .. }
        | StoreError::Migrate(_)
        | StoreError::Database(_) => (
            "the store cannot be used: nothing was changed, try again",
            "store_unavailable",
        ),
    };
    let status = StatusCode::SERVICE_UNAVAILABLE;
    (status, message.to_owned(), Some(code))
}

/// In seconds: what passes by itself, what somebody must make room for, and what takes a new start.
fn store_retry(problem: &StoreError) -> u64 {
    match problem {
        StoreError::Full(_) => 10,
        StoreError::Broken(_) | StoreError::ReadOnly => 60,
        StoreError::Conflict
        | StoreError::Dangling
        | StoreError::Newer { .. }
        | StoreError::Migrate(_)
        | StoreError::Database(_) => 1,
    }
}

fn failed(problem: &(dyn std::error::Error + 'static)) {
    error!(problem, "a management call failed");
}

impl IntoResponse for ManageError {
    fn into_response(self) -> Response {
        let mut headers = Response::default();
        self.headers(&mut headers);
        let transaction = if let Self::Issue(_, transaction) = &self {
            Some(Arc::clone(transaction))
        } else {
            None
        };
        let (status, message, error_code) = self.told();
        let refusal = Refusal {
            message: message.as_str().into(),
            code: error_code,
            transaction,
        };
        let body = ErrorBody {
            status_code: status.as_u16(),
            error: status.canonical_reason().unwrap_or_default(),
            message,
            error_code,
        };
        let mut response = (status, Json(body)).into_response();
        response.extensions_mut().insert(refusal);
        response
            .headers_mut()
            .extend(std::mem::take(headers.headers_mut()));
        response
    }
}

/// As the token endpoint has it.
const TRANSACTION_ID: HeaderName = HeaderName::from_static("x-transaction-id");
