//! What is said of failures that only the calls have that are this server's own.

use axum::http::StatusCode as S;
use tracing::error;

use super::{Told, failed, store_failed};
use crate::grant::GrantError;
use crate::issue::IssueError;
use crate::ledger::LookupError;
use crate::reload::WishError;
use crate::rule::{DenialCode, Fault, RuleError};

/// Why a token was not issued. It was logged where it happened.
pub(super) fn told_of_issue(problem: IssueError, transaction: &str) -> Told {
    match problem {
        IssueError::Client(_) => {
            let message = "the token's client is gone".to_owned();
            (S::UNAUTHORIZED, message, Some("invalid_token"))
        }
        IssueError::Grant(problem) => {
            let code = match problem {
                GrantError::UnknownAudience { .. } | GrantError::NotDirectly => "invalid_target",
                GrantError::ScopeUnknown { .. } => "invalid_scope",
                GrantError::HostsClaim { .. } => "reserved_claim",
                GrantError::Unfit(_)
                | GrantError::UnsupportedGrantType
                | GrantError::GrantTypeNotAllowed
                | GrantError::AudienceMissing
                | GrantError::SeveralAudiences
                | GrantError::ResourceMalformed
                | GrantError::NoClientGrant { .. }
                | GrantError::ScopeNotGranted { .. } => "invalid_body",
            };
            let status = match matches!(problem, GrantError::UnknownAudience { .. }) {
                true => S::NOT_FOUND,
                false => S::BAD_REQUEST,
            };
            (status, problem.to_string(), Some(code))
        }
        // Tokens that are issued directly are not counted.
        IssueError::Quota(problem) => {
            let code = Some("too_many_requests");
            (S::TOO_MANY_REQUESTS, problem.to_string(), code)
        }
        IssueError::Rule(RuleError::Denied {
            code, description, ..
        }) => {
            let status = match code {
                DenialCode::TemporarilyUnavailable => S::SERVICE_UNAVAILABLE,
                DenialCode::AccessDenied
                | DenialCode::InvalidRequest
                | DenialCode::InvalidScope
                | DenialCode::InvalidTarget
                | DenialCode::UnauthorizedClient => S::UNPROCESSABLE_ENTITY,
            };
            (status, description, Some(code.as_str()))
        }
        IssueError::Rule(RuleError::Failed {
            fault: Fault::Quarantined { .. } | Fault::Saturated,
            ..
        })
        | IssueError::Status(_)
        | IssueError::Ledger(_) => {
            let message =
                format!("no token can be issued now; the log says why under {transaction}");
            (
                S::SERVICE_UNAVAILABLE,
                message,
                Some("temporarily_unavailable"),
            )
        }
        IssueError::Rule(RuleError::Failed { .. }) | IssueError::Sign(_) => {
            let message = format!("no token could be issued; the log says why under {transaction}");
            (S::INTERNAL_SERVER_ERROR, message, Some("server_error"))
        }
    }
}

pub(super) fn told_of_lookup(problem: LookupError) -> Told {
    match problem {
        LookupError::Store(problem) => store_failed(&problem),
        LookupError::Unreadable(_) => {
            failed(&problem);
            (S::INTERNAL_SERVER_ERROR, problem.to_string(), None)
        }
    }
}

pub(super) fn told_of_wish(problem: WishError) -> Told {
    let text = problem.to_string();
    match problem {
        WishError::NothingEarlier | WishError::NoGeneration(_) => {
            (S::NOT_FOUND, text, Some("not_found"))
        }
        WishError::NotGranted(_) => (S::CONFLICT, text, Some("not_granted")),
        WishError::NeverRan | WishError::NoAnswer => {
            error!(problem = text, "a management call failed");
            (S::SERVICE_UNAVAILABLE, text, Some("no_answer"))
        }
        WishError::Unreadable(_) => {
            failed(&problem);
            (S::INTERNAL_SERVER_ERROR, text, None)
        }
        WishError::Store(problem) => store_failed(&problem),
    }
}
