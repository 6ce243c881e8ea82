//! Applies what a rule asked for: all of its changes, or none and an error.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::answer::{Change, Json};
use super::error::{Fault, LimitHit};
use super::manifest::Manifest;
use super::protect;
use crate::claims::{Claims, JsonText};

/// A change that was made, for the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Applied {
    /// A claim was set.
    SetClaim {
        /// Its name.
        name: Cow<'static, str>,
        /// Its value; the ledger keeps the beginning of it.
        #[serde(serialize_with = "beginning")]
        value: JsonText,
    },
    /// A claim was removed.
    RemoveClaim {
        /// Its name.
        name: String,
    },
    /// A scope value was taken away.
    RemoveScope {
        /// Which.
        scope: String,
    },
    /// The token lives shorter.
    ShortenLifetime {
        /// Its lifetime now, in seconds.
        seconds: u32,
    },
}

/// As much of a value as the ledger keeps, as text.
fn beginning<S: Serializer>(value: &JsonText, serializer: S) -> Result<S::Ok, S::Error> {
    let text = value.as_str();
    let end = text
        .char_indices()
        .nth(LEDGER_VALUE_CHARS_MAX)
        .map_or(text.len(), |(end, _)| end);
    serializer.serialize_str(&text[..end])
}

/// Applies the changes in order.
///
/// # Errors
/// When one of them is refused, or all together are over the limit; the claims are then as they were.
pub(super) fn apply(
    changes: Vec<Change>,
    claims: &mut Claims,
    manifest: &Manifest,
) -> Result<Vec<Applied>, Fault> {
    check_size(&changes, manifest.limits.output_bytes)?;
    let mut edits = Vec::with_capacity(changes.len());
    for (index, change) in changes.into_iter().enumerate() {
        let edit = Edit::checked(change, manifest);
        edits.push(edit.map_err(|reason| Fault::Change {
            number: index + 1,
            reason,
        })?);
    }
    Ok(edits.into_iter().map(|edit| edit.make(claims)).collect())
}

fn check_size(changes: &[Change], limit: u32) -> Result<(), LimitHit> {
    let bytes = changes
        .iter()
        .map(|change| match change {
            Change::SetClaim { name, value } => name.len() + value.0.len(),
            Change::RemoveClaim { name: text } | Change::RemoveScope { scope: text } => text.len(),
            Change::ShortenLifetime { .. } => size_of::<u32>(),
        })
        .sum();
    match u32::try_from(bytes) {
        Ok(fits) if fits <= limit => Ok(()),
        _ => Err(LimitHit::Output { bytes, limit }),
    }
}

/// A change that may be made.
enum Edit {
    Set(String, JsonText),
    SetJti(Box<str>, JsonText),
    SetSubject(String, JsonText),
    Remove(String),
    RemoveScope(String),
    ShortenLifetime(u32),
}

impl Edit {
    fn checked(change: Change, manifest: &Manifest) -> Result<Self, String> {
        match change {
            Change::SetClaim { name, value } => Self::checked_set(name, &value, manifest),
            Change::RemoveClaim { name } => {
                protect::check(&name, &manifest.claims)?;
                match name.as_str() {
                    "sub" => Err("claim \"sub\" cannot be removed, only set".to_owned()),
                    _ => Ok(Self::Remove(name)),
                }
            }
            Change::RemoveScope { scope } => Ok(Self::RemoveScope(scope)),
            Change::ShortenLifetime { seconds: 0 } => {
                Err("a lifetime is at least 1 second".to_owned())
            }
            Change::ShortenLifetime { seconds } => Ok(Self::ShortenLifetime(seconds)),
        }
    }

    fn checked_set(name: String, value: &Json, manifest: &Manifest) -> Result<Self, String> {
        protect::check(&name, &manifest.claims)?;
        let value =
            JsonText::parse(&value.0).map_err(|problem| format!("claim {name:?}: {problem}"))?;
        Ok(match name.as_str() {
            "jti" => Self::SetJti(checked_jti(&value)?, value),
            "sub" => Self::SetSubject(checked_subject(&value)?, value),
            _ => Self::Set(name, value),
        })
    }

    /// Makes the change and says what was done.
    fn make(self, claims: &mut Claims) -> Applied {
        match self {
            Self::Set(name, value) => {
                claims.set_custom(&name, value.clone());
                Applied::SetClaim {
                    name: name.into(),
                    value,
                }
            }
            Self::SetJti(jti, value) => {
                claims.jti = Some(jti);
                let name = "jti".into();
                Applied::SetClaim { name, value }
            }
            Self::SetSubject(subject, value) => {
                claims.subject = subject.into();
                let name = "sub".into();
                Applied::SetClaim { name, value }
            }
            Self::Remove(name) => {
                match name.as_str() {
                    "jti" => claims.jti = None,
                    _ => claims.remove_custom(&name),
                }
                Applied::RemoveClaim { name }
            }
            Self::RemoveScope(scope) => {
                claims.scope = claims.scope.without(&scope);
                Applied::RemoveScope { scope }
            }
            Self::ShortenLifetime(seconds) => {
                claims.lifetime = claims.lifetime.min(seconds);
                Applied::ShortenLifetime {
                    seconds: claims.lifetime,
                }
            }
        }
    }
}

/// RFC 7519 section 4.1.7 wants a string; what else holds is ours, so that it fits a header, a log line and a key.
fn checked_jti(value: &JsonText) -> Result<Box<str>, String> {
    let text = value.as_string().ok_or("claim \"jti\" must be a string")?;
    let fits = (1..=ID_BYTES_MAX).contains(&text.len());
    if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.into());
    }
    Err(format!(
        "claim \"jti\" must be 1 to {ID_BYTES_MAX} visible ASCII characters"
    ))
}

fn checked_subject(value: &JsonText) -> Result<String, String> {
    match value.as_string() {
        Some(text) if (1..=ID_BYTES_MAX).contains(&text.len()) => Ok(text),
        _ => Err(format!(
            "claim \"sub\" must be a string of 1 to {ID_BYTES_MAX} bytes"
        )),
    }
}

const ID_BYTES_MAX: usize = 255;
const LEDGER_VALUE_CHARS_MAX: usize = 256;
