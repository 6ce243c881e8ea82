//! What Auth0's tools say about a thing beyond what this server acts on: kept within bounds, and given back.

use super::RegistrarError;
use crate::store::Attributes;

/// Takes a change in; null takes a name away.
pub(super) fn merge(kept: &mut Attributes, change: Attributes) -> Result<(), RegistrarError> {
    for (name, value) in change {
        match value.is_null() {
            true => kept.remove(&name),
            false => kept.insert(name, value),
        };
    }
    check(kept)
}

pub(super) fn check(attributes: &Attributes) -> Result<(), RegistrarError> {
    let bytes = serde_json::to_string(attributes).map_or(usize::MAX, |text| text.len());
    if bytes <= BYTES_MAX {
        return Ok(());
    }
    Err(RegistrarError::Invalid(format!(
        "what is kept without being acted on may take {BYTES_MAX} bytes as JSON, not {bytes}"
    )))
}

const BYTES_MAX: usize = 65_536;
