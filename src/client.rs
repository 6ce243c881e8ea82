//! Finds out who is asking.

mod assertion;
mod chosen;
mod shown;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;

use crate::clock::Clock;
use crate::registry::{
    AuthMethod, ChosenHash, Client, Registry, SecretHasher, StoredSecret, looks_generated,
};
use crate::request::{ClientAssertion, Credentials};
use assertion::Assertions;
pub use assertion::{AssertionError, Audiences};
use chosen::{ChosenSecrets, Unchecked};
use throttle::Throttle;

/// A client that has proved who it is. By a secret or a signature: [`Authenticator::authenticate`]; by a token: `of_token`.
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
    hasher: Arc<SecretHasher>,
    chosen: ChosenSecrets,
    assertions: Assertions,
    throttle: Throttle,
    clock: Arc<dyn Clock>,
    /// Stands in for the secret of a client that does not exist.
    nobody: StoredSecret,
}

impl Authenticator {
    /// An authenticator that has seen no failure yet. Assertions must be meant for one of `audiences`.
    pub fn new(hasher: SecretHasher, audiences: Audiences, clock: Arc<dyn Clock>) -> Self {
        let hasher = Arc::new(hasher);
        Self {
            chosen: ChosenSecrets::new(Arc::clone(&hasher), Arc::clone(&clock)),
            hasher,
            assertions: Assertions::new(audiences, Arc::clone(&clock)),
            throttle: Throttle::new(Arc::clone(&clock)),
            clock,
            nobody: StoredSecret::of_nobody(),
        }
    }

    /// Checks who is asking (RFC 6749 section 2.3).
    ///
    /// # Errors
    /// When the credentials are missing or wrong, or cannot be checked now. An unknown client and a wrong secret look the
    /// same and take the same time, and both count as a failed try. So do assertions that are refused, but for the time:
    /// who signs guesses nothing.
    pub async fn authenticate(
        &self,
        registry: &Registry,
        credentials: &Credentials,
    ) -> Result<AuthenticatedClient, ClientError> {
        if let Credentials::Assertion(assertion) = credentials {
            return self.check_assertion(registry, assertion);
        }
        let id = credentials.client_id().ok_or(ClientError::Missing)?;
        let known = registry.client(id);
        let Some(secret) = credentials.secret() else {
            return match known {
                Some(client) if client.auth_method == AuthMethod::None => Err(ClientError::Public),
                _ => Err(self.refused(id)),
            };
        };
        let hashed = self.hasher.hash(secret);
        let is_right = match known {
            Some(client) => self.is_one_of(client, &hashed),
            // The comparison that a known client would have cost.
            None => std::hint::black_box(self.nobody.matches(&hashed, 0)),
        };
        match known {
            Some(client) if is_right => Ok(AuthenticatedClient(Arc::clone(client))),
            // What was made here was not chosen by anybody.
            _ if looks_generated(secret) || !registry.has_chosen_secrets() => Err(self.refused(id)),
            _ => self.check_chosen(known, id, secret).await,
        }
    }

    fn check_assertion(
        &self,
        registry: &Registry,
        assertion: &ClientAssertion,
    ) -> Result<AuthenticatedClient, ClientError> {
        let id = assertion.client_id().unwrap_or_default();
        let known = registry.client(id).ok_or(AssertionError::UnknownClient);
        let checked = known.and_then(|client| {
            self.assertions.check(client, assertion)?;
            Ok(AuthenticatedClient(Arc::clone(client)))
        });
        checked.map_err(|why| {
            if matches!(why, AssertionError::TooMany) {
                return ClientError::Busy;
            }
            match self.throttle.failed(id) {
                Ok(()) => ClientError::Assertion(why),
                Err(retry_after) => ClientError::TooManyFailures { retry_after },
            }
        })
    }

    /// Checks a secret that may have been chosen: slowly, and for strangers as slowly as for clients.
    async fn check_chosen(
        &self,
        known: Option<&Arc<Client>>,
        id: &str,
        secret: &str,
    ) -> Result<AuthenticatedClient, ClientError> {
        let charge = || self.throttle.failed(id);
        let now = self.clock.unix_seconds();
        let secrets = known.into_iter().flat_map(|client| &client.secrets);
        let hashes: Vec<&ChosenHash> = secrets.filter_map(|one| one.chosen(now)).collect();
        let (Some(client), false) = (known, hashes.is_empty()) else {
            self.chosen.pretend(secret, charge).await?;
            return Err(ClientError::Refused);
        };
        for hash in hashes {
            if self.chosen.check(hash, secret, charge).await? {
                return Ok(AuthenticatedClient(Arc::clone(client)));
            }
        }
        Err(ClientError::Refused)
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

impl From<Unchecked> for ClientError {
    fn from(unchecked: Unchecked) -> Self {
        match unchecked {
            Unchecked::Busy => Self::Busy,
            Unchecked::TooMany(retry_after) => Self::TooManyFailures { retry_after },
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
    /// An assertion that proves nothing: why is nobody else's business.
    #[error("client authentication failed: {0}")]
    Assertion(AssertionError),
    /// A public client asks for a token of its own.
    #[error("a public client gets no token for itself")]
    Public,
    /// Too many secrets wait to be checked, or too many assertions are remembered.
    #[error("too many clients prove themselves at the moment: try again")]
    Busy,
    /// Too many failures for this client id.
    #[error("too many failed tries for this client")]
    TooManyFailures {
        /// When to try again.
        retry_after: Duration,
    },
}
