//! JSON values that rules made: checked once, kept as text.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

/// A JSON value (RFC 8259) that has been checked, as the text it came in. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonText(Arc<str>);

impl JsonText {
    /// Checks text from outside: it must be one JSON value without duplicate keys, numbers out of range or unpaired
    /// surrogates, no deeper than `DEPTH_MAX` and with no more than `MEMBERS_MAX` members in all.
    ///
    /// # Errors
    /// When it is not; the text says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        if text.trim_ascii().is_empty() {
            return Err(ValueError::Empty);
        }
        let mut members_left = MEMBERS_MAX;
        let mut reader = serde_json::Deserializer::from_str(text);
        let check = Check {
            depth_left: DEPTH_MAX,
            members_left: &mut members_left,
        };
        let checked = check.deserialize(&mut reader);
        let checked = checked.and_then(|()| reader.end());
        checked.map_err(|problem| ValueError::of(problem, text))?;
        Ok(Self(text.trim_ascii().into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The string that this value is, if it is one.
    pub fn as_string(&self) -> Option<String> {
        match self
            .0
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(plain) if !plain.contains('\\') => Some(plain.to_owned()),
            _ => serde_json::from_str(&self.0).ok(),
        }
    }
}

/// A string as JSON text.
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    push_quoted(&mut json, text);
    json
}

/// Appends a string as JSON text. Nearly every name and value needs no escape, and then this is a copy.
pub(super) fn push_quoted(json: &mut String, text: &str) {
    if text
        .bytes()
        .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        json.push_str(&serde_json::Value::from(text).to_string());
        return;
    }
    json.push('"');
    json.push_str(text);
    json.push('"');
}

/// Walks a value without building it.
struct Check<'a> {
    depth_left: usize,
    members_left: &'a mut usize,
}

impl Check<'_> {
    fn one_deeper<E: Error>(&mut self) -> Result<usize, E> {
        let deeper = self.depth_left.checked_sub(1);
        deeper.ok_or_else(|| E::custom(format_args!("it is nested deeper than {DEPTH_MAX}")))
    }

    fn one_more<E: Error>(&mut self) -> Result<(), E> {
        match self.members_left.checked_sub(1) {
            Some(left) => *self.members_left = left,
            None => {
                return Err(E::custom(format_args!(
                    "it has more than {MEMBERS_MAX} members"
                )));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let depth_left = self.one_deeper()?;
        loop {
            let element = Check {
                depth_left,
                members_left: &mut *self.members_left,
            };
            if list.next_element_seed(element)?.is_none() {
                return Ok(());
            }
            self.one_more()?;
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let depth_left = self.one_deeper()?;
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            self.one_more()?;
            map.next_value_seed(Check {
                depth_left,
                members_left: &mut *self.members_left,
            })?;
            if let Some(twice) = seen.replace(key) {
                return Err(A::Error::custom(format_args!(
                    "it has the key {twice:?} twice"
                )));
            }
        }
        Ok(())
    }
}

/// Text that is no acceptable JSON value.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// There is nothing.
    #[error("the value is empty, which is no JSON: the empty text is \"\"")]
    Empty,
    /// It begins like nothing in JSON does.
    #[error("the value is no JSON: text stands in quotes, as in \"gold\" ({0})")]
    Unquoted(serde_json::Error),
    /// It is JSON that is broken.
    #[error("the value is no JSON: {0}")]
    Broken(serde_json::Error),
    /// It is JSON that is refused.
    #[error("the value is refused: {0}")]
    Refused(serde_json::Error),
}

impl ValueError {
    fn of(problem: serde_json::Error, text: &str) -> Self {
        let begins_like_json = text
            .trim_ascii_start()
            .starts_with(|first: char| first.is_ascii_digit() || "{[\"-".contains(first));
        match (problem.classify(), begins_like_json) {
            (Category::Data | Category::Io, _) => Self::Refused(problem),
            (Category::Syntax | Category::Eof, true) => Self::Broken(problem),
            (Category::Syntax | Category::Eof, false) => Self::Unquoted(problem),
        }
    }
}

/// How deep lists and objects may nest.
const DEPTH_MAX: usize = 16;
/// How many list elements and object members a value may have, at all depths together.
const MEMBERS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_values_pass_unchanged() {
        for text in [
            "\"gold\"",
            "3",
            "12345678901234567890123",
            "null",
            r#"{"a":[1,{"b":true}]}"#,
        ] {
            assert_eq!(JsonText::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_readers_would_read_differently_is_refused() {
        let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
        let wide = format!("[{}0]", "0,".repeat(MEMBERS_MAX));
        let refused = [
            "",
            "gold",
            "1 2",
            "{\"a\":1,\"a\":2}",
            "1e400",
            "\"\\ud800\"",
            "[1,]",
            "NaN",
            &deep,
            &wide,
            "\"a\nb\"",
        ];
        for text in refused {
            assert!(JsonText::parse(text).is_err(), "{text:.40}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_value_is_said_in_words_for_rule_authors() {
        for (text, words) in [
            ("", "is empty, which is no JSON"),
            ("gold", "text stands in quotes"),
            ("nothing", "text stands in quotes"),
            ("{\"a\":", "the value is no JSON: EOF"),
            ("[1,]", "the value is no JSON: trailing comma"),
            (
                "{\"a\":1,\"a\":2}",
                "the value is refused: it has the key \"a\" twice",
            ),
        ] {
            let problem = JsonText::parse(text).unwrap_err().to_string();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }

    #[test]
    fn quoting_escapes_what_json_cannot_hold() {
        assert_eq!(quoted("plain"), "\"plain\"");
        assert_eq!(quoted("a\"b\\c\nd\u{1}"), "\"a\\\"b\\\\c\\nd\\u0001\"");
    }
}
