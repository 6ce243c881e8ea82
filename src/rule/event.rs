//! The whole request as one JSON object: what commands read from standard input, `request.event` gives, and golden cases
//! and `rulemint rule run` start from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::grant::Draft;

/// A token request as a rule sees it.
///
/// The server fills in everything. In a golden case or a file for `rulemint rule run` every part may be left out.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Event<'e> {
    /// Names this request in logs, errors and the ledger.
    pub transaction_id: Cow<'e, str>,
    /// The token's `iat`: seconds since 1970-01-01 UTC.
    pub issued_at: u64,
    /// How long the token will live as things stand, in seconds.
    pub lifetime: u32,
    /// `client_credentials`, or the URN of an extension grant.
    pub grant_type: Cow<'e, str>,
    /// The identifier of the API the token is for.
    pub audience: Cow<'e, str>,
    /// Who asks.
    pub client: EventClient<'e>,
    /// The client grant this token is issued under.
    pub grant_id: Cow<'e, str>,
    /// Who the token is about, where that is somebody other than the client itself. No grant type of this version has
    /// one.
    pub subject: Option<EventSubject>,
    /// What was asked for and what is granted.
    pub scopes: EventScopes<'e>,
    /// Extra parameters of the request. Credentials are never among them.
    pub parameters: BTreeMap<Cow<'e, str>, Cow<'e, str>>,
    /// The claims as things stand, the host's own (`iss`, `sub`, `exp` ...) among them.
    #[schemars(with = "Map<String, Value>")]
    pub claims: Cow<'e, RawValue>,
    /// The settings of this rule's manifest; `{}` where there are none.
    #[schemars(with = "Map<String, Value>")]
    pub settings: Cow<'e, RawValue>,
}

/// Who asks.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventClient<'e> {
    /// The client id.
    pub id: Cow<'e, str>,
    /// A name for people.
    pub name: Cow<'e, str>,
    /// What rules may know about it.
    pub metadata: Cow<'e, BTreeMap<String, String>>,
}

/// Who the token is about, where that is not the client.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSubject {
    /// Its id: `sub`.
    pub id: String,
    /// What the grant brought along about it.
    #[serde(default)]
    pub claims: BTreeMap<String, Value>,
}

/// What was asked for and what is granted.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventScopes<'e> {
    /// The scope values asked for; empty where the request named none.
    pub requested: Vec<Cow<'e, str>>,
    /// The scope values the token will carry as things stand.
    pub granted: Vec<Cow<'e, str>>,
}

impl<'e> Event<'e> {
    pub(super) fn new(draft: &'e Draft, settings: &'e RawValue) -> Result<Self, serde_json::Error> {
        let parameters = draft.wanted.parameters.iter();
        let borrowed = |text: &'e str| Cow::Borrowed(text);
        Ok(Self {
            transaction_id: borrowed(&draft.transaction_id),
            issued_at: draft.claims.issued_at,
            lifetime: draft.claims.lifetime,
            grant_type: borrowed(&draft.wanted.grant_type),
            audience: borrowed(&draft.claims.audience),
            client: EventClient {
                id: borrowed(&draft.client.id),
                name: borrowed(&draft.client.name),
                metadata: Cow::Borrowed(&draft.client.metadata),
            },
            grant_id: borrowed(&draft.permission.id),
            subject: None,
            scopes: EventScopes {
                requested: requested_scopes(draft).map(borrowed).collect(),
                granted: draft.claims.scope.values().map(borrowed).collect(),
            },
            parameters: parameters
                .map(|(name, value)| (borrowed(name), borrowed(value)))
                .collect(),
            claims: Cow::Owned(RawValue::from_string(draft.claims.to_json())?),
            settings: Cow::Borrowed(settings),
        })
    }
}

/// The scope values that were asked for, as they came.
pub(super) fn requested_scopes(draft: &Draft) -> impl Iterator<Item = &str> {
    let text = draft.wanted.scope.as_deref().unwrap_or_default();
    text.split(' ').filter(|value| !value.is_empty())
}

/// What a case or an event file starts from: an ordinary request of an ordinary client.
impl Default for Event<'_> {
    fn default() -> Self {
        Self {
            transaction_id: "txn_example".into(),
            issued_at: EXAMPLE_ISSUED_AT,
            lifetime: EXAMPLE_LIFETIME_SECONDS,
            grant_type: "client_credentials".into(),
            audience: "https://api.example".into(),
            client: EventClient::default(),
            grant_id: "cgr_example".into(),
            subject: None,
            scopes: EventScopes::default(),
            parameters: BTreeMap::new(),
            claims: no_members(),
            settings: no_members(),
        }
    }
}

impl Default for EventClient<'_> {
    fn default() -> Self {
        Self {
            id: "client".into(),
            name: "An example client".into(),
            metadata: Cow::Owned(BTreeMap::new()),
        }
    }
}

impl Default for EventScopes<'_> {
    fn default() -> Self {
        Self {
            requested: Vec::new(),
            granted: vec!["read".into(), "write".into()],
        }
    }
}

pub(super) fn no_members() -> Cow<'static, RawValue> {
    let empty = RawValue::from_string("{}".to_owned());
    Cow::Owned(empty.expect("{} is JSON"))
}

/// 2026-01-01 00:00:00 UTC.
const EXAMPLE_ISSUED_AT: u64 = 1_767_225_600;
const EXAMPLE_LIFETIME_SECONDS: u32 = 86_400;
