//! What a call's path names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::error::ManageError;

/// The id in a path, decoded.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ManageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ManageError> {
        let decoded = Path::<String>::from_request_parts(parts, state).await;
        // What is no text can name nothing that is here.
        let nothing = |_| ManageError::NoSuchPath(parts.uri.path().to_owned());
        decoded.map(|Path(id)| Self(id)).map_err(nothing)
    }
}
