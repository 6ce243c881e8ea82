//! What people call things.

use super::RegistrarError;

/// A name that can be shown.
///
/// # Errors
/// When it is empty, too long, or has control characters.
pub(super) fn checked_name(name: String) -> Result<String, RegistrarError> {
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    let rule = format!("a name is 1 to {NAME_CHARS_MAX} characters, none a control character");
    Err(RegistrarError::Invalid(format!("{rule}, not {name:?}")))
}

const NAME_CHARS_MAX: usize = 255;
