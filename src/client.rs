//! Finds out who is asking.

mod throttle;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;

use crate::clock::Clock;
use crate::registry::{AuthMethod, Client, Registry, SecretHasher, StoredSecret};
use crate::request::Credentials;
use throttle::Throttle;

/// A client that has proved who it is. By a secret: [`Authenticator::authenticate`]; by a token: `of_token`.
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// One that has shown a token instead, which whoever calls has verified. Its client may have gone meanwhile.
    pub(crate) fn of_token(registry: &Registry, id: &str) -> Result<Self, ClientError> {
        let known = registry.client(id).ok_or(ClientError::Refused)?;
        Ok(Self(Arc::clone(known)))
    }

    /// Who it is.
    pub fn client(&self) -> &Arc<Client> {
        &self.0
    }
}

/// Checks credentials, and slows down whoever guesses.
pub struct Authenticator {
    hasher: SecretHasher,
    throttle: Throttle,
    clock: Arc<dyn Clock>,
    /// Stands in for the secret of a client that does not exist.
    nobody: StoredSecret,
}

impl Authenticator {
    /// An authenticator that has seen no failure yet.
    pub fn new(hasher: SecretHasher, clock: Arc<dyn Clock>) -> Self {
        Self {
            hasher,
            throttle: Throttle::new(Arc::clone(&clock)),
            clock,
            nobody: StoredSecret::of_nobody(),
        }
    }

    /// Checks who is asking (RFC 6749 section 2.3).
    ///
    /// # Errors
    /// When the credentials are missing or wrong. An unknown client and a wrong secret look the same and take the same
    /// time, and both count as a failed try.
    pub fn authenticate(
        &self,
        registry: &Registry,
        credentials: &Credentials,
    ) -> Result<AuthenticatedClient, ClientError> {
        let id = credentials.client_id().ok_or(ClientError::Missing)?;
        let known = registry.client(id);
        let Some(secret) = credentials.secret() else {
            return match known {
                Some(client) if client.auth_method == AuthMethod::None => Err(ClientError::Public),
                _ => Err(self.refused(id)),
            };
        };
        let hashed = self.hasher.hash(secret);
        match known {
            Some(client) if self.is_one_of(client, &hashed) => {
                Ok(AuthenticatedClient(Arc::clone(client)))
            }
            Some(_) => Err(self.refused(id)),
            None => {
                // The comparison that a known client would have cost.
                std::hint::black_box(self.nobody.matches(&hashed, 0));
                Err(self.refused(id))
            }
        }
    }

    fn is_one_of(&self, client: &Client, hashed: &hmac::Tag) -> bool {
        let now = self.clock.unix_seconds();
        let matches = |live: bool, secret: &StoredSecret| live | secret.matches(hashed, now);
        client.secrets.iter().fold(false, matches)
    }

    fn refused(&self, id: &str) -> ClientError {
        match self.throttle.failed(id) {
            Ok(()) => ClientError::Refused,
            Err(retry_after) => ClientError::TooManyFailures { retry_after },
        }
    }
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No client id at all.
    #[error("client authentication is missing")]
    Missing,
    /// An unknown client, or a wrong secret: which of them is nobody's business.
    #[error("client authentication failed")]
    Refused,
    /// A public client asks for a token of its own.
    #[error("a public client gets no token for itself")]
    Public,
    /// Too many failures for this client id.
    #[error("too many failed tries for this client")]
    TooManyFailures {
        /// When to try again.
        retry_after: Duration,
    },
}
