//! The JSON object that a call comes with.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::error::ManageError;
use crate::store::Attributes;

/// A JSON object that is read member by member.
pub(super) struct Payload(Map<String, Value>);

impl Payload {
    /// One that came in another way than as a body.
    pub(super) fn of(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Reads a body.
    ///
    /// # Errors
    /// When it is too large, too slow, or no JSON object.
    pub(super) async fn read(request: Request) -> Result<Self, ManageError> {
        read_json(request).await.map(Self)
    }

    /// Reads a body that need not be there: none, or null, says as little as an empty object.
    ///
    /// # Errors
    /// As [`Self::read`], when there is one.
    pub(super) async fn read_if_any(request: Request) -> Result<Self, ManageError> {
        if request.body().is_end_stream() {
            return Ok(Self(Map::new()));
        }
        let members: Option<Map<String, Value>> = read_json(request).await?;
        Ok(Self(members.unwrap_or_default()))
    }

    /// Whether there is a member of this name, be it null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Takes a member out; null says as little as none.
    ///
    /// # Errors
    /// When it is of another type.
    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, ManageError> {
        let value = self.0.remove(name).filter(|value| !value.is_null());
        let read = value.map(serde_json::from_value).transpose();
        read.map_err(|problem| ManageError::Body(format!("{name}: {problem}")))
    }

    /// Takes out a member that must be there.
    ///
    /// # Errors
    /// When it is missing, or of another type.
    pub(super) fn require<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ManageError> {
        let missing = || ManageError::Body(format!("Missing required property: {name}"));
        self.take(name)?.ok_or_else(missing)
    }

    /// Reads a member, and leaves it in the form that it is kept in; null stays null.
    ///
    /// # Errors
    /// When it is of another type.
    pub(super) fn keep<T: DeserializeOwned + Serialize>(
        &mut self,
        name: &str,
    ) -> Result<(), ManageError> {
        let Some(value) = self.0.get_mut(name).filter(|value| !value.is_null()) else {
            return Ok(());
        };
        let read = T::deserialize(&*value);
        let kept = read.and_then(serde_json::to_value);
        *value = kept.map_err(|problem| ManageError::Body(format!("{name}: {problem}")))?;
        Ok(())
    }

    /// Puts a member back, to be kept with the rest.
    pub(super) fn put_back(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Checks that everything has been read.
    ///
    /// # Errors
    /// When something is left.
    pub(super) fn nothing_more(self) -> Result<(), ManageError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(ManageError::Body(format!(
                "Additional properties not allowed: {name}"
            ))),
        }
    }

    /// What is left: it is kept for Auth0's tools, if it is something that they send.
    ///
    /// # Errors
    /// When something is unknown, or demands what this server does not do.
    pub(super) fn rest(self, kept: &Kept) -> Result<Attributes, ManageError> {
        for (name, value) in &self.0 {
            match kept.values(name) {
                _ if kept.names.contains(&name.as_str()) => {}
                Some(values) if values.contains(value) => {}
                Some(_) => {
                    let why = format!("{name}: this server cannot do that; leave it out");
                    return Err(ManageError::Body(why));
                }
                None => {
                    let why = format!("Additional properties not allowed: {name}");
                    return Err(ManageError::Body(why));
                }
            }
        }
        Ok(self.0)
    }
}

async fn read_json<T: DeserializeOwned>(request: Request) -> Result<T, ManageError> {
    let (head, body) = request.into_parts();
    let text = |name| {
        let value = head.headers.get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let media_type = text(CONTENT_TYPE).and_then(|value| value.split(';').next());
    let is_json = |name: &str| name.trim().eq_ignore_ascii_case("application/json");
    if !media_type.is_some_and(is_json) {
        return Err(ManageError::MediaType);
    }
    let bytes = bytes(&head.headers, body).await?;
    serde_json::from_slice(&bytes)
        .map_err(|problem| ManageError::Body(format!("the body is no JSON object: {problem}")))
}

/// Reads a body whole.
///
/// # Errors
/// When it is too large or too slow.
pub(super) async fn bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, ManageError> {
    let announced = headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
        return Err(ManageError::TooLarge);
    }
    match timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // Either it is over the limit, or the caller went away and will not read the answer.
        Ok(Err(_)) => Err(ManageError::TooLarge),
        Err(_) => Err(ManageError::TooSlow),
    }
}

/// What of Auth0's properties is kept without being acted on.
pub(super) struct Kept {
    /// Those that may have any value.
    pub(super) names: &'static [&'static str],
    /// Those that would promise something that then does not happen, with the values that do not: a JSON array.
    pub(super) only: &'static [(&'static str, &'static str)],
}

impl Kept {
    /// The values that a property may have, if not all of them.
    pub(super) fn values(&self, name: &str) -> Option<Vec<Value>> {
        let (_, values) = self.only.iter().find(|(only, _)| *only == name)?;
        Some(serde_json::from_str(values).unwrap_or_default())
    }
}

/// The values that ask for nothing.
pub(super) const NOTHING: &str = "[null, false, [], {}]";

/// Those of the attributes that say something: what a new thing keeps.
pub(super) fn without_nulls(mut attributes: Attributes) -> Attributes {
    attributes.retain(|_, value| !value.is_null());
    attributes
}

const BODY_BYTES_MAX: usize = 1_000_000;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
