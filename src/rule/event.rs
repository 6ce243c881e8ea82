//! The whole request as one JSON object: what `request.event` gives, and later every other way to run a rule.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::grant::Grant;

/// A token request as a rule sees it.
#[derive(Serialize)]
pub(super) struct Event<'g> {
    transaction_id: &'g str,
    issued_at: u64,
    lifetime: u32,
    grant_type: &'g str,
    audience: &'g str,
    client: EventClient<'g>,
    grant_id: &'g str,
    subject: Option<EventSubject>,
    scopes: EventScopes<'g>,
    parameters: BTreeMap<&'g str, &'g str>,
    claims: Box<RawValue>,
    settings: &'g RawValue,
}

#[derive(Serialize)]
struct EventClient<'g> {
    id: &'g str,
    name: &'g str,
    metadata: &'g BTreeMap<String, String>,
}

/// Who the token is about, where that is not the client. No grant type of this version has one.
#[derive(Serialize)]
struct EventSubject {
    id: String,
    claims: BTreeMap<String, serde_json::Value>,
}

#[derive(Serialize)]
struct EventScopes<'g> {
    requested: Vec<&'g str>,
    granted: Vec<&'g str>,
}

impl<'g> Event<'g> {
    pub(super) fn new(grant: &'g Grant, settings: &'g RawValue) -> Result<Self, serde_json::Error> {
        let parameters = grant.wanted.parameters.iter();
        Ok(Self {
            transaction_id: &grant.transaction_id,
            issued_at: grant.claims.issued_at,
            lifetime: grant.claims.lifetime,
            grant_type: &grant.wanted.grant_type,
            audience: &grant.claims.audience,
            client: EventClient {
                id: &grant.client.id,
                name: &grant.client.name,
                metadata: &grant.client.metadata,
            },
            grant_id: &grant.permission.id,
            subject: None,
            scopes: EventScopes {
                requested: requested_scopes(grant).collect(),
                granted: grant.claims.scope.values().collect(),
            },
            parameters: parameters
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            claims: RawValue::from_string(grant.claims.to_json())?,
            settings,
        })
    }
}

/// The scope values that were asked for, as they came.
pub(super) fn requested_scopes(grant: &Grant) -> impl Iterator<Item = &str> {
    let text = grant.wanted.scope.as_deref().unwrap_or_default();
    text.split(' ').filter(|value| !value.is_empty())
}
