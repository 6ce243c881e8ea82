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
    /// Nobody knows what is to be revoked, nor ever did.
    #[error("{}", say_unknown(.what, .id, .meant))]
    Unknown {
        /// `client`, `API`, `signing key` or `rule with the digest`.
        what: &'static str,
        /// What it was asked for by.
        id: String,
        /// The ids of those that have it as their name.
        meant: Vec<String>,
    },
    /// Nobody knows which client and which API a grant stands for.
    #[error(
        "there is no grant {0:?}, and neither the ledger nor the audit log tells of one; name its client together with its API \
         instead"
    )]
    UnknownGrant(String),
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

fn say_unknown(what: &str, id: &str, meant: &[String]) -> String {
    if !meant.is_empty() {
        let meant = meant.join(", ");
        return format!("there is no {what} {id:?}: that is the name of {meant}; revoke by that");
    }
    format!(
        "there is no {what} {id:?}, and neither the ledger nor the audit log tells of one: look for a typing mistake. What is \
         gone for good is revoked all the same with --anyway, or \"anyway\": true in a call"
    )
}
