//! The keys that tokens are signed with, and their public halves.

mod algorithm;
mod ring;
mod signing_key;

pub use algorithm::Algorithm;
pub use ring::{KeyRing, KeyRingError, ensure_key};
pub use signing_key::{KeyError, SigningKey};
