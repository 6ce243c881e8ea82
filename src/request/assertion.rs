//! A client assertion as it came (RFC 7523 section 2.2). Nothing in it is believed here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// A JWT by which somebody says to be a client.
pub struct ClientAssertion {
    jwt: SecretString,
    /// `client_id`, where the request names one beside it.
    named: Option<String>,
    /// Whom the JWT is about, as it says itself.
    unverified_subject: Option<String>,
}

impl ClientAssertion {
    pub(super) fn new(jwt: SecretString, named: Option<String>) -> Self {
        Self {
            unverified_subject: unverified_subject(jwt.expose_secret()),
            jwt,
            named,
        }
    }

    /// Who says to be asking: whom the JWT is about, or who is named beside it where it is no JWT.
    pub fn client_id(&self) -> Option<&str> {
        self.unverified_subject.as_deref().or(self.named())
    }

    /// The `client_id` beside it, which is "unnecessary for client assertion authentication", and must be the same (RFC
    /// 7521 section 4.2).
    pub fn named(&self) -> Option<&str> {
        self.named.as_deref()
    }

    /// The JWT.
    pub fn jwt(&self) -> &str {
        self.jwt.expose_secret()
    }
}

fn unverified_subject(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    let payload = jwt.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    Some(claims.sub)
}
