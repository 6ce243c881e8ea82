//! What a change changed: the properties that are not what they were, within bounds, and without secrets.

use serde::Serialize;
use serde_json::{Map, Value};

/// What differs between a thing before and after a change, each side a JSON object of the properties that do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// As it was; `None` where there was nothing.
    pub before: Option<String>,
    /// As it is; `None` where there is nothing any more.
    pub after: Option<String>,
}

impl Difference {
    /// What differs. `None`: nothing does.
    pub fn between(before: Option<&Value>, after: Option<&Value>) -> Option<Self> {
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) => {
                let (before, after) = differing(before, after)?;
                (Some(before), Some(after))
            }
            (before, after) => (before.cloned(), after.cloned()),
        };
        let bounded = |side: Option<Value>| side.map(|side| bounded(clean(side)));
        Some(Self {
            before: bounded(before),
            after: bounded(after),
        })
    }
}

/// A thing as JSON.
pub(crate) fn value_of(thing: &impl Serialize) -> Value {
    serde_json::to_value(thing).expect("rows of strings and numbers are JSON")
}

/// Both sides without what is the same on both. `None`: everything is.
fn differing(before: &Value, after: &Value) -> Option<(Value, Value)> {
    if before == after {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Some((before.clone(), after.clone()));
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, was) in before {
        match after.get(name) {
            None => {
                old.insert(name.clone(), was.clone());
            }
            Some(is) => {
                if let Some((was, is)) = differing(was, is) {
                    old.insert(name.clone(), was);
                    new.insert(name.clone(), is);
                }
            }
        }
    }
    let added = after.iter().filter(|(name, _)| !before.contains_key(*name));
    new.extend(added.map(|(name, is)| (name.clone(), is.clone())));
    Some((old.into(), new.into()))
}

/// Without what may be a secret, and without the ends of long texts. Rows hold no secrets; what Auth0's tools and
/// people put beside them may.
fn clean(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let clean = |(name, value): (String, Value)| match is_secret(&name, &value) {
                true if !value.is_null() => (name, Value::from(NOT_RECORDED)),
                _ => (name, clean(value)),
            };
            Value::Object(members.into_iter().map(clean).collect())
        }
        Value::Array(elements) => elements.into_iter().map(clean).collect(),
        Value::String(text) => match text.char_indices().nth(TEXT_CHARS_MAX) {
            None => Value::String(text),
            Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()).into(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn is_secret(name: &str, value: &Value) -> bool {
    let small = name.to_ascii_lowercase();
    let may_be = SECRET_WORDS.iter().any(|word| small.contains(word));
    may_be && !are_limits(name, value) && !are_key_names(name, value)
}

/// Whether it is part of a client's `token_quota`: there a grant type has limits, flags and numbers.
fn are_limits(name: &str, value: &Value) -> bool {
    let is_limit = |value: &Value| value.is_number() || value.is_boolean();
    let limits = value.as_object();
    name == "client_credentials" && limits.is_some_and(|limits| limits.values().all(is_limit))
}

/// Whether it says which public keys a client proves itself by, as `client_authentication_methods` does: by their ids.
fn are_key_names(name: &str, value: &Value) -> bool {
    let only = |value: &Value, name: &str| -> Option<Value> {
        let members = value.as_object().filter(|members| members.len() == 1)?;
        members.get(name).cloned()
    };
    let are_ids = |list: &Value| {
        let is_id = |one: &Value| only(one, "id").is_some_and(|id| id.is_string());
        list.as_array().is_some_and(|list| list.iter().all(is_id))
    };
    match name {
        "private_key_jwt" => only(value, "credentials").is_some_and(|list| are_ids(&list)),
        "credentials" => are_ids(value),
        _ => false,
    }
}

/// As text, and no longer than an entry may be: the properties of what is too long are named, and if that is too long
/// too, counted.
fn bounded(side: Value) -> String {
    let text = side.to_string();
    let Value::Object(members) = side else {
        return text;
    };
    if text.len() <= SIDE_BYTES_MAX {
        return text;
    }
    let count = members.len();
    let sized = |(name, value): (String, Value)| {
        (name, format!("({} bytes)", value.to_string().len()).into())
    };
    let names = Value::Object(members.into_iter().map(sized).collect());
    match names.to_string() {
        names if names.len() <= SIDE_BYTES_MAX => names,
        _ => serde_json::json!({ "omitted": format!("{count} properties, {} bytes", text.len()) })
            .to_string(),
    }
}

/// As much of a text as an entry keeps.
const TEXT_CHARS_MAX: usize = 512;
/// How long one side of an entry may be.
const SIDE_BYTES_MAX: usize = 8_192;
/// What is in the names of what is never written down.
const SECRET_WORDS: &[&str] = &[
    "secret",
    "password",
    "private",
    "credential",
    "api_key",
    "apikey",
];
const NOT_RECORDED: &str = "(not recorded)";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn between(before: &Value, after: &Value) -> (Value, Value) {
        let difference = Difference::between(Some(before), Some(after)).unwrap();
        let side = |side: Option<String>| serde_json::from_str(&side.unwrap()).unwrap();
        (side(difference.before), side(difference.after))
    }

    #[test]
    fn only_what_changed_is_told() {
        let before = json!({ "id": 1, "name": "a", "metadata": { "tier": "gold", "old": 1 } });
        let after = json!({ "id": 1, "name": "b", "metadata": { "tier": "gold", "new": 2 } });
        let (before, after) = between(&before, &after);
        assert_eq!(before, json!({ "name": "a", "metadata": { "old": 1 } }));
        assert_eq!(after, json!({ "name": "b", "metadata": { "new": 2 } }));
    }

    #[test]
    fn a_change_that_changes_nothing_is_none() {
        let thing = json!({ "name": "a" });
        assert_eq!(Difference::between(Some(&thing), Some(&thing)), None);
    }

    #[test]
    fn what_is_new_or_gone_is_told_whole() {
        let thing = json!({ "name": "a" });
        let new = Difference::between(None, Some(&thing)).unwrap();
        assert_eq!(new.before, None);
        assert_eq!(new.after.as_deref(), Some(r#"{"name":"a"}"#));
        let gone = Difference::between(Some(&thing), None).unwrap();
        assert_eq!(gone.after, None);
    }

    #[test]
    fn what_may_be_a_secret_is_not_told_however_deep_it_is() {
        let thing = json!({
            "addons": [{ "smtp": { "Password": "hunter2" } }], "db_secret": ["hunter2"], "private_key": null,
        });
        let told = Difference::between(None, Some(&thing))
            .unwrap()
            .after
            .unwrap();
        assert!(!told.contains("hunter2"), "{told}");
        assert!(told.contains(r#""private_key":null"#), "{told}");
    }

    #[test]
    fn a_grant_types_limits_are_told_and_its_secrets_are_not() {
        let before =
            json!({ "token_quota": { "client_credentials": { "per_hour": 5, "enforce": true } } });
        let after = json!({ "token_quota": { "client_credentials": { "key": "hunter2" } } });
        let (before, after) = between(&before, &after);
        let limits = &before["token_quota"]["client_credentials"];
        assert_eq!(limits, &json!({ "per_hour": 5, "enforce": true }));
        assert_eq!(after["token_quota"]["client_credentials"], NOT_RECORDED);
    }

    #[test]
    fn whatever_is_changed_the_entry_is_short() {
        let long = json!({ "text": "ä".repeat(100_000) });
        let many = json!({ "a": vec!["x".repeat(500); 200] });
        let names: Map<String, Value> = (0..5_000)
            .map(|n| (format!("name {n}"), n.into()))
            .collect();
        for thing in [long, many, names.into()] {
            let told = Difference::between(None, Some(&thing))
                .unwrap()
                .after
                .unwrap();
            assert!(told.len() <= SIDE_BYTES_MAX, "{}", told.len());
            assert!(told.contains("bytes"), "{told}");
            serde_json::from_str::<Value>(&told).unwrap();
        }
    }
}
