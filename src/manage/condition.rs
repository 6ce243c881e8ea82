//! Changes that are made only if nobody else came first: `ETag` and `If-Match` (RFC 9110 sections 8.8.3 and 13.1.1). Auth0 has
//! neither.

use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use super::error::ManageError;
use super::list::Object;
use crate::rule::Digest;

/// Tells in an answer which version of a thing it is about. `whole` is the thing with all that a change can change.
pub(super) fn tagged(mut response: Response, whole: &Object) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&tag(whole)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Which versions whoever asks for a change has seen.
pub(super) struct IfMatch(Vec<String>);

impl IfMatch {
    /// Reads it.
    ///
    /// # Errors
    /// When it is no text.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ManageError> {
        let mut tags = Vec::new();
        for value in headers.get_all(IF_MATCH) {
            let text = value.to_str().map_err(|_| {
                ManageError::Header(
                    "If-Match is an ETag of an earlier answer, in its quotation marks",
                )
            })?;
            tags.extend(text.split(',').map(|tag| tag.trim().to_owned()));
        }
        Ok(Self(tags))
    }

    /// Whether anything is asked. Whoever says nothing takes the thing as it is.
    pub(super) fn asks(&self) -> bool {
        !self.0.is_empty()
    }

    /// Checks that the thing is still one of those.
    ///
    /// # Errors
    /// When it is another.
    pub(super) fn check(&self, whole: &Object) -> Result<(), ManageError> {
        let is_it = |known: &String| known == "*" || *known == tag(whole);
        match self.0.iter().any(is_it) {
            true => Ok(()),
            false => Err(ManageError::Changed),
        }
    }
}

fn tag(whole: &Object) -> String {
    let text = serde_json::to_string(whole).unwrap_or_default();
    format!("\"{:.32}\"", Digest::of(text.as_bytes()).to_string())
}
