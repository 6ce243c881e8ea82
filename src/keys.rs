//! The keys that tokens are signed with, and their public halves; the public keys that clients prove themselves by.

mod algorithm;
mod assertion_key;
mod certificate;
mod error;
mod given_key;
mod kind;
mod private_pem;
mod public_key;
mod ring;
mod rotation;
mod signing_key;

pub use algorithm::Algorithm;
pub use assertion_key::{AssertionAlgorithm, AssertionKey};
pub use certificate::{fingerprint, pem};
pub use error::{KeyError, KeyRingError};
pub use given_key::{GivenKey, GivenKeyError};
pub use kind::Kind;
pub use private_pem::private_key_der;
pub use public_key::PublicKey;
pub use ring::KeyRing;
pub use rotation::{complete_keys, ensure_key, next_key};
pub use signing_key::SigningKey;

/// How long anybody may keep the key set, in seconds (`Cache-Control`): so long it takes until a new key is known to all.
pub const KEY_SET_SECONDS: u32 = 300;
