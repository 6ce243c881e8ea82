//! Direct issue: an application that this server trusts names the subject and the claims itself.
//!
//! It needs no client grant for the API. What it can have is bounded by the API: its scopes, its lifetime.

use std::sync::Arc;

use super::{Draft, Grant, GrantError, Terms};
use crate::claims::reserved::{is_hosts, is_name};
use crate::claims::{Claims, JsonText, Scope};
use crate::client::AuthenticatedClient;
use crate::registry::{Api, ClientGrant};
use crate::request::{DirectWanted, Wanted};

pub(super) fn resolve(
    client: &AuthenticatedClient,
    wanted: DirectWanted,
    transaction_id: Arc<str>,
    terms: &Terms<'_>,
) -> Result<Grant, GrantError> {
    let client = Arc::clone(client.client());
    let api = api(&wanted.audience, terms)?;
    let issuer = Arc::clone(&terms.issuer);
    let mut claims = Claims::new(issuer, Arc::clone(&api.identifier), Arc::clone(&client.id));
    claims.subject = checked_subject(wanted.subject)?.into();
    claims.issued_at = terms.now;
    claims.lifetime = lifetime(wanted.lifetime, api)?;
    claims.cutoff = terms.cutoff;
    claims.scope = scope(&wanted.scope, api)?;
    set_claims(&mut claims, wanted.claims)?;
    Ok(Grant(Box::new(Draft {
        permission: Arc::new(ClientGrant {
            id: GRANT_ID.into(),
            audience: Arc::clone(&api.identifier),
            scope: claims.scope.clone(),
        }),
        api: Arc::clone(api),
        client,
        wanted: Wanted {
            grant_type: GRANT_TYPE.to_owned(),
            audience: Some(wanted.audience),
            scope: Some(wanted.scope),
            ..Wanted::default()
        },
        transaction_id,
        claims,
    })))
}

/// The management API's tokens are not among those: whoever may issue any token would otherwise manage everything.
fn api<'t>(audience: &str, terms: &Terms<'t>) -> Result<&'t Arc<Api>, GrantError> {
    let unknown = || GrantError::UnknownAudience {
        audience: audience.to_owned(),
    };
    let api = terms.registry.api(audience).ok_or_else(unknown)?;
    match api.is_system {
        true => Err(GrantError::NotDirectly),
        false => Ok(api),
    }
}

fn checked_subject(subject: String) -> Result<String, GrantError> {
    let fits = (1..=SUBJECT_BYTES_MAX).contains(&subject.len());
    if fits && !subject.chars().any(char::is_control) {
        return Ok(subject);
    }
    Err(GrantError::Unfit(format!(
        "a subject is 1 to {SUBJECT_BYTES_MAX} bytes without control characters"
    )))
}

fn lifetime(wanted: Option<u32>, api: &Api) -> Result<u32, GrantError> {
    match wanted {
        None => Ok(api.lifetime),
        Some(seconds) if (1..=api.lifetime).contains(&seconds) => Ok(seconds),
        Some(seconds) => Err(GrantError::Unfit(format!(
            "a token for this API lives 1 to {} seconds, not {seconds}",
            api.lifetime
        ))),
    }
}

fn scope(wanted: &str, api: &Api) -> Result<Scope, GrantError> {
    let picked = api.scope.pick(wanted);
    picked.map_err(|foreign| GrantError::ScopeUnknown {
        scopes: foreign.join(" "),
    })
}

fn set_claims(claims: &mut Claims, wanted: Vec<(String, String)>) -> Result<(), GrantError> {
    if wanted.len() > CLAIMS_MAX {
        let why = format!("a token is issued with at most {CLAIMS_MAX} claims of its own");
        return Err(GrantError::Unfit(why));
    }
    for (name, value) in wanted {
        if !is_name(&name) {
            let why = format!("{name:?} is no claim name: use visible ASCII characters");
            return Err(GrantError::Unfit(why));
        }
        if is_hosts(&name) || name.eq_ignore_ascii_case("jti") {
            return Err(GrantError::HostsClaim { name });
        }
        let value = JsonText::parse(&value);
        let value = value.map_err(|why| GrantError::Unfit(format!("claim {name:?}: {why}")))?;
        claims.set_custom(&name, value);
    }
    Ok(())
}

/// What rules see as `grant_type`. No client can send it: the token endpoint does not know it.
const GRANT_TYPE: &str = "direct";
/// What the ledger has in place of a client grant's id.
const GRANT_ID: &str = "direct";
const SUBJECT_BYTES_MAX: usize = 255;
const CLAIMS_MAX: usize = 100;
