//! The client credentials grant (RFC 6749 section 4.4): the client asks for itself.

use std::sync::Arc;

use super::{Draft, Grant, GrantError, Terms, audience};
use crate::claims::Claims;
use crate::client::AuthenticatedClient;
use crate::request::Wanted;

pub(super) const GRANT_TYPE: &str = "client_credentials";

pub(super) fn resolve(
    client: &AuthenticatedClient,
    wanted: Wanted,
    transaction_id: Arc<str>,
    terms: &Terms<'_>,
) -> Result<Grant, GrantError> {
    let client = Arc::clone(client.client());
    if !client.grant_types.iter().any(|known| known == GRANT_TYPE) {
        return Err(GrantError::GrantTypeNotAllowed);
    }
    let audience = audience::pick(&wanted, &client)?;
    let api = terms
        .registry
        .api(audience)
        .ok_or_else(|| GrantError::UnknownAudience {
            audience: audience.to_owned(),
        })?;
    let permission = client
        .grant(audience)
        .ok_or_else(|| GrantError::NoClientGrant {
            audience: audience.to_owned(),
        })?;
    let scope = match &wanted.scope {
        None => permission.scope.clone(),
        Some(text) => {
            permission
                .scope
                .pick(text)
                .map_err(|foreign| GrantError::ScopeNotGranted {
                    scopes: foreign.join(" "),
                })?
        }
    };
    let issuer = Arc::clone(&terms.issuer);
    let audience = Arc::clone(&api.identifier);
    let mut claims = Claims::new(issuer, audience, Arc::clone(&client.id));
    claims.issued_at = terms.now;
    claims.lifetime = api.lifetime;
    claims.cutoff = terms.cutoff;
    claims.scope = scope;
    Ok(Grant(Box::new(Draft {
        permission: Arc::clone(permission),
        api: Arc::clone(api),
        client,
        wanted,
        transaction_id,
        claims,
    })))
}
