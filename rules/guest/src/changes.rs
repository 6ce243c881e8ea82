//! The list of changes a rule answers with.

use crate::Change;
use crate::bindings::rulemint::rule::types::Claim;

/// What a rule wants changed, in the order it said so.
#[derive(Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a claim to a string.
    pub fn set(&mut self, name: &str, text: &str) -> &mut Self {
        self.set_json(name, json_string(text))
    }

    /// Sets a claim to a JSON value, given as text.
    pub fn set_json(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.push(Change::SetClaim(Claim {
            name: name.to_owned(),
            value: value.into(),
        }));
        self
    }

    /// Removes a claim that this or an earlier rule set.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.0.push(Change::RemoveClaim(name.to_owned()));
        self
    }

    /// Takes one scope value away.
    pub fn remove_scope(&mut self, scope: &str) -> &mut Self {
        self.0.push(Change::RemoveScope(scope.to_owned()));
        self
    }

    /// Lets the token live at most this many seconds.
    pub fn shorten_lifetime(&mut self, seconds: u32) -> &mut Self {
        self.0.push(Change::ShortenLifetime(seconds));
        self
    }
}

impl From<Changes> for Vec<Change> {
    fn from(changes: Changes) -> Self {
        changes.0
    }
}

/// Writes a string as JSON text, quotes included (RFC 8259 section 7).
pub fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => push_escape(&mut json, character as u32),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

fn push_escape(json: &mut String, code: u32) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    json.push_str("\\u00");
    for digit in [code >> 4, code & 15] {
        json.push(char::from(HEX[digit as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::json_string;

    #[test]
    fn quotes_and_control_characters_are_escaped() {
        assert_eq!(json_string("a\"b\\c\n"), r#""a\"b\\c\u000a""#);
    }
}
