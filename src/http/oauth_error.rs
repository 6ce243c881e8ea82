//! The only place where an error becomes a status and an error answer of RFC 6749 section 5.2.

use std::time::Duration;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::private_json::private_json;
use super::quota::tell_quota;
use crate::client::ClientError;
use crate::grant::GrantError;
use crate::issue::IssueError;
use crate::quota::{QuotaExceeded, Standing};
use crate::request::RequestError;
use crate::rule::{DenialCode, Fault, RuleError};

/// An error answer.
#[derive(Debug)]
pub(super) struct OauthError {
    status: StatusCode,
    code: &'static str,
    /// For the caller. `None`: something went wrong that is none of the caller's business.
    description: Option<String>,
    retry_after: Option<Duration>,
    /// How a client stands that has had all its tokens.
    quota: Option<Standing>,
}

impl OauthError {
    fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            code,
            description: Some(description.into()),
            retry_after: None,
            quota: None,
        }
    }

    fn bad_request(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, description)
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::bad_request("invalid_request", description)
    }

    /// RFC 6749 section 5.2: "was issued to another client".
    pub(super) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::bad_request("invalid_grant", description)
    }

    /// Whether a token is good cannot be said at the moment, and so it is not.
    pub(super) fn unsure() -> Self {
        Self::unavailable(STORE_RETRY)
    }

    /// The token is as good as before (RFC 7009 section 2.2.1).
    pub(super) fn not_revoked() -> Self {
        Self::unavailable(STORE_RETRY)
    }

    /// A cursor that means nothing here: of another list, of a reader of other things, or from before the store was set
    /// back.
    pub(super) fn start_again() -> Self {
        let description =
            "this cursor is none of this list any more: forget what you have and ask without since";
        Self::new(StatusCode::GONE, START_AGAIN, description)
    }

    pub(super) fn is_start_again(&self) -> bool {
        self.code == START_AGAIN
    }

    /// Who may not read what is revoked.
    pub(super) fn no_reader() -> Self {
        let description = "this client serves no API (rulemint client serve), and no grant of it for the management \
                           API has read:revocations";
        Self::new(StatusCode::FORBIDDEN, "access_denied", description)
    }

    /// Too many readers wait already.
    pub(super) fn no_place() -> Self {
        Self {
            description: Some("too many readers wait at the moment".to_owned()),
            ..Self::unavailable(PLACE_RETRY)
        }
    }

    fn invalid_client(description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    pub(super) fn unknown_scheme() -> Self {
        Self::invalid_client("this server knows the authorization scheme Basic only")
    }

    pub(super) fn unsupported_media_type() -> Self {
        let description =
            "send a form (application/x-www-form-urlencoded) or JSON (application/json)";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_request",
            description,
        )
    }

    pub(super) fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request",
            "the body is too large",
        )
    }

    pub(super) fn body_too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "invalid_request",
            "the body took too long to arrive",
        )
    }

    fn unavailable(retry_after: Duration) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "temporarily_unavailable",
            description: None,
            retry_after: Some(retry_after),
            quota: None,
        }
    }

    fn too_many(description: String, retry_after: Duration) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self {
            retry_after: Some(retry_after),
            ..Self::new(status, "too_many_requests", description)
        }
    }

    fn ours() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "server_error",
            description: None,
            retry_after: None,
            quota: None,
        }
    }

    /// The OAuth error code.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// The answer. Nothing of it may be kept by a cache.
    pub(super) fn into_response(self, transaction: &str) -> Response {
        let description = self.description.unwrap_or_else(|| {
            format!("the server could not do this; its operator finds out why under {transaction}")
        });
        let body = Body {
            error: self.code,
            error_description: speakable(&description),
        };
        let body = serde_json::to_vec(&body).expect("two strings are JSON");
        let mut response = private_json(self.status, body, transaction);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response
                .headers_mut()
                .insert(RETRY_AFTER, seconds.max(1).into());
        }
        tell_quota(response.headers_mut(), self.quota);
        response
    }
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
}

/// "Values for the `error_description` parameter MUST NOT include characters outside the set %x20-21 / %x23-5B /
/// %x5D-7E" (RFC 6749 section 5.2).
fn speakable(text: &str) -> String {
    let replace = |character| match character {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => character,
        _ => '?',
    };
    text.chars()
        .take(DESCRIPTION_CHARS_MAX)
        .map(replace)
        .collect()
}

impl From<RequestError> for OauthError {
    fn from(error: RequestError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

impl From<IssueError> for OauthError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Client(error) => error.into(),
            IssueError::Grant(error) => error.into(),
            IssueError::Quota(error) => error.into(),
            IssueError::Rule(error) => error.into(),
            IssueError::Sign(_) => Self::ours(),
            IssueError::Status(_) => Self::unavailable(STORE_RETRY),
            IssueError::Ledger(_) => Self::unavailable(LEDGER_RETRY),
        }
    }
}

impl From<ClientError> for OauthError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Missing | ClientError::Refused => Self::invalid_client(error.to_string()),
            // Why is for the log.
            ClientError::Assertion(_) => Self::invalid_client(ClientError::Refused.to_string()),
            ClientError::Public => Self::bad_request("unauthorized_client", error.to_string()),
            ClientError::Busy => Self::unavailable(SATURATED_RETRY),
            ClientError::TooManyFailures { retry_after } => {
                Self::too_many(error.to_string(), retry_after)
            }
        }
    }
}

impl From<QuotaExceeded> for OauthError {
    fn from(error: QuotaExceeded) -> Self {
        Self {
            quota: Some(error.standing()),
            ..Self::too_many(error.to_string(), error.retry_after())
        }
    }
}

impl From<GrantError> for OauthError {
    fn from(error: GrantError) -> Self {
        let code = match error {
            GrantError::UnsupportedGrantType => "unsupported_grant_type",
            GrantError::GrantTypeNotAllowed => "unauthorized_client",
            GrantError::AudienceMissing
            | GrantError::SeveralAudiences
            | GrantError::ResourceMalformed
            | GrantError::UnknownAudience { .. }
            | GrantError::NoClientGrant { .. }
            | GrantError::NotDirectly => "invalid_target",
            GrantError::ScopeNotGranted { .. } | GrantError::ScopeUnknown { .. } => "invalid_scope",
            GrantError::HostsClaim { .. } | GrantError::Unfit(_) => "invalid_request",
        };
        Self::bad_request(code, error.to_string())
    }
}

impl From<RuleError> for OauthError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::Denied {
                code, description, ..
            } => denied(code, description),
            RuleError::Failed { fault, .. } => match fault {
                Fault::Quarantined { for_another, .. } => Self::unavailable(for_another),
                Fault::Saturated => Self::unavailable(SATURATED_RETRY),
                Fault::Limit(_)
                | Fault::Crash(_)
                | Fault::Internal(_)
                | Fault::Exit { .. }
                | Fault::NoAnswer { .. }
                | Fault::NoVerdict
                | Fault::UnknownDenial(_)
                | Fault::Change { .. }
                | Fault::RepeatedJti => Self::ours(),
            },
        }
    }
}

/// A refusal that a rule meant the caller to see, in the rule's words.
fn denied(code: DenialCode, description: String) -> OauthError {
    match code {
        DenialCode::AccessDenied => {
            OauthError::new(StatusCode::FORBIDDEN, code.as_str(), description)
        }
        DenialCode::TemporarilyUnavailable => OauthError {
            description: Some(description),
            ..OauthError::unavailable(DENIED_RETRY)
        },
        DenialCode::InvalidRequest
        | DenialCode::InvalidScope
        | DenialCode::InvalidTarget
        | DenialCode::UnauthorizedClient => OauthError::bad_request(code.as_str(), description),
    }
}

const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"rulemint\", charset=\"UTF-8\"");
const DESCRIPTION_CHARS_MAX: usize = 500;
const START_AGAIN: &str = "start_again";
const PLACE_RETRY: Duration = Duration::from_secs(5);
const STORE_RETRY: Duration = Duration::from_secs(1);
const LEDGER_RETRY: Duration = Duration::from_secs(5);
const SATURATED_RETRY: Duration = Duration::from_secs(1);
const DENIED_RETRY: Duration = Duration::from_secs(5);
