//! The scripts that files declare, whatever they were at Auth0.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::draft::Draft;
use crate::declared::NOT_SHOWN;
use crate::declared::entry::{Entry, Section};
use crate::declared::origin::{CREDENTIALS_EXCHANGE, TRIGGERS};

/// A script that is to be there.
pub(super) struct Wanted<'d> {
    pub(super) entry: &'d Entry,
    pub(super) name: String,
    pub(super) script: String,
    pub(super) order: Option<u16>,
    /// As it is, or off where it is new, if files do not say.
    pub(super) enabled: Option<bool>,
    pub(super) is_action: bool,
    /// Its trigger, and its place in the bindings of that.
    pub(super) bound: Option<(String, usize)>,
    /// Secrets, with values where files give them.
    pub(super) secrets: BTreeMap<String, Option<String>>,
}

/// Where each Action is bound; `None` where files say nothing of it.
type Bindings = Option<BTreeMap<String, (String, usize)>>;

pub(super) fn read<'d>(draft: &mut Draft<'d>) -> Vec<Wanted<'d>> {
    let bindings = bindings(draft);
    let mut wanted = Vec::new();
    for entry in draft.section(Section::Rules).unwrap_or_default() {
        wanted.extend(rule(draft, entry));
    }
    for entry in draft.section(Section::Hooks).unwrap_or_default() {
        wanted.extend(hook(draft, entry));
    }
    for entry in draft.section(Section::Actions).unwrap_or_default() {
        wanted.extend(action(draft, entry, &bindings));
    }
    wanted
}

fn rule<'d>(draft: &mut Draft<'d>, entry: &'d Entry) -> Option<Wanted<'d>> {
    let stage = entry.properties.get("stage").and_then(Value::as_str);
    if stage.is_some_and(|stage| stage != "login_success") {
        draft.leave_out(entry, None, "rules run in one stage here, login_success");
        return None;
    }
    let order = entry
        .properties
        .get("order")
        .filter(|order| !order.is_null());
    let number = order.and_then(|order| u16::try_from(order.as_u64()?).ok());
    if order.is_some() && number.is_none() {
        draft.mistake(entry, "order is no number of a place");
    }
    draft.check_names(entry, RULE);
    let enabled = flag(draft, entry, "enabled");
    let mut wanted = script(draft, entry, "script")?;
    wanted.order = number;
    wanted.enabled = Some(enabled.unwrap_or(true));
    Some(wanted)
}

fn hook<'d>(draft: &mut Draft<'d>, entry: &'d Entry) -> Option<Wanted<'d>> {
    let trigger = draft.text(entry, "triggerId")?;
    if trigger != CREDENTIALS_EXCHANGE {
        let why = format!("{trigger}: a token request of a machine has no such moment");
        draft.leave_out(entry, None, &why);
        return None;
    }
    draft.check_names(entry, HOOK);
    bundled(draft, entry, "dependencies");
    let enabled = flag(draft, entry, "enabled");
    let active = flag(draft, entry, "active");
    let mut wanted = script(draft, entry, "script")?;
    // The deploy tool's spelling, so that a Hook has one name.
    wanted.name = wanted.name.to_lowercase().replace(' ', "-");
    wanted.enabled = enabled.or(active);
    if let Some(Value::Object(secrets)) = entry.properties.get("secrets") {
        let value = |(name, value): (&String, &Value)| (name.clone(), secret(value));
        wanted.secrets = secrets.iter().map(value).collect();
    }
    Some(wanted)
}

fn action<'d>(draft: &mut Draft<'d>, entry: &'d Entry, bindings: &Bindings) -> Option<Wanted<'d>> {
    let name = draft.text(entry, "name")?;
    let is_known = |id: &str| TRIGGERS.iter().any(|(trigger, _)| *trigger == id);
    let triggers = entry
        .properties
        .get("supported_triggers")
        .and_then(Value::as_array);
    let ids = || {
        triggers
            .into_iter()
            .flatten()
            .filter_map(|trigger| trigger["id"].as_str())
    };
    if triggers.is_some() && !ids().any(is_known) {
        let ids: Vec<&str> = ids().collect();
        let why = format!(
            "{}: a token request of a machine has no such moment",
            ids.join(", ")
        );
        draft.leave_out(entry, None, &why);
        return None;
    }
    draft.check_names(entry, ACTION);
    bundled(draft, entry, "dependencies");
    bundled(draft, entry, "modules");
    let is_deployed = flag(draft, entry, "deployed").unwrap_or(true);
    let mut wanted = script(draft, entry, "code")?;
    if let Some(bindings) = bindings {
        wanted.bound = bindings.get(&name).cloned();
        wanted.enabled = Some(wanted.bound.is_some() && is_deployed);
    }
    let secrets = entry.properties.get("secrets").and_then(Value::as_array);
    for one in secrets.into_iter().flatten() {
        if let Some(name) = one["name"].as_str() {
            wanted
                .secrets
                .insert(name.to_owned(), secret(&one["value"]));
        }
    }
    Some(wanted)
}

fn script<'d>(draft: &mut Draft<'d>, entry: &'d Entry, property: &str) -> Option<Wanted<'d>> {
    let name = draft.text(entry, "name")?;
    if !entry.properties.contains_key(property) {
        let problem = format!("it has no {property}: name the file that has the code of {name:?}");
        draft.mistake(entry, problem);
        return None;
    }
    let script = draft.text(entry, property)?;
    if entry.is_incomplete {
        return None;
    }
    let plain = plain(&name);
    if plain.is_empty() {
        draft.leave_out(
            entry,
            None,
            "no character of its name has a place in the name of a file",
        );
        return None;
    }
    if plain != name {
        let why = format!(
            "here it is called {plain:?}: other characters have no place in the name of a file"
        );
        draft.leave_out(entry, Some("name"), &why);
    }
    Some(Wanted {
        entry,
        name: plain,
        script,
        order: None,
        enabled: None,
        is_action: entry.properties.contains_key("code"),
        bound: None,
        secrets: BTreeMap::new(),
    })
}

/// A name that a rule may have.
fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let plain = |c: char| if is_plain(c) { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_matches(|c| matches!(c, ' ' | '-' | '.'));
    name.to_owned()
}

fn flag(draft: &mut Draft<'_>, entry: &Entry, name: &str) -> Option<bool> {
    let value = entry.properties.get(name)?;
    if !value.is_boolean() && !value.is_null() {
        draft.mistake(entry, format!("{name} is neither true nor false"));
    }
    value.as_bool()
}

/// A value that files really give.
fn secret(value: &Value) -> Option<String> {
    let text = value
        .as_str()
        .filter(|text| !text.is_empty() && *text != NOT_SHOWN)?;
    Some(text.to_owned())
}

fn bundled(draft: &mut Draft<'_>, entry: &Entry, property: &str) {
    let is_empty = match entry.properties.get(property) {
        Some(Value::Array(names)) => names.is_empty(),
        Some(Value::Object(names)) => names.is_empty(),
        _ => true,
    };
    if !is_empty {
        let why = "versions are those that are bundled here; `rulemint rule build` puts any other package into a script";
        draft.leave_out(entry, Some(property), why);
    }
}

/// Each trigger's Actions, in their order.
fn bindings(draft: &mut Draft<'_>) -> Bindings {
    let entries = draft.section(Section::Triggers)?;
    let mut bound = BTreeMap::new();
    for entry in entries {
        for (trigger, actions) in &entry.properties {
            let Value::Array(actions) = actions else {
                draft.mistake(entry, format!("{trigger} is no list of bindings"));
                continue;
            };
            if !TRIGGERS.iter().any(|(known, _)| known == trigger) {
                let why = "a token request of a machine has no such moment";
                if !actions.is_empty() {
                    draft.leave_out(entry, Some(trigger), why);
                }
                continue;
            }
            for (place, action) in actions.iter().enumerate() {
                match action["action_name"].as_str() {
                    Some(name) => drop(bound.insert(name.to_owned(), (trigger.clone(), place))),
                    None => draft.mistake(entry, format!("{trigger}[{place}] has no action_name")),
                }
            }
        }
    }
    Some(bound)
}

const RULE: &[&str] = &[
    "enabled", "id", "name", "order", "reason", "script", "stage", "state",
];
const HOOK: &[&str] = &[
    "active",
    "dependencies",
    "enabled",
    "id",
    "name",
    "script",
    "secrets",
    "triggerId",
];
const ACTION: &[&str] = &[
    "all_changes_deployed",
    "code",
    "created_at",
    "dependencies",
    "deployed",
    "id",
    "installed_integration_id",
    "modules",
    "name",
    "runtime",
    "secrets",
    "status",
    "supported_triggers",
    "updated_at",
];
