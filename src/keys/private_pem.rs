//! A private key as its owner keeps it: PEM text (RFC 7468).

use secrecy::SecretSlice;

/// The key in DER: PKCS#8 (RFC 5958), not encrypted. `None`: the text has none, or more than one.
pub fn private_key_der(text: &str) -> Option<SecretSlice<u8>> {
    let blocks = pem::parse_many(text).ok()?;
    let mut keys = blocks.into_iter().filter(|one| one.tag() == "PRIVATE KEY");
    let key = keys.next()?;
    keys.next().is_none().then(|| key.into_contents().into())
}
