//! Why there are no keys.

use aws_lc_rs::error;

use crate::master_key::Unsealable;
use crate::store::StoreError;

/// The keys could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The store failed.
    #[error("read the signing keys")]
    Store(#[from] StoreError),
    /// The master key is another one than before.
    #[error("open a signing key")]
    Sealed(#[from] Unsealable),
    /// A key is malformed or could not be made.
    #[error("read a signing key")]
    Key(#[from] KeyError),
}

/// A key that is none, or that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("use a signing key: it is malformed, or there is no randomness")]
pub struct KeyError;

impl From<error::Unspecified> for KeyError {
    fn from(_: error::Unspecified) -> Self {
        Self
    }
}
