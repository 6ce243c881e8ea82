//! Reads the parameters of a request from its body: a form, as the standard says, or JSON, as Auth0's clients send.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use tokio::time::timeout;

use super::oauth_error::OauthError;
use crate::request::PARAMETERS_MAX;

/// A body that has been read, in the form it came in.
pub(super) enum Parameters {
    /// A form, still encoded.
    Form(Bytes),
    /// The members of a JSON object, duplicates included.
    Json(Vec<(String, String)>),
}

impl Parameters {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is too large, too slow, or neither a form nor a JSON object.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, OauthError> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let media_type = content_type
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        let media_type = media_type.trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Ok(Self::Form(read(headers, body).await?));
        }
        if media_type.eq_ignore_ascii_case("application/json") {
            return from_json(&read(headers, body).await?).map(Self::Json);
        }
        Err(OauthError::unsupported_media_type())
    }

    /// The parameters in the order they came. Whether one may stand there twice is for the reader to say.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let (form, members) = match self {
            Self::Form(bytes) => (&bytes[..], [].as_slice()),
            Self::Json(members) => (&[][..], members.as_slice()),
        };
        let members = members
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        form_urlencoded::parse(form).chain(members)
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, OauthError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64) {
        return Err(OauthError::body_too_large());
    }
    match timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // Either it is over the limit, or the caller went away and will not read the answer.
        Ok(Err(_)) => Err(OauthError::body_too_large()),
        Err(_) => Err(OauthError::body_too_slow()),
    }
}

fn from_json(bytes: &[u8]) -> Result<Vec<(String, String)>, OauthError> {
    match serde_json::from_slice::<Object>(bytes) {
        Ok(Object(parameters)) => Ok(parameters),
        Err(problem) => Err(OauthError::invalid_request(format!(
            "the JSON body: {problem}"
        ))),
    }
}

/// The members of a JSON object, duplicates included, so that they can be refused.
struct Object(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.len() > PARAMETERS_MAX {
                return Err(A::Error::custom("there are too many members"));
            }
            let text = match value {
                Value::String(text) => text,
                Value::Null => continue,
                other
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    if TEXT_ONLY.contains(&name.as_str()) {
                        return Err(A::Error::custom(format_args!(
                            "{name} must be a string, not {other}"
                        )));
                    }
                    other.to_string()
                }
            };
            members.push((name, text));
        }
        Ok(Object(members))
    }
}

/// Undoes form-encoding (`application/x-www-form-urlencoded`); `None` where an escape is malformed.
pub(super) fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                bytes.extend(hex::decode(digits).ok()?);
                rest = after;
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

const BODY_BYTES_MAX: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const TEXT_ONLY: &[&str] = &[
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "grant_type",
    "resource",
    "scope",
    "token",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_encoding_is_undone_and_broken_escapes_are_noticed() {
        let encoded = "some+secure+%26+non-standard+%2B%25%C2%A3%E2%82%AC";
        let decoded = "some secure & non-standard +%\u{a3}\u{20ac}";
        assert_eq!(form_decoded(encoded).as_deref(), Some(decoded));
        for broken in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(form_decoded(broken), None, "{broken}");
        }
    }
}
