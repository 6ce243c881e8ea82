//! How a caller says who it is, in the header of a request.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::body::form_decoded;
use super::oauth_error::OauthError;

/// `client_secret_basic`: id and secret are form-encoded before they are Base64-encoded (RFC 6749 section 2.3.1).
pub(super) fn basic_credentials(
    headers: &HeaderMap,
) -> Result<Option<(String, SecretString)>, OauthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(OauthError::invalid_request(
            "there is more than one Authorization header",
        ));
    }
    let malformed = || OauthError::invalid_request("the Authorization header is malformed");
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(OauthError::unknown_scheme());
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let id = form_decoded(id).ok_or_else(malformed)?;
    let secret = form_decoded(secret).ok_or_else(malformed)?;
    Ok(Some((id, secret.into())))
}

/// Addresses end up in logs and histories; nothing of such a request may stand there.
pub(super) fn refuse_query(uri: &Uri) -> Result<(), OauthError> {
    let query = uri.query().unwrap_or_default();
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    match names.any(|name| BODY_ONLY.contains(&&*name)) {
        true => Err(OauthError::invalid_request(
            "send the parameters in the body, not in the address",
        )),
        false => Ok(()),
    }
}

const BODY_ONLY: &[&str] = &[
    "audience",
    "client_assertion",
    "client_id",
    "client_secret",
    "grant_type",
    "resource",
    "scope",
    "token",
];
