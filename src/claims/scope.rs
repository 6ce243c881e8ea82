//! Scope: a set of values, never a string that is searched (RFC 6749 section 3.3).

use std::fmt;
use std::sync::Arc;

/// Scope values, each once, in the order they were named. Clones share the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Arc<[Arc<str>]>);

impl Scope {
    /// Reads the form of the standard: values with single spaces between them.
    ///
    /// # Errors
    /// When a value holds a character it may not hold.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        Self::from_values(text.split(' ').filter(|value| !value.is_empty()))
    }

    /// A set of these values.
    ///
    /// # Errors
    /// When a value is empty or holds a character it may not hold.
    pub fn from_values<'v>(values: impl IntoIterator<Item = &'v str>) -> Result<Self, ScopeError> {
        let mut unique: Vec<Arc<str>> = Vec::new();
        for value in values {
            if value.is_empty() || !value.bytes().all(is_scope_byte) {
                return Err(ScopeError {
                    value: value.to_owned(),
                });
            }
            if !unique.iter().any(|known| **known == *value) {
                unique.push(value.into());
            }
        }
        Ok(Self(unique.into()))
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values, in order.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|value| &**value)
    }

    /// Whether the value is one of these.
    pub fn contains(&self, value: &str) -> bool {
        self.values().any(|known| known == value)
    }

    /// Those of these values that `text` names; or, where it names others, the others.
    ///
    /// # Errors
    /// The values that are not among these.
    pub fn pick<'t>(&self, text: &'t str) -> Result<Self, Vec<&'t str>> {
        let named = || text.split(' ').filter(|value| !value.is_empty());
        let foreign: Vec<&str> = named().filter(|value| !self.contains(value)).collect();
        if !foreign.is_empty() {
            return Err(foreign);
        }
        let wanted = |value: &&Arc<str>| named().any(|name| *name == ***value);
        Ok(Self(self.0.iter().filter(wanted).cloned().collect()))
    }

    /// These values without one.
    #[must_use]
    pub fn without(&self, value: &str) -> Self {
        Self(
            self.0
                .iter()
                .filter(|known| ***known != *value)
                .cloned()
                .collect(),
        )
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.values().enumerate() {
            if index > 0 {
                out.write_str(" ")?;
            }
            out.write_str(value)?;
        }
        Ok(())
    }
}

/// `scope-token` of RFC 6749 section 3.3.
fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

/// A scope value that cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("{value:?} is no scope value: it must be visible ASCII without space, quote and backslash")]
pub struct ScopeError {
    /// What was given.
    pub value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_a_set_in_the_order_named() {
        let scope = Scope::parse("write  read write").unwrap();
        assert_eq!(scope.to_string(), "write read");
    }

    #[test]
    fn a_value_that_only_begins_like_another_is_another() {
        let scope = Scope::parse("read:all").unwrap();
        assert!(!scope.contains("read"));
        assert_eq!(scope.pick("read").unwrap_err(), ["read"]);
    }

    #[test]
    fn picking_keeps_the_order_of_the_grant() {
        let scope = Scope::parse("a b c").unwrap();
        assert_eq!(scope.pick("c a c").unwrap().to_string(), "a c");
    }

    #[test]
    fn quotes_controls_and_other_alphabets_are_refused() {
        for value in ["re\"ad", "re\\ad", "r\u{7f}", "lesen\u{e4}", "a\tb"] {
            assert!(Scope::parse(value).is_err(), "{value:?}");
        }
    }
}
