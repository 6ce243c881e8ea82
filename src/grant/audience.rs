//! Which API a token is for.

use url::Url;

use super::GrantError;
use crate::registry::Client;
use crate::request::Wanted;

/// The one audience that was asked for, in either dialect; or, where none was, the only one the client has.
///
/// # Errors
/// When there is none, more than one, or one that is malformed.
pub(super) fn pick<'a>(wanted: &'a Wanted, client: &'a Client) -> Result<&'a str, GrantError> {
    if wanted
        .resources
        .iter()
        .any(|resource| !is_resource(resource))
    {
        return Err(GrantError::ResourceMalformed);
    }
    match (&wanted.audience, wanted.resources.as_slice()) {
        (Some(audience), []) => Ok(audience),
        (None, [resource]) => Ok(resource),
        (Some(audience), [resource]) if audience == resource => Ok(audience),
        (None, []) => match client.grants.as_slice() {
            [only] => Ok(&only.audience),
            _ => Err(GrantError::AudienceMissing),
        },
        _ => Err(GrantError::SeveralAudiences),
    }
}

/// "An absolute URI […] The URI MUST NOT include a fragment component" (RFC 8707 section 2).
fn is_resource(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}
