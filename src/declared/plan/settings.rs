//! What all scripts share, which Auth0 calls `rulesConfigs`: known by their keys. Nobody is shown their values, so an export has
//! none, and what files do not have is not taken to be gone.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::draft::Draft;
use super::work::Work;
use super::{Change, Kind};
use crate::declared::NOT_SHOWN;
use crate::declared::entry::{Entry, Section};

pub(super) fn plan(draft: &mut Draft<'_>) {
    let mut keys = BTreeSet::new();
    for entry in draft.section(Section::RulesConfigs).unwrap_or_default() {
        let Some(key) = draft.text(entry, "key") else {
            continue;
        };
        if !keys.insert(key.clone()) {
            draft.mistake(entry, format!("{key} is declared twice"));
        }
        plan_one(draft, entry, key);
    }
}

fn plan_one(draft: &mut Draft<'_>, entry: &Entry, key: String) {
    let known = draft.registered.settings.get(&key);
    let value = match entry.properties.get(VALUE) {
        Some(value) if value == NOT_SHOWN => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) | None => None,
        Some(_) => return draft.mistake(entry, format!("{VALUE} is no text")),
    };
    let Some(value) = value else {
        if known.is_none() {
            let why =
                "files do not say it: give it by a keyword, or set it over the management API";
            draft.leave_out(entry, Some(VALUE), why);
        }
        return;
    };
    let is_same = known.is_some_and(|known| known.expose_secret() == value);
    let work = Work::Set(key.clone(), SecretString::from(value));
    if known.is_none() {
        return draft.create(Kind::Setting, key, work);
    }
    let change = Change {
        property: VALUE.to_owned(),
        before: json!("a value that is not shown"),
        after: json!("another that is not shown"),
    };
    let changes = if is_same { Vec::new() } else { vec![change] };
    draft.update(Kind::Setting, key, changes, work);
}

const VALUE: &str = "value";
