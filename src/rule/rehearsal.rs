//! Runs one rule over an event that nobody sent: for golden cases and for whoever writes a rule. It takes the same way as
//! a token, and no token comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::answer::Answer;
use super::change::{self, Applied};
use super::event::Event;
use super::log::level_name;
use super::sandbox::Reply;
use super::{DenialCode, Fault, Rule, call, chain, trial};
use crate::claims::{Claims, JsonText, Scope};
use crate::grant::Draft;
use crate::keys::Algorithm;
use crate::registry::{Api, AuthMethod, Client, ClientGrant};
use crate::request::Wanted;

/// Claims by name, each as the text that stands in the token: a number has the digits it was given.
pub type ClaimTexts = BTreeMap<String, Box<RawValue>>;

/// What came of a rehearsal.
pub struct Rehearsal {
    /// What the rule answered, or why it did not.
    pub answer: Result<Answer, Fault>,
    /// What the server made of the answer: the changes, or why it refuses them. Empty for anything but changes.
    pub applied: Result<Vec<Applied>, Fault>,
    /// The claims before.
    pub before: ClaimTexts,
    /// The claims after.
    pub after: ClaimTexts,
    /// What the rule said, with its level.
    pub log: Vec<(&'static str, String)>,
    /// How much of its log did not fit.
    pub log_cut: u32,
    /// How long the call took, waiting included.
    pub took: Duration,
    /// Processor time inside the sandbox, in steps of the server's ticks: zero for a call that saw none.
    pub processor: Duration,
    /// The most that any one of its memories had, in bytes.
    pub memory_bytes: u64,
    /// Whether the manifest's `[when]` would have let the rule run for this event at all.
    pub applies: bool,
}

/// Runs a rule over an event. Where no settings are given it reads those of its manifest.
///
/// # Errors
/// When the event cannot be a token request; the text says why.
pub async fn rehearse(
    rule: &Arc<Rule>,
    event: &Event<'_>,
    settings: Option<&RawValue>,
) -> Result<Rehearsal, String> {
    let draft = draft(event)?;
    let before = claims_of(&draft);
    let applies = chain::applies(rule, &draft) && chain::admits_audience(rule, &draft);
    let clock = Arc::clone(&rule.surroundings.clock);
    let started = clock.monotonic();
    let Reply {
        mut draft,
        answer,
        log,
        usage,
    } = call::ask(rule, draft, settings.map(|given| given.to_owned().into())).await;
    let took = clock.monotonic().saturating_sub(started);
    let applied = match &answer {
        Ok(Answer::Changes(changes)) => {
            let applied = change::apply(changes.clone(), &mut draft.claims, &rule.manifest);
            applied.map_err(|fault| rule.capabilities.secrets.scrub_fault(fault))
        }
        Ok(Answer::Denied(denial)) if DenialCode::parse(&denial.code).is_none() => {
            Err(Fault::UnknownDenial(denial.code.clone()))
        }
        _ => Ok(Vec::new()),
    };
    Ok(Rehearsal {
        answer,
        applied,
        before,
        after: claims_of(&draft),
        log_cut: log.cut(),
        log: log
            .lines()
            .map(|(level, text)| (level_name(level), text.to_owned()))
            .collect(),
        took,
        processor: usage.processor,
        memory_bytes: usage.memory_bytes,
        applies,
    })
}

/// Makes a sandbox for a rule and asks it nothing: what a call costs before the rule does anything.
///
/// # Errors
/// When it cannot start.
pub async fn start_once(rule: &Arc<Rule>) -> Result<(), String> {
    match trial::start_only(rule).await {
        Ok(_) => Ok(()),
        Err(fault) => Err(fault.to_string()),
    }
}

fn claims_of(draft: &Draft) -> ClaimTexts {
    serde_json::from_str(&draft.claims.to_json()).unwrap_or_default()
}

/// Makes the draft that such a request would have come to.
fn draft(event: &Event<'_>) -> Result<Box<Draft>, String> {
    let granted = scope(&event.scopes.granted)?;
    let audience: Arc<str> = (*event.audience).into();
    let client: Arc<str> = (*event.client.id).into();
    let permission = Arc::new(ClientGrant {
        id: (*event.grant_id).into(),
        audience: Arc::clone(&audience),
        scope: granted.clone(),
    });
    let parameters = event.parameters.iter();
    let requested = scope(&event.scopes.requested)?;
    Ok(Box::new(Draft {
        claims: claims(event, &client, &audience, granted.clone())?,
        client: Arc::new(Client {
            id: client,
            name: (*event.client.name).into(),
            auth_method: AuthMethod::Secret,
            grant_types: vec![event.grant_type.to_string()],
            metadata: event.client.metadata.clone().into_owned(),
            keys: Box::default(),
            secrets: Vec::new(),
            grants: vec![Arc::clone(&permission)],
            serves: Vec::new(),
            quota: None,
        }),
        permission,
        api: Arc::new(Api {
            identifier: audience,
            scope: granted,
            algorithm: Algorithm::Es256,
            lifetime: event.lifetime,
            status_list: false,
            is_system: false,
        }),
        wanted: Wanted {
            grant_type: event.grant_type.to_string(),
            audience: Some(event.audience.to_string()),
            resources: Vec::new(),
            scope: (!requested.is_empty()).then(|| requested.to_string()),
            parameters: parameters
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        },
        transaction_id: (*event.transaction_id).into(),
    }))
}

fn scope(values: &[std::borrow::Cow<'_, str>]) -> Result<Scope, String> {
    let scope = Scope::from_values(values.iter().map(|value| &**value));
    scope.map_err(|problem| format!("scopes: {problem}"))
}

/// The host's claims follow from the rest of the event; `iss`, `sub`, `jti` and whatever earlier rules would have set
/// come from its claims.
fn claims(
    event: &Event<'_>,
    client: &Arc<str>,
    audience: &Arc<str>,
    granted: Scope,
) -> Result<Claims, String> {
    let given: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(event.claims.get()).map_err(|problem| format!("claims: {problem}"))?;
    let mut claims = Claims::new(
        EXAMPLE_ISSUER.into(),
        Arc::clone(audience),
        Arc::clone(client),
    );
    claims.issued_at = event.issued_at;
    claims.lifetime = event.lifetime;
    claims.scope = granted;
    for (name, value) in given {
        let value =
            JsonText::parse(value.get()).map_err(|problem| format!("claims: {name}: {problem}"))?;
        let text = || {
            let text = value.as_string();
            text.ok_or_else(|| format!("claims: {name} must be a string"))
        };
        match name.as_str() {
            "iss" => claims.issuer = text()?.into(),
            "sub" => claims.subject = text()?.into(),
            "jti" => claims.jti = Some(text()?.into()),
            "aud" | "client_id" | "iat" | "exp" | "scope" => {}
            _ => claims.set_custom(&name, value),
        }
    }
    Ok(claims)
}

const EXAMPLE_ISSUER: &str = "https://issuer.example";
