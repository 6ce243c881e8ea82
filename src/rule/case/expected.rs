//! What a golden case expects, checked when it is read: an expectation that no answer can ever meet is a mistake of whoever
//! wrote it, and is told as one.

use regex::Regex;
use serde_json::{Map, Value};

use super::Expected;
use crate::document::Mistake;
use crate::rule::DenialCode;

impl Expected {
    /// Everything in it that no answer can meet, each with its place.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Found(Vec::new());
        match self {
            Self::Changes(changes) => found.check_changes(changes),
            Self::Denied(denial) => found.check_denial(denial),
            Self::Invalid(text) => found.check_text("expect.invalid", text),
            Self::Internal(text) => found.check_text("expect.internal", text),
        }
        found.0
    }
}

struct Found(Vec<Mistake>);

impl Found {
    fn add(&mut self, place: &str, problem: impl Into<String>) {
        self.0.push(Mistake {
            place: place.to_owned(),
            problem: problem.into(),
        });
    }

    fn check_changes(&mut self, changes: &Value) {
        let place = "expect.changes";
        if self.is_matcher(place, changes) {
            return;
        }
        let Value::Array(changes) = changes else {
            return self.add(place, "it is a list of changes; an empty one expects none");
        };
        for (index, change) in changes.iter().enumerate() {
            self.check_change(&format!("{place}[{index}]"), change);
        }
    }

    fn check_change(&mut self, place: &str, change: &Value) {
        if self.is_matcher(place, change) {
            return;
        }
        let Value::Object(change) = change else {
            return self.add(place, "a change is an object with an op");
        };
        let at = |key: &str| format!("{place}.{key}");
        let op = change.get("op").unwrap_or(&Value::Null);
        if !self.is_matcher(&at("op"), op) {
            match op.as_str().and_then(parts_of) {
                Some(parts) => self.check_parts(place, change, parts),
                None => self.add(&at("op"), format!("{op} is none of {}", ops())),
            }
        }
        for (key, value) in change.iter().filter(|(key, _)| *key != "op") {
            match key.as_str() {
                "value" => self.check_matchers(&at(key), value),
                "seconds" => self.check_seconds(&at(key), value),
                _ => self.check_text(&at(key), value),
            }
        }
    }

    fn check_parts(&mut self, place: &str, change: &Map<String, Value>, parts: &[&str]) {
        for part in parts.iter().filter(|part| !change.contains_key(**part)) {
            self.add(place, format!("a {} has a {part}", change["op"]));
        }
        let is_more = |key: &&String| *key != "op" && !parts.contains(&key.as_str());
        for key in change.keys().filter(is_more) {
            self.add(place, format!("a {} has no {key}", change["op"]));
        }
    }

    fn check_denial(&mut self, denial: &Value) {
        let place = "expect.denied";
        if self.is_matcher(place, denial) {
            return;
        }
        let Value::Object(members) = denial else {
            return self.add(place, "a denial is an object with a code");
        };
        self.check_code(members.get("code").unwrap_or(&Value::Null));
        for (key, value) in members.iter().filter(|(key, _)| *key != "code") {
            match key.as_str() {
                "description" => self.check_text("expect.denied.description", value),
                _ => self.add(place, format!("a denial has no {key}")),
            }
        }
    }

    fn check_code(&mut self, code: &Value) {
        let place = "expect.denied.code";
        let is_known = code.as_str().and_then(DenialCode::parse).is_some();
        if !self.is_matcher(place, code) && !is_known {
            let codes = DenialCode::ALL.map(DenialCode::as_str).join(", ");
            self.add(place, format!("{code} is none of {codes}"));
        }
    }

    fn check_text(&mut self, place: &str, text: &Value) {
        if !self.is_matcher(place, text) && !text.is_string() {
            self.add(place, format!("{text} is no string"));
        }
    }

    fn check_seconds(&mut self, place: &str, seconds: &Value) {
        if !self.is_matcher(place, seconds) && !seconds.is_u64() {
            self.add(place, format!("{seconds} is no number of seconds"));
        }
    }

    /// A claim may have any value, with matchers at any depth.
    fn check_matchers(&mut self, place: &str, value: &Value) {
        if self.is_matcher(place, value) {
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.check_matchers(&format!("{place}.{name}"), value);
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.check_matchers(&format!("{place}[{index}]"), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Whether a value stands for others; then it is checked here.
    fn is_matcher(&mut self, place: &str, value: &Value) -> bool {
        let (matches, any) = (value.get("$matches"), value.get("$any"));
        match (matches, any) {
            (None, None) => return false,
            (Some(Value::String(expression)), None) => {
                if let Err(problem) = Regex::new(expression) {
                    self.add(&format!("{place}.$matches"), problem.to_string());
                }
            }
            (Some(_), None) => self.add(place, "$matches is a regular expression, in a string"),
            (None, Some(Value::Bool(true))) => {}
            (None, Some(_)) => self.add(place, "$any is true, or not there"),
            (Some(_), Some(_)) => self.add(place, "$any and $matches exclude each other"),
        }
        if value.as_object().is_some_and(|members| members.len() > 1)
            && !(matches.is_some() && any.is_some())
        {
            self.add(place, "beside a matcher there is nothing else");
        }
        true
    }
}

fn parts_of(op: &str) -> Option<&'static [&'static str]> {
    let known = OPS.iter().find(|(name, _)| *name == op);
    known.map(|(_, parts)| *parts)
}

fn ops() -> String {
    OPS.map(|(name, _)| name).join(", ")
}

/// What each kind of change has besides its op.
const OPS: [(&str, &[&str]); 4] = [
    ("set_claim", &["name", "value"]),
    ("remove_claim", &["name"]),
    ("remove_scope", &["scope"]),
    ("shorten_lifetime", &["seconds"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn told(expect: Value) -> Vec<String> {
        let expected: Expected = serde_json::from_value(expect).unwrap();
        let mistakes = expected.mistakes();
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_an_answer_can_meet_is_no_mistake() {
        for good in [
            json!({ "changes": [] }),
            json!({ "changes": { "$any": true } }),
            json!({ "changes": [{ "$any": true }, { "op": "set_claim", "name": { "$matches": "^a" }, "value": { "b": [null, { "$any": true }] } }] }),
            json!({ "changes": [{ "op": "remove_claim", "name": "a" }, { "op": "remove_scope", "scope": "w" }, { "op": "shorten_lifetime", "seconds": 60 }] }),
            json!({ "denied": { "code": "access_denied" } }),
            json!({ "denied": { "code": { "$any": true }, "description": { "$matches": "no" } } }),
            json!({ "invalid": "x" }),
            json!({ "internal": { "$any": true } }),
        ] {
            assert_eq!(told(good.clone()), Vec::<String>::new(), "{good}");
        }
    }

    #[test]
    fn a_change_that_none_can_make_is_told_with_its_place() {
        let changes = json!({ "changes": [
            { "op": "set_claim", "name": "a", "value": 1 },
            { "op": "drop", "name": "a" },
            { "op": "set_claim", "name": 7, "valeu": 1 },
            { "op": "shorten_lifetime", "seconds": "60" },
            "x",
        ] });
        assert_eq!(
            told(changes),
            [
                "expect.changes[1].op: \"drop\" is none of set_claim, remove_claim, remove_scope, shorten_lifetime",
                "expect.changes[2]: a \"set_claim\" has a value",
                "expect.changes[2]: a \"set_claim\" has no valeu",
                "expect.changes[2].name: 7 is no string",
                "expect.changes[2].valeu: 1 is no string",
                "expect.changes[3].seconds: \"60\" is no number of seconds",
                "expect.changes[4]: a change is an object with an op",
            ]
        );
        assert_eq!(
            told(json!({ "changes": null })),
            ["expect.changes: it is a list of changes; an empty one expects none"]
        );
    }

    #[test]
    fn a_matcher_that_cannot_match_is_told() {
        let claim = |value: Value| json!({ "changes": [{ "op": "set_claim", "name": "a", "value": [value] }] });
        let [broken]: [String; 1] = told(claim(json!({ "$matches": "(" }))).try_into().unwrap();
        assert!(
            broken.starts_with("expect.changes[0].value[0].$matches: regex parse error"),
            "{broken}"
        );
        for (matcher, problem) in [
            (json!({ "$matches": 1 }), "$matches is a regular expression"),
            (json!({ "$any": false }), "$any is true, or not there"),
            (
                json!({ "$any": true, "b": 1 }),
                "beside a matcher there is nothing else",
            ),
            (
                json!({ "$any": true, "$matches": "a" }),
                "exclude each other",
            ),
        ] {
            let [said]: [String; 1] = told(claim(matcher)).try_into().unwrap();
            assert!(said.contains(problem), "{said}");
        }
    }

    #[test]
    fn a_denial_has_a_code_that_is_one() {
        assert_eq!(
            told(json!({ "denied": { "code": "acces_denied", "reason": "x" } })),
            [
                "expect.denied.code: \"acces_denied\" is none of access_denied, invalid_request, invalid_scope, \
                 invalid_target, unauthorized_client, temporarily_unavailable",
                "expect.denied: a denial has no reason",
            ]
        );
        assert_eq!(
            told(json!({ "denied": "no" })),
            ["expect.denied: a denial is an object with a code"]
        );
        assert_eq!(
            told(json!({ "invalid": 1 })),
            ["expect.invalid: 1 is no string"]
        );
    }
}
