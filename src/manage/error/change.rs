//! What is said of changes that were refused.

use axum::http::StatusCode;

use super::{Told, failed, payload, store_failed};
use crate::registry::RegistrarError;
use crate::revocation::RevocationError;
use crate::rules_dir::RulesDirError;

pub(super) fn told_of(problem: RegistrarError) -> Told {
    use StatusCode as S;
    match problem {
        RegistrarError::NotFound { what, id } => {
            let (message, code) = match what {
                "client" => ("Client not found".to_owned(), "inexistent_client"),
                "API" => {
                    let message = format!("No resource with identifier {id}");
                    (message, "inexistent_resource_server")
                }
                "signing key" => (
                    "The signing key does not exist".to_owned(),
                    "inexistent_signing_key",
                ),
                "credential" => (
                    "The credential does not exist".to_owned(),
                    "inexistent_credential",
                ),
                _ => (
                    "The client grant does not exist".to_owned(),
                    "inexistent_client_grant",
                ),
            };
            (S::NOT_FOUND, message, Some(code))
        }
        RegistrarError::Conflict { what, id } => {
            let (message, code) = match what {
                "client" => (format!("client already exists: {id}"), "client_conflict"),
                "API" => {
                    let message = format!("resource_server already exists: {id}");
                    (message, "resource_server_conflict")
                }
                "credential" => (
                    format!("the client has a credential with this kid already: {id}"),
                    "credential_conflict",
                ),
                _ => (
                    format!("client_grant already exists: {id}"),
                    "client_grant_conflict",
                ),
            };
            (S::CONFLICT, message, Some(code))
        }
        RegistrarError::InUse { .. } => {
            (S::CONFLICT, problem.to_string(), Some("credential_in_use"))
        }
        RegistrarError::TooManyCredentials { .. } => {
            (S::CONFLICT, problem.to_string(), Some("credential_limit"))
        }
        RegistrarError::Protected(why) => {
            let code = Some("operation_not_supported");
            (S::FORBIDDEN, why.to_owned(), code)
        }
        RegistrarError::Invalid(why) => (S::BAD_REQUEST, payload(&why), Some("invalid_body")),
        RegistrarError::ForeignScope { foreign, .. } => {
            let message = format!("scope must be a subset of resource server scopes: {foreign}");
            (S::BAD_REQUEST, payload(&message), Some("invalid_body"))
        }
        RegistrarError::Store(problem) => store_failed(&problem),
        RegistrarError::Key(problem) => {
            failed(&problem);
            let message = "a signing key could not be made: see the server's log".to_owned();
            (S::INTERNAL_SERVER_ERROR, message, None)
        }
    }
}

pub(super) fn told_of_revocation(problem: RevocationError) -> Told {
    use StatusCode as S;
    match problem {
        RevocationError::NotFound {
            what: "signing key",
            id,
        } => {
            let what = "signing key";
            told_of(RegistrarError::NotFound { what, id })
        }
        RevocationError::NotFound { what, id } if what != "grant" => {
            let message = format!("there is no {what} {id}");
            (S::NOT_FOUND, message, Some("not_found"))
        }
        RevocationError::Unknown { .. } => (S::NOT_FOUND, problem.to_string(), Some("not_found")),
        RevocationError::NotFound { .. } | RevocationError::UnknownGrant(_) => {
            let message = "The client grant does not exist".to_owned();
            (S::NOT_FOUND, message, Some("inexistent_client_grant"))
        }
        RevocationError::Invalid(why) => (S::BAD_REQUEST, payload(&why), Some("invalid_body")),
        RevocationError::Full { .. } | RevocationError::TooManyCutoffs { .. } => {
            let code = Some("revocation_limit");
            (S::CONFLICT, problem.to_string(), code)
        }
        RevocationError::Final { .. } => (S::CONFLICT, problem.to_string(), Some("key_revoked")),
        RevocationError::Store(problem) => store_failed(&problem),
    }
}

pub(super) fn told_of_rules(problem: RulesDirError) -> Told {
    use StatusCode as S;
    let told = problem.to_string();
    match problem {
        RulesDirError::NotThere { .. } => {
            let message = "The rule does not exist".to_owned();
            (S::NOT_FOUND, message, Some("inexistent_rule"))
        }
        RulesDirError::Conflict(_) => (S::CONFLICT, told, Some("rule_conflict")),
        RulesDirError::Invalid(why) => (S::BAD_REQUEST, payload(&why), Some("invalid_body")),
        RulesDirError::ReadOnly { .. } => (S::FORBIDDEN, told, Some("operation_not_supported")),
        RulesDirError::NoDirectory(_)
        | RulesDirError::Read { .. }
        | RulesDirError::Write { .. } => {
            failed(&problem);
            (S::SERVICE_UNAVAILABLE, told, Some("rules_unavailable"))
        }
    }
}
