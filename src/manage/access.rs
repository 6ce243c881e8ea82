//! Who may call: the bearer of a token that this server issued for its own management API.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::Management;
use super::error::ManageError;
use crate::audit::Actor;
use crate::claims::Scope;
use crate::verification::NotGood;

/// A client that was let in, and what for.
#[derive(Clone)]
pub(super) struct Caller {
    /// Who it is.
    pub(super) client_id: Arc<str>,
    /// The same as the audit log knows it.
    pub(super) actor: Actor,
    /// What its token says, without what has been taken from its grant since.
    scope: Scope,
}

impl Caller {
    /// Whether its token has one of these scopes.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn may(&self, any_of: &'static [&'static str]) -> Result<(), ManageError> {
        match any_of.iter().any(|needed| self.has(needed)) {
            true => Ok(()),
            false => Err(ManageError::InsufficientScope(any_of)),
        }
    }

    /// All that its token may.
    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(super) fn has(&self, scope: &str) -> bool {
        self.scope.contains(scope)
    }
}

/// Finds out who is calling (RFC 6750 section 2.1).
///
/// # Errors
/// When there is no token, or one that is not to be believed.
pub(super) fn caller(management: &Management, headers: &HeaderMap) -> Result<Caller, ManageError> {
    let live = management.live.load();
    let audience = live.issuer.management_audience();
    let verified = management.verifier.verify_in(bearer(headers)?, &live);
    let good = verified.map_err(|problem| match problem {
        NotGood::Unknown(_) => ManageError::Unsure,
        NotGood::NotOurs(_) | NotGood::Revoked => ManageError::InvalidToken(problem.to_string()),
    })?;
    let token = good.token();
    if token.text("aud") != audience {
        let why = "it is for another API".to_owned();
        return Err(ManageError::InvalidToken(why));
    }
    // Whoever is cut off is so at once, and not when the token expires.
    let client = live.registry.client(token.text("client_id"));
    let granted = client.and_then(|client| Some((client, client.grant(&audience)?)));
    let (client, grant) = granted.ok_or_else(|| {
        ManageError::InvalidToken("its client, or that client's grant, is gone".to_owned())
    })?;
    let has = |value: &&str| grant.scope.contains(value);
    let values = token.text("scope").split(' ').filter(has);
    let scope = Scope::from_values(values)
        .map_err(|problem| ManageError::InvalidToken(problem.to_string()))?;
    let client_id = Arc::clone(&client.id);
    let actor = Actor::client(Arc::clone(&client_id));
    Ok(Caller {
        client_id,
        actor,
        scope,
    })
}

fn bearer(headers: &HeaderMap) -> Result<&str, ManageError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(ManageError::MissingAuthentication)?;
    let text = value.to_str().unwrap_or_default();
    match (text.split_once(' '), values.next()) {
        (_, Some(_)) => Err(ManageError::InvalidToken(
            "there is more than one Authorization header".to_owned(),
        )),
        (Some((scheme, token)), None) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        (_, None) => Err(ManageError::MissingAuthentication),
    }
}
