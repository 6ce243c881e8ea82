//! What a rule answers: the same for every way to write one. Components answer in the types of `wit/rule.wit`, which are
//! turned into these; commands and golden cases write them as JSON, and the published schema is made from them.

use std::fmt;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The result of a rule: exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// What is to be changed, in this order. An empty list changes nothing.
    Changes(#[serde(deserialize_with = "even_nil")] Vec<Change>),
    /// The rule refuses the token, on purpose.
    Denied(Denial),
    /// The request lacks or misstates something the rule needs; the caller sees `invalid_request` and this text.
    Invalid(String),
    /// The rule has a fault. The text goes to the log; the caller sees `server_error` and a transaction id.
    Internal(String),
}

/// One thing a rule wants changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Sets a claim, whether or not it is there already. Claims that belong to the host are refused.
    SetClaim {
        /// 1 to 255 visible ASCII characters.
        name: String,
        /// Any JSON value.
        value: Json,
    },
    /// Removes a claim that this or an earlier rule set. Removing an absent claim changes nothing.
    RemoveClaim {
        /// Which.
        name: String,
    },
    /// Takes one scope value away. Scopes can only ever be taken away.
    RemoveScope {
        /// Which.
        scope: String,
    },
    /// The token lives at most this many seconds. A larger figure than it has changes nothing.
    ShortenLifetime {
        /// 1 or more.
        #[schemars(range(min = 1))]
        seconds: u32,
    },
}

/// A change as it stands in JSON. An enum with a tag would be read through a buffer that keeps no text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    op: Op,
    name: Option<String>,
    #[serde(default, deserialize_with = "even_null")]
    value: Option<Json>,
    scope: Option<String>,
    seconds: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    SetClaim,
    RemoveClaim,
    RemoveScope,
    ShortenLifetime,
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        Ok(match written {
            Written {
                op: Op::SetClaim,
                name: Some(name),
                value: Some(value),
                scope: None,
                seconds: None,
            } => Self::SetClaim { name, value },
            Written {
                op: Op::RemoveClaim,
                name: Some(name),
                value: None,
                scope: None,
                seconds: None,
            } => Self::RemoveClaim { name },
            Written {
                op: Op::RemoveScope,
                name: None,
                value: None,
                scope: Some(scope),
                seconds: None,
            } => Self::RemoveScope { scope },
            Written {
                op: Op::ShortenLifetime,
                name: None,
                value: None,
                scope: None,
                seconds: Some(seconds),
            } => Self::ShortenLifetime { seconds },
            Written { op, .. } => return Err(D::Error::custom(op.needs())),
        })
    }
}

impl Op {
    const fn needs(self) -> &'static str {
        match self {
            Self::SetClaim => "set_claim has a name and a value, and nothing else",
            Self::RemoveClaim => "remove_claim has a name, and nothing else",
            Self::RemoveScope => "remove_scope has a scope, and nothing else",
            Self::ShortenLifetime => "shorten_lifetime has seconds, and nothing else",
        }
    }
}

/// Some languages write a list with nothing in it as `null`.
fn even_nil<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Change>, D::Error> {
    let changes = Option::<Vec<Change>>::deserialize(deserializer)?;
    Ok(changes.unwrap_or_default())
}

/// A claim may be `null`, which is not the same as not being there.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// A refusal that the caller is meant to see.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// One of `access_denied`, `invalid_request`, `invalid_scope`, `invalid_target`, `unauthorized_client`,
    /// `temporarily_unavailable`.
    pub code: String,
    /// Shown to the caller as `error_description`.
    #[serde(default)]
    pub description: String,
}

/// JSON text that nobody has checked yet. It stays text, so that every digit of a number survives.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(pub String);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get().to_owned()))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match RawValue::from_string(self.0.clone()) {
            Ok(raw) => raw.serialize(serializer),
            // A component may have answered with text that is no JSON: a report about it shows the text.
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl JsonSchema for Json {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_answer_is_written_and_read_back() {
        let texts = [
            r#"{"changes":[{"op":"set_claim","name":"n","value":123456789012345678901234567890.10}]}"#,
            r#"{"changes":[{"op":"set_claim","name":"n","value":null},{"op":"remove_claim","name":"x"}]}"#,
            r#"{"changes":[{"op":"remove_scope","scope":"w"},{"op":"shorten_lifetime","seconds":60}]}"#,
            r#"{"denied":{"code":"access_denied","description":"no"}}"#,
            r#"{"invalid":"this"}"#,
            r#"{"internal":"that"}"#,
        ];
        for text in texts {
            let answer: Answer = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&answer).unwrap(), text);
        }
    }

    #[test]
    fn no_changes_may_be_written_as_null() {
        let answer: Answer = serde_json::from_str(r#"{"changes":null}"#).unwrap();
        assert_eq!(answer, Answer::Changes(Vec::new()));
    }

    #[test]
    fn what_is_no_answer_says_what_is_missing() {
        let told = [
            (
                r#"{"changes":[{"op":"set_claim","name":"n"}]}"#,
                "set_claim has a name and a value",
            ),
            (
                r#"{"changes":[{"op":"remove_scope","name":"n"}]}"#,
                "remove_scope has a scope",
            ),
            (r#"{"changes":[{"op":"drop"}]}"#, "unknown variant `drop`"),
            (r#"{"changes":[],"denied":{"code":"x"}}"#, "expected"),
            (r#"{"claims":{}}"#, "unknown variant `claims`"),
            ("{}", "expected"),
        ];
        for (text, reason) in told {
            let problem = serde_json::from_str::<Answer>(text)
                .unwrap_err()
                .to_string();
            assert!(problem.contains(reason), "{text}: {problem}");
        }
    }
}
