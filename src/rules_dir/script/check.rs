//! What a script may be called, where it may stand, and how large it may be.

use super::ScriptRule;
use crate::rules_dir::{ORDER_MAX, RulesDirError};

/// The number behind all others.
pub(super) fn last(all: &[ScriptRule]) -> Result<u16, RulesDirError> {
    let next = all.iter().filter_map(|rule| rule.order).max();
    let next = next.map_or(1, |order| order + 1);
    check_order(Some(next)).map(|()| next)
}

/// Whether nobody else has the name and the number.
pub(super) fn check_free(
    all: &[ScriptRule],
    (name, order): (Option<&str>, Option<u16>),
) -> Result<(), RulesDirError> {
    check_order(order)?;
    for other in all {
        if name == Some(other.name.as_str()) {
            let why = format!("A rule with the same name already exists: {}", other.name);
            return Err(RulesDirError::Conflict(why));
        }
        if let (Some(order), true) = (order, order == other.order) {
            let why = format!("A rule with the same order already exists: {order}");
            return Err(RulesDirError::Conflict(why));
        }
    }
    Ok(())
}

/// Whether a name can say the number.
pub(super) fn check_order(order: Option<u16>) -> Result<(), RulesDirError> {
    match order {
        Some(order) if order > ORDER_MAX => Err(RulesDirError::Invalid(format!(
            "order is 0 to {ORDER_MAX}, not {order}"
        ))),
        _ => Ok(()),
    }
}

/// Whether tools and the names of files can have it.
pub(super) fn check_name(name: &str) -> Result<(), RulesDirError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let edge = |c: char| matches!(c, ' ' | '-' | '.');
    let fits = (1..=NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(plain);
    match fits && !name.starts_with(edge) && !name.ends_with(edge) {
        true => Ok(()),
        false => Err(RulesDirError::Invalid(format!(
            "name is 1 to {NAME_CHARS_MAX} letters, digits, spaces, hyphens, underscores and dots, and begins and ends \
             with a letter, a digit or an underscore; not {name:?}"
        ))),
    }
}

/// Whether it is a script, as far as that can be seen here.
pub(super) fn check_script(script: &str) -> Result<(), RulesDirError> {
    match script.trim().is_empty() || script.len() > SCRIPT_BYTES_MAX {
        false => Ok(()),
        true => Err(RulesDirError::Invalid(format!(
            "script is JavaScript of at most {SCRIPT_BYTES_MAX} bytes"
        ))),
    }
}

const NAME_CHARS_MAX: usize = 255;
/// Ten times what Auth0 takes, and what a body of the management API can hold.
pub(super) const SCRIPT_BYTES_MAX: usize = 1_000_000;
