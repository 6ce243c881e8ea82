//! Why nothing was revoked.

use crate::store::StoreError;

/// Why nothing was revoked, or nothing brought back. The texts are for whoever asked for it.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// There is no such thing.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// `grant` or `revocation in force with the number`.
        what: &'static str,
        /// What it was asked for by.
        id: String,
    },
    /// A value cannot be what it is.
    #[error("{0}")]
    Invalid(String),
    /// The list is full.
    #[error(
        "there are {count} revocations, and no more than {max} fit in memory; \
         cut off a whole client, API or subject instead of token by token, or undo what is not needed any more"
    )]
    Full {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// Too many cut-offs about one thing.
    #[error(
        "there are {max} cut-offs about this already; undo some of them (rulemint revoke list, rulemint revoke undo)"
    )]
    TooManyCutoffs {
        /// How many there may be.
        max: usize,
    },
    /// It is about a key that was revoked, and nobody knows what else was signed with that.
    #[error(
        "revocation {id} cannot be undone: key {kid} is revoked, and somebody else may sign with it; \
         its clients get good tokens under the key that signs now"
    )]
    Final {
        /// The number of the revocation.
        id: i64,
        /// The key.
        kid: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
