//! A token request: decoded, bounded, its secrets wrapped. It knows nothing of HTTP.

mod assertion;
mod question;

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

pub use assertion::ClientAssertion;
pub use question::TokenQuestion;

use crate::telemetry::trace::Trace;

/// A request for a token (RFC 6749 section 4.4.2), from a form or from JSON.
pub struct TokenRequest {
    /// Names the request in logs, errors and the ledger.
    pub transaction_id: Arc<str>,
    /// Who says to be asking.
    pub credentials: Credentials,
    /// For what.
    pub wanted: Wanted,
    /// The trace that it is part of, if it is traced.
    pub trace: Option<Arc<Trace>>,
}

/// How the caller says who it is.
pub enum Credentials {
    /// In the `Authorization` header (`client_secret_basic`).
    Basic {
        /// The client id.
        id: String,
        /// The secret.
        secret: SecretString,
    },
    /// In the body (`client_secret_post`).
    Post {
        /// The client id.
        id: String,
        /// The secret.
        secret: SecretString,
    },
    /// A JWT that the client has signed (`private_key_jwt`).
    Assertion(ClientAssertion),
    /// A client id and nothing to prove it.
    Unproven {
        /// The client id.
        id: String,
    },
    /// Nothing.
    Missing,
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct Wanted {
    /// `grant_type`
    pub grant_type: String,
    /// `audience`, as Auth0's clients say it.
    pub audience: Option<String>,
    /// `resource`, as RFC 8707 says it.
    pub resources: Vec<String>,
    /// `scope`, as it came.
    pub scope: Option<String>,
    /// Everything else, for rules. No credentials.
    pub parameters: Vec<(String, String)>,
}

/// What a trusted application asks for that names the subject itself.
#[derive(Debug, Default)]
pub struct DirectWanted {
    /// The API.
    pub audience: String,
    /// `sub`
    pub subject: String,
    /// `scope`, with spaces between the values.
    pub scope: String,
    /// How long the token is to live, in seconds; as long as the API says where there is nothing.
    pub lifetime: Option<u32>,
    /// More claims: a name, and JSON text.
    pub claims: Vec<(String, String)>,
}

/// A request for such a token. The application has shown that it may ask.
pub struct DirectRequest {
    /// Names the request in logs, errors and the ledger.
    pub transaction_id: Arc<str>,
    /// Who is asking.
    pub client_id: Arc<str>,
    /// For what.
    pub wanted: DirectWanted,
}

impl TokenRequest {
    /// Puts a request together from the parameters of its body and the credentials of its header, if it had some.
    ///
    /// # Errors
    /// When a parameter is missing, stands there twice or contradicts another.
    pub fn from_parameters<'p>(
        transaction_id: Arc<str>,
        header: Option<(String, SecretString)>,
        parameters: impl Iterator<Item = (Cow<'p, str>, Cow<'p, str>)>,
    ) -> Result<Self, RequestError> {
        let mut body = Body::read(parameters)?;
        let wanted = Wanted {
            grant_type: body.grant_type.take().ok_or(RequestError::NoGrantType)?,
            audience: body.audience.take(),
            resources: std::mem::take(&mut body.resources),
            scope: body.scope.take(),
            parameters: std::mem::take(&mut body.others),
        };
        Ok(Self {
            transaction_id,
            credentials: body.credentials(header)?,
            wanted,
            trace: None,
        })
    }
}

#[derive(Default)]
struct Body {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    client_assertion: Option<SecretString>,
    client_assertion_type: Option<String>,
    audience: Option<String>,
    resources: Vec<String>,
    scope: Option<String>,
    others: Vec<(String, String)>,
}

impl Body {
    fn read<'p>(
        parameters: impl Iterator<Item = (Cow<'p, str>, Cow<'p, str>)>,
    ) -> Result<Self, RequestError> {
        let mut body = Self::default();
        for (number, (name, value)) in parameters.enumerate() {
            if number >= PARAMETERS_MAX {
                return Err(RequestError::TooMany);
            }
            // "Parameters sent without a value MUST be treated as if they were omitted" (RFC 6749 section 3.2).
            if !value.is_empty() {
                body.take(&name, value.into_owned())?;
            }
        }
        Ok(body)
    }

    /// Files one parameter. None may stand there twice (RFC 6749 section 3.2) but `resource` (RFC 8707 section 2).
    fn take(&mut self, name: &str, value: String) -> Result<(), RequestError> {
        let place = match name {
            "grant_type" => &mut self.grant_type,
            "client_id" => &mut self.client_id,
            "audience" => &mut self.audience,
            "scope" => &mut self.scope,
            "client_assertion_type" => &mut self.client_assertion_type,
            "client_secret" => return take_secret(&mut self.client_secret, name, value),
            "client_assertion" => return take_secret(&mut self.client_assertion, name, value),
            "resource" => {
                self.resources.push(value);
                return Ok(());
            }
            _ => return self.take_other(name, value),
        };
        match place.replace(value) {
            Some(_) => Err(twice_there(name)),
            None => Ok(()),
        }
    }

    fn take_other(&mut self, name: &str, value: String) -> Result<(), RequestError> {
        if self.others.iter().any(|(known, _)| known == name) {
            return Err(twice_there(name));
        }
        if !CREDENTIAL_PARAMETERS.contains(&name) {
            self.others.push((name.to_owned(), value));
        }
        Ok(())
    }

    /// "The client MUST NOT use more than one authentication method in each request" (RFC 6749 section 2.3).
    fn credentials(
        mut self,
        header: Option<(String, SecretString)>,
    ) -> Result<Credentials, RequestError> {
        let assertion = self.client_assertion.take();
        match (assertion, self.client_assertion_type.take()) {
            (None, None) => {}
            (None, Some(_)) => return Err(RequestError::TypeWithoutAssertion),
            (Some(_), None) => return Err(RequestError::NoAssertionType),
            (Some(_), Some(named)) if named != JWT_BEARER => {
                return Err(RequestError::UnknownAssertionType);
            }
            (Some(_), Some(_)) if header.is_some() || self.client_secret.is_some() => {
                return Err(RequestError::AssertionAndSecret);
            }
            (Some(jwt), Some(_)) => {
                let assertion = ClientAssertion::new(jwt, self.client_id);
                return Ok(Credentials::Assertion(assertion));
            }
        }
        Ok(match (header, self.client_id, self.client_secret) {
            (Some(_), _, Some(_)) => return Err(RequestError::TwoMethods),
            (Some((id, _)), Some(other), None) if id != other => {
                return Err(RequestError::TwoClients);
            }
            (Some((id, secret)), _, None) => Credentials::Basic { id, secret },
            (None, Some(id), Some(secret)) => Credentials::Post { id, secret },
            (None, None, Some(_)) => return Err(RequestError::SecretWithoutClient),
            (None, Some(id), None) => Credentials::Unproven { id },
            (None, None, None) => Credentials::Missing,
        })
    }
}

fn take_secret(
    place: &mut Option<SecretString>,
    name: &str,
    value: String,
) -> Result<(), RequestError> {
    match place.replace(value.into()) {
        Some(_) => Err(twice_there(name)),
        None => Ok(()),
    }
}

fn twice_there(name: &str) -> RequestError {
    RequestError::Twice {
        name: name.to_owned(),
    }
}

impl Credentials {
    /// The client id, if one was given.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Basic { id, .. } | Self::Post { id, .. } | Self::Unproven { id } => Some(id),
            Self::Assertion(assertion) => assertion.client_id(),
            Self::Missing => None,
        }
    }

    /// The secret, if one was given.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Basic { secret, .. } | Self::Post { secret, .. } => Some(secret.expose_secret()),
            Self::Assertion(_) | Self::Unproven { .. } | Self::Missing => None,
        }
    }
}

/// A request that cannot be understood. The texts are for the caller.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// RFC 6749 section 5.2.
    #[error("grant_type is missing")]
    NoGrantType,
    /// RFC 7662 section 2.1, RFC 7009 section 2.1.
    #[error("token is missing")]
    NoToken,
    /// RFC 6749 section 3.2.
    #[error("{name} stands there twice")]
    Twice {
        /// The parameter.
        name: String,
    },
    /// More than any honest request has.
    #[error("there are more than {PARAMETERS_MAX} parameters")]
    TooMany,
    /// RFC 6749 section 2.3.
    #[error("the client secret stands in the header and in the body; send it in one of them")]
    TwoMethods,
    /// Header and body name different clients.
    #[error("the header names another client than client_id")]
    TwoClients,
    /// RFC 7521 section 4.2.
    #[error("client_assertion stands there without client_assertion_type: send {JWT_BEARER}")]
    NoAssertionType,
    /// RFC 7521 section 4.2.
    #[error("client_assertion_type stands there without client_assertion")]
    TypeWithoutAssertion,
    /// RFC 7523 section 2.2 is the one that is known.
    #[error("client_assertion_type is another than {JWT_BEARER}")]
    UnknownAssertionType,
    /// RFC 7521 section 4.2: "The client MUST NOT use more than one".
    #[error("there are a client assertion and a client secret; send one of them")]
    AssertionAndSecret,
    /// A secret, and nobody it belongs to.
    #[error("client_secret stands there without client_id")]
    SecretWithoutClient,
}

/// No honest request has more.
pub const PARAMETERS_MAX: usize = 64;

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What proves something or stands for a login. Rules never see these.
const CREDENTIAL_PARAMETERS: &[&str] = &[
    "actor_token",
    "assertion",
    "code",
    "code_verifier",
    "password",
    "refresh_token",
    "subject_token",
];
