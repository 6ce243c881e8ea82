//! Changes who may ask and for what. The command line and the management API both call it; neither has logic of its own.
//!
//! A registrar works for somebody: what it changes is in the audit log under that name.

use std::sync::Arc;

use super::secret::SecretHasher;
use crate::audit::{Actor, By};
use crate::clock::Clock;
use crate::config::LedgerMode;
use crate::keys::KeyRingError;
use crate::master_key::MasterKey;
use crate::random::Random;
use crate::store::{Filter, Store, StoreError, Window};

/// Changes clients, APIs and client grants for somebody. Every change is durable when its future resolves.
pub struct Registrar {
    pub(super) store: Store,
    pub(super) master: Arc<MasterKey>,
    pub(super) hasher: Arc<SecretHasher>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    actor: Actor,
    pub(super) has_ledger: bool,
}

/// The registrars of an installation: one for each who wants something changed.
pub struct Registrars {
    store: Store,
    master: Arc<MasterKey>,
    hasher: Arc<SecretHasher>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    has_ledger: bool,
}

impl Registrars {
    /// Those of this installation.
    pub fn new(
        store: Store,
        master: Arc<MasterKey>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            hasher: Arc::new(SecretHasher::new(&master)),
            store,
            master,
            clock,
            random,
            has_ledger: true,
        }
    }

    /// The same where issued tokens may not be recorded: what needs that is refused.
    #[must_use]
    pub fn with_ledger(self, mode: LedgerMode) -> Self {
        Self {
            has_ledger: mode != LedgerMode::Off,
            ..self
        }
    }

    /// The one that works for somebody.
    pub fn of(&self, actor: Actor) -> Registrar {
        Registrar {
            store: self.store.clone(),
            master: Arc::clone(&self.master),
            hasher: Arc::clone(&self.hasher),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            has_ledger: self.has_ledger,
            actor,
        }
    }

    /// The part of a list that the window shows.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn list<F: Filter>(
        &self,
        filter: &F,
        window: &Window,
    ) -> Result<Vec<F::Row>, RegistrarError> {
        Ok(self.store.list(filter, window).await?)
    }

    /// How long the whole list is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn count<F: Filter>(&self, filter: &F) -> Result<u64, RegistrarError> {
        Ok(self.store.count(filter).await?)
    }
}

impl Registrar {
    /// Signs a change that is made now.
    pub(super) fn by(&self) -> By<'_> {
        self.actor.by(self.now())
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.unix_seconds().cast_signed()
    }
}

/// Why a change was not made. The texts are for whoever asked for it.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    /// There is no such thing.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// `client`, `API`, `grant`, `credential`, …
        what: &'static str,
        /// What it was asked for by.
        id: String,
    },
    /// There is one already.
    #[error("the {what} {id:?} is there already")]
    Conflict {
        /// `client`, `API`, `grant` or `credential`.
        what: &'static str,
        /// What it would be known by.
        id: String,
    },
    /// A client proves itself by this credential.
    #[error(
        "the client proves itself by the credential {id:?}: take it out of client_authentication_methods first"
    )]
    InUse {
        /// The credential, by its id.
        id: String,
    },
    /// A client has all the credentials that it may have.
    #[error("a client has at most {max} credentials: delete one first")]
    TooManyCredentials {
        /// How many that are.
        max: usize,
    },
    /// A value cannot be what it is.
    #[error("{0}")]
    Invalid(String),
    /// It is this server's own, and stays as it is.
    #[error("{0}")]
    Protected(&'static str),
    /// A grant of scopes that the API does not have.
    #[error("API {api:?} has no scope {foreign}; it has {known:?}")]
    ForeignScope {
        /// The API, by its identifier.
        api: String,
        /// What it does not have.
        foreign: String,
        /// What it has.
        known: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// A signing key could not be made.
    #[error(transparent)]
    Key(#[from] KeyRingError),
}

impl From<StoreError> for RegistrarError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl RegistrarError {
    pub(super) fn not_found(what: &'static str, id: &str) -> Self {
        let id = id.to_owned();
        Self::NotFound { what, id }
    }

    /// A write failed; where that is because there is such a thing already, the error says which.
    pub(super) fn on_write(error: StoreError, what: &'static str, id: &str) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict {
                what,
                id: id.to_owned(),
            },
            StoreError::Dangling
            | StoreError::Full(_)
            | StoreError::Broken(_)
            | StoreError::ReadOnly
            | StoreError::Newer { .. }
            | StoreError::Migrate(_)
            | StoreError::Database(_) => Self::Store(error),
        }
    }
}
