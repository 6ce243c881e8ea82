//! The keys that tokens are signed with, and their public halves.

mod algorithm;
mod certificate;
mod error;
mod kind;
mod public_key;
mod ring;
mod rotation;
mod signing_key;

pub use algorithm::Algorithm;
pub use certificate::{fingerprint, pem};
pub use error::{KeyError, KeyRingError};
pub use kind::Kind;
pub use public_key::PublicKey;
pub use ring::KeyRing;
pub use rotation::{complete_keys, ensure_key, next_key};
pub use signing_key::SigningKey;

/// How long anybody may keep the key set, in seconds (`Cache-Control`): so long it takes until a new key is known to all.
pub const KEY_SET_SECONDS: u32 = 300;
