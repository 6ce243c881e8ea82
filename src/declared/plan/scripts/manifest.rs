//! The manifests that stand beside declared scripts: what Auth0 does not have, such as settings, limits and when a rule runs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::Change;
use super::super::draft::Draft;
use super::wanted::Wanted;
use crate::document::parse_toml;
use crate::rule::{Manifest, SecretSource};
use crate::rules_dir::ScriptRule;

/// What becomes of the manifest of a script.
pub(super) struct Planned {
    /// All of it, where files say one and it is another than there is.
    pub(super) text: Option<String>,
    pub(super) change: Option<Change>,
    /// The secrets that it names.
    pub(super) secrets: BTreeMap<String, SecretSource>,
}

pub(super) fn plan(
    draft: &mut Draft<'_>,
    wanted: &Wanted<'_>,
    rule: Option<&ScriptRule>,
) -> Planned {
    let mut planned = Planned {
        text: None,
        change: None,
        secrets: rule.map(ScriptRule::secrets).unwrap_or_default(),
    };
    let Some(beside) = &wanted.entry.manifest else {
        return planned;
    };
    if let Err(mistakes) = Manifest::parse(&beside.text, &beside.place) {
        draft.mistakes(mistakes);
        return planned;
    }
    let own = &draft.registered.secrets_dir;
    let before = rule.and_then(|rule| rule.portable_manifest(own));
    let before = before.unwrap_or_default();
    let text = match rule {
        Some(rule) => rule.manifest_from(&beside.text, own),
        None => Ok(beside.text.clone()),
    };
    let Ok(text) = text else {
        return planned; // It has been parsed.
    };
    let read = Manifest::parse(&text, &beside.place);
    planned.secrets = read.map(|manifest| manifest.secrets).unwrap_or_default();
    // Comments and the order of keys mean nothing.
    if said(&before) != said(&beside.text) {
        planned.change = Some(Change {
            property: "manifest".to_owned(),
            before: if before.is_empty() {
                Value::Null
            } else {
                json!(before)
            },
            after: json!(beside.text),
        });
        planned.text = Some(text);
    }
    planned
}

/// What a manifest says, beside what files say of a script themselves.
fn said(text: &str) -> Value {
    let mut said = parse_toml(text, "").unwrap_or_default();
    if let Some(keys) = said.as_object_mut() {
        keys.retain(|key, _| !["title", "disabled"].contains(&key.as_str()));
    }
    said
}
