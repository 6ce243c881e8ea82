//! A question about a token, or the wish to have it revoked: the token, and who asks.

use std::borrow::Cow;

use secrecy::SecretString;

use super::{Body, Credentials, RequestError};

/// What introspection (RFC 7662 section 2.1) and revocation (RFC 7009 section 2.1) take. A `token_type_hint` is not
/// needed: there is one kind of token.
pub struct TokenQuestion {
    /// Who says to be asking.
    pub credentials: Credentials,
    /// The token.
    pub token: String,
}

impl TokenQuestion {
    /// Puts it together from the parameters of a body and the credentials of a header, if it had some.
    ///
    /// # Errors
    /// When the token is missing, or a parameter stands there twice or contradicts another.
    pub fn from_parameters<'p>(
        header: Option<(String, SecretString)>,
        parameters: impl Iterator<Item = (Cow<'p, str>, Cow<'p, str>)>,
    ) -> Result<Self, RequestError> {
        let body = Body::read(parameters)?;
        let token = body.others.iter().find(|(name, _)| name == "token");
        let token = token.map(|(_, token)| token.clone());
        Ok(Self {
            token: token.ok_or(RequestError::NoToken)?,
            credentials: body.credentials(header)?,
        })
    }
}
