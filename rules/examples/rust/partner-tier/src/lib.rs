//! Puts a partner's tier into the token, and keeps the gold scope for gold partners.

use rulemint_guest::{Changes, Failure, Request};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    claim: String,
    default_tier: String,
    gold_scope: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            claim: "https://rulemint.example/tier".to_owned(),
            default_tier: "standard".to_owned(),
            gold_scope: None,
        }
    }
}

fn enrich(request: &Request) -> Result<Changes, Failure> {
    let settings: Settings = serde_json::from_str(&request.settings())
        .map_err(|problem| Failure::Internal(problem.to_string()))?;

    if request.client_metadata("status").as_deref() == Some("suspended") {
        let description = format!("client {} is suspended", request.client_id());
        return Err(Failure::denied("access_denied", &description));
    }

    let tier = request
        .client_metadata("tier")
        .unwrap_or(settings.default_tier);
    let mut changes = Changes::new();
    changes.set(&settings.claim, &tier);

    if let Some(scope) = settings.gold_scope
        && tier != "gold"
        && request.granted_scopes().contains(&scope)
    {
        changes.remove_scope(&scope);
    }
    Ok(changes)
}

/// Checks the settings once, before the rule goes live, and names every mistake in them.
fn validate(settings: &str) -> Result<(), Vec<String>> {
    let settings: Value =
        serde_json::from_str(settings).map_err(|problem| vec![problem.to_string()])?;
    let is_given_but_not = |name, fits: fn(&str) -> bool| {
        settings
            .get(name)
            .is_some_and(|value| !value.as_str().is_some_and(fits))
    };

    let mut problems = Vec::new();
    if is_given_but_not("claim", |text| text.starts_with("https://")) {
        problems.push("claim must be a string that begins with https://".to_owned());
    }
    for name in ["default_tier", "gold_scope"] {
        if is_given_but_not(name, |text| !text.is_empty()) {
            problems.push(format!("{name} must be a string that is not empty"));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

rulemint_guest::rule_with_settings!(enrich, validate);
