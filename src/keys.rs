//! The keys that tokens are signed with, and their public halves.

mod algorithm;
mod public_key;
mod ring;
mod signing_key;

pub use algorithm::Algorithm;
pub use public_key::PublicKey;
pub use ring::{KeyRing, KeyRingError, ensure_key};
pub use signing_key::{KeyError, SigningKey};
