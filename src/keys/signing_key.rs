//! One signing key, parsed once and kept: parsing it for each token would cost half as much as signing.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Algorithm, KeyError, Kind, PublicKey};

/// A private key and what is public about it. It has no `Debug`, so that no log line can hold it.
pub struct SigningKey {
    algorithm: Algorithm,
    kid: Box<str>,
    pair: Pair,
    /// `BASE64URL(header).`, the same for every token under this key.
    header: Box<str>,
    jwk: Value,
}

enum Pair {
    Ecdsa(Box<EcdsaKeyPair>),
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new private key, as PKCS#8 (RFC 5958).
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        Ok(match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?
                    .as_ref()
                    .to_vec()
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random)?.as_ref().to_vec(),
            Algorithm::Rs256 => {
                let pair = rsa::KeyPair::generate(KeySize::Rsa2048)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair)?.as_ref().to_vec()
            }
        })
    }

    /// Parses a private key.
    ///
    /// # Errors
    /// When it is not a key of that algorithm.
    pub fn parse(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
                Pair::Ecdsa(Box::new(pair.map_err(|_| KeyError)?))
            }
            Algorithm::EdDsa => {
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?)
            }
            Algorithm::Rs256 => Pair::Rsa(rsa::KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?),
        };
        let members = pair.public_members();
        let kid = thumbprint(&members);
        let header = header(algorithm, Kind::AccessToken, &kid);
        let mut jwk = members;
        jwk["kid"] = kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = algorithm.as_str().into();
        Ok(Self {
            algorithm,
            kid: kid.into(),
            pair,
            header: header.into(),
            jwk,
        })
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name: the RFC 7638 thumbprint of the public key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JWK (RFC 7517). There is no private member in it.
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// What every token under this key begins with, up to the first dot.
    pub fn header(&self) -> &str {
        self.header.trim_end_matches('.')
    }

    /// The public half, to check signatures with.
    ///
    /// # Errors
    /// When the cryptographic library does not take it.
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        let bytes = match &self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        };
        PublicKey::parse(self.algorithm, &self.kid, bytes)
    }

    /// Signs a claims set as a JWT access token: JWS compact serialization (RFC 7515 section 7.1), `typ` `at+jwt`.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn sign(&self, claims_json: &str) -> Result<String, KeyError> {
        self.sign_behind(&self.header, claims_json)
    }

    /// Signs something else than an access token, which nobody can take for one: its `typ` says what it is (RFC 8725
    /// section 3.11).
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn sign_as(&self, kind: Kind, claims_json: &str) -> Result<String, KeyError> {
        self.sign_behind(&header(self.algorithm, kind, &self.kid), claims_json)
    }

    /// Signs an assertion of a client (RFC 7523), which need not know by which name its key is registered: it names none.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn sign_assertion(&self, claims_json: &str) -> Result<String, KeyError> {
        let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, self.algorithm);
        self.sign_behind(&format!("{}.", URL_SAFE_NO_PAD.encode(header)), claims_json)
    }

    fn sign_behind(&self, header: &str, claims_json: &str) -> Result<String, KeyError> {
        let bytes = header.len() + claims_json.len() * 4 / 3 + SIGNATURE_CHARS_MAX;
        let mut jwt = String::with_capacity(bytes);
        jwt.push_str(header);
        URL_SAFE_NO_PAD.encode_string(claims_json, &mut jwt);
        let mut rsa_signature = [0; RSA_SIGNATURE_BYTES_MAX];
        let ecdsa_signature;
        let signature = match &self.pair {
            Pair::Ecdsa(pair) => {
                ecdsa_signature = pair.sign(&SystemRandom::new(), jwt.as_bytes())?;
                ecdsa_signature.as_ref()
            }
            Pair::Ed25519(pair) => {
                ecdsa_signature = pair.sign(jwt.as_bytes());
                ecdsa_signature.as_ref()
            }
            Pair::Rsa(pair) => {
                let random = SystemRandom::new();
                let signature = rsa_signature.get_mut(..pair.public_modulus_len());
                let signature = signature.ok_or(KeyError)?;
                pair.sign(&RSA_PKCS1_SHA256, &random, jwt.as_bytes(), signature)?;
                &*signature
            }
        };
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        Ok(jwt)
    }
}

impl Pair {
    /// The members that RFC 7638 hashes: those that make the key, and no others.
    fn public_members(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ecdsa(pair) => {
                // An uncompressed point: 04, then x and y of 32 bytes each (SEC 1 section 2.3.3).
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
            }
            Self::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref())})
            }
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero();
                let exponent = public.exponent().big_endian_without_leading_zero();
                json!({"kty": "RSA", "n": encode(modulus), "e": encode(exponent)})
            }
        }
    }
}

/// `BASE64URL(header).`
fn header(algorithm: Algorithm, kind: Kind, kid: &str) -> String {
    let typ = kind.typ();
    let header = format!(r#"{{"alg":"{algorithm}","typ":"{typ}","kid":"{kid}"}}"#);
    format!("{}.", URL_SAFE_NO_PAD.encode(header))
}

/// RFC 7638: the SHA-256 of the members in lexicographic order, without spaces. `serde_json` sorts them.
pub(super) fn thumbprint(members: &Value) -> String {
    let hash = digest::digest(&digest::SHA256, members.to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(hash)
}

/// Of 8,192 bits. Keys that are made here have 2,048.
const RSA_SIGNATURE_BYTES_MAX: usize = 1_024;
/// A 2,048-bit RSA signature in Base64, a dot, and room for rounding.
const SIGNATURE_CHARS_MAX: usize = 346;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7638_thumbprint_of_the_rsa_example() {
        let members = json!({"kty": "RSA", "e": "AQAB", "n": concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX",
            "jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaS",
            "qzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksIN",
            "HaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        )});
        assert_eq!(
            thumbprint(&members),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn rfc_8037_a3_thumbprint_of_the_ed25519_example() {
        let members = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        assert_eq!(
            thumbprint(&members),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn a_key_of_one_algorithm_is_not_taken_for_another() {
        let pkcs8 = SigningKey::generate(Algorithm::EdDsa).unwrap();
        assert!(SigningKey::parse(Algorithm::Es256, &pkcs8).is_err());
        assert!(SigningKey::parse(Algorithm::Rs256, &pkcs8).is_err());
    }
}
