//! Tells a client how it stands, in the header that Auth0's SDKs read.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::quota::Standing;

/// Adds the header where the client has a quota.
pub(super) fn tell_quota(headers: &mut HeaderMap, standing: Option<Standing>) {
    let Some(standing) = standing else { return };
    if let Ok(text) = HeaderValue::try_from(standing.to_string()) {
        headers.insert(QUOTA_LIMIT, text);
    }
}

const QUOTA_LIMIT: HeaderName = HeaderName::from_static("auth0-client-quota-limit");
