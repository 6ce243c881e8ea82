//! A client's public key as somebody gives it: as PEM text (RFC 7468), of the key alone or of a certificate with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_EC_P256, OID_SIG_ED25519};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::signing_key::thumbprint;
use super::{AssertionAlgorithm, AssertionKey};

/// A public key that can check assertions.
#[derive(Clone, Debug)]
pub struct GivenKey {
    kind: KeyKind,
    der: Vec<u8>,
    /// The members that RFC 7638 hashes.
    members: Value,
    certificate_ends_at: Option<i64>,
}

/// The kinds of keys that can check assertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyKind {
    Rsa,
    P256,
    Ed25519,
}

impl GivenKey {
    /// Reads one: `PUBLIC KEY`, `RSA PUBLIC KEY` (PKCS#1) or `CERTIFICATE`.
    ///
    /// # Errors
    /// When it is something else, or a key that is too weak or of a kind that is not known here.
    pub fn from_pem(text: &str) -> Result<Self, GivenKeyError> {
        if text.len() > PEM_BYTES_MAX {
            return Err(GivenKeyError::TooLong);
        }
        // Whoever sends one is told so even if the rest of it is broken: it is known to others now.
        if text.contains("PRIVATE KEY-----") {
            return Err(GivenKeyError::Private);
        }
        let blocks = pem::parse_many(text).map_err(|_| GivenKeyError::NoPem)?;
        let [block] = blocks.as_slice() else {
            return Err(GivenKeyError::NoPem);
        };
        match block.tag() {
            "PUBLIC KEY" => Self::from_info(&whole::<SubjectPublicKeyInfo<'_>>(block.contents())?),
            "RSA PUBLIC KEY" => {
                let key = whole::<RSAPublicKey<'_>>(block.contents())?;
                Self::rsa(&key, block.contents())
            }
            "CERTIFICATE" => Self::from_certificate(block.contents()),
            other => Err(GivenKeyError::Label(other.to_owned())),
        }
    }

    fn from_certificate(der: &[u8]) -> Result<Self, GivenKeyError> {
        let certificate = whole::<X509Certificate<'_>>(der)?;
        let key = Self::from_info(certificate.public_key())?;
        let ends_at = certificate.validity().not_after.timestamp();
        Ok(Self {
            certificate_ends_at: Some(ends_at),
            ..key
        })
    }

    fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, GivenKeyError> {
        let algorithm = &info.algorithm;
        if algorithm.algorithm == OID_SIG_ED25519 {
            let members = json!({
                "kty": "OKP", "crv": "Ed25519", "x": encoded(&info.subject_public_key.data),
            });
            return Self::checked(KeyKind::Ed25519, members, info.raw);
        }
        let curve = algorithm
            .parameters
            .as_ref()
            .and_then(|it| it.as_oid().ok());
        match info.parsed() {
            Ok(PublicKey::RSA(key)) => Self::rsa(&key, info.raw),
            Ok(PublicKey::EC(point)) if curve == Some(OID_EC_P256) => {
                // An uncompressed point: 04, then x and y of 32 bytes each (SEC 1 section 2.3.3).
                let [0x04, point @ ..] = point.data() else {
                    return Err(GivenKeyError::Kind);
                };
                let (x, y) = point.split_at_checked(32).ok_or(GivenKeyError::Kind)?;
                let members =
                    json!({ "kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y) });
                Self::checked(KeyKind::P256, members, info.raw)
            }
            _ => Err(GivenKeyError::Kind),
        }
    }

    fn rsa(key: &RSAPublicKey<'_>, der: &[u8]) -> Result<Self, GivenKeyError> {
        let (modulus, exponent) = (number(key.modulus), number(key.exponent));
        let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
        let bits = (modulus.len() * 8).saturating_sub(leading as usize);
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(GivenKeyError::RsaSize(bits));
        }
        let members = json!({ "kty": "RSA", "n": encoded(modulus), "e": encoded(exponent) });
        Self::checked(KeyKind::Rsa, members, der)
    }

    /// What is taken in is what the cryptographic library takes.
    fn checked(kind: KeyKind, members: Value, der: &[u8]) -> Result<Self, GivenKeyError> {
        AssertionKey::parse(kind.algorithms()[0], der).map_err(|_| GivenKeyError::Malformed)?;
        Ok(Self {
            kind,
            der: der.to_vec(),
            members,
            certificate_ends_at: None,
        })
    }

    /// The key alone, in DER, as [`AssertionKey::parse`] takes it.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.members)
    }

    /// When the certificate that it came in ends (Unix seconds), if it came in one.
    pub fn certificate_ends_at(&self) -> Option<i64> {
        self.certificate_ends_at
    }

    /// The algorithm of this name, or the usual one of such keys where there is none.
    ///
    /// # Errors
    /// When there is no such algorithm, or not for such a key.
    pub fn algorithm(&self, name: Option<&str>) -> Result<AssertionAlgorithm, GivenKeyError> {
        let possible = self.kind.algorithms();
        let Some(name) = name else {
            return Ok(possible[0]);
        };
        let found = possible.iter().find(|one| one.as_str() == name);
        found.copied().ok_or_else(|| {
            let known: Vec<&str> = possible.iter().map(|one| one.as_str()).collect();
            GivenKeyError::Algorithm {
                name: name.to_owned(),
                known: known.join(", "),
            }
        })
    }
}

impl KeyKind {
    /// What such a key can check, the usual one first.
    const fn algorithms(self) -> &'static [AssertionAlgorithm] {
        use AssertionAlgorithm as A;
        match self {
            Self::Rsa => &[A::Rs256, A::Rs384, A::Ps256],
            Self::P256 => &[A::Es256],
            Self::Ed25519 => &[A::EdDsa],
        }
    }
}

/// Reads something that takes up all of the bytes.
fn whole<'d, T: FromDer<'d, x509_parser::error::X509Error>>(
    der: &'d [u8],
) -> Result<T, GivenKeyError> {
    match T::from_der(der) {
        Ok(([], read)) => Ok(read),
        Ok(_) | Err(_) => Err(GivenKeyError::Malformed),
    }
}

/// An unsigned number without the zeros that DER may begin it with.
fn number(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Why a text is no public key that can be used here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivenKeyError {
    /// It is longer than any key.
    #[error("a PEM text has at most {PEM_BYTES_MAX} bytes")]
    TooLong,
    /// It is no PEM text, or several in one.
    #[error(
        "give one PEM text: -----BEGIN PUBLIC KEY-----, RSA PUBLIC KEY or CERTIFICATE, with its lines"
    )]
    NoPem,
    /// A private key, which only the client may know.
    #[error(
        "this is a private key, which only the client may have: give its public key, and make a new pair, because \
         this one has been sent"
    )]
    Private,
    /// PEM text of something else.
    #[error("{0:?} is no public key: give a PUBLIC KEY, an RSA PUBLIC KEY or a CERTIFICATE")]
    Label(String),
    /// It is not what it says.
    #[error("it is damaged: what is in it is no public key")]
    Malformed,
    /// A key of another kind.
    #[error("a key is RSA, EC on P-256, or Ed25519")]
    Kind,
    /// Too weak, or longer than signatures can be checked with in reasonable time.
    #[error("an RSA key has {RSA_BITS_MIN} to {RSA_BITS_MAX} bits, not {0}")]
    RsaSize(usize),
    /// Not for such a key.
    #[error("{name:?} is no algorithm for this key: use {known}")]
    Algorithm {
        /// What was asked for.
        name: String,
        /// What is possible.
        known: String,
    },
}

/// A certificate of an 8,192-bit key with many names.
const PEM_BYTES_MAX: usize = 16_384;
const RSA_BITS_MIN: usize = 2_048;
const RSA_BITS_MAX: usize = 8_192;

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384};
    use rcgen::{PKCS_ED25519, PKCS_RSA_SHA256, date_time_ymd};

    use super::*;

    fn pair(of: &'static rcgen::SignatureAlgorithm) -> KeyPair {
        KeyPair::generate_for(of).unwrap()
    }

    #[test]
    fn keys_of_each_kind_are_taken_alone_and_in_a_certificate() {
        for (of, usual) in [
            (&PKCS_RSA_SHA256, "RS256"),
            (&PKCS_ECDSA_P256_SHA256, "ES256"),
            (&PKCS_ED25519, "EdDSA"),
        ] {
            let pair = pair(of);
            let alone = GivenKey::from_pem(&pair.public_key_pem()).unwrap();
            assert_eq!(alone.algorithm(None).unwrap().as_str(), usual);
            let mut params = CertificateParams::default();
            params.not_after = date_time_ymd(2031, 1, 2);
            let certificate = params.self_signed(&pair).unwrap();
            let inside = GivenKey::from_pem(&certificate.pem()).unwrap();
            assert_eq!(inside.thumbprint(), alone.thumbprint());
            assert_eq!(alone.certificate_ends_at(), None);
            assert_eq!(inside.certificate_ends_at(), Some(1_925_078_400));
        }
    }

    #[test]
    fn a_key_of_pkcs1_is_the_same_key() {
        let info = pair(&PKCS_RSA_SHA256);
        let whole = GivenKey::from_pem(&info.public_key_pem()).unwrap();
        let (_, parsed) = SubjectPublicKeyInfo::from_der(whole.der()).unwrap();
        let inner = parsed.subject_public_key.data.to_vec();
        let text = pem::encode(&pem::Pem::new("RSA PUBLIC KEY", inner));
        let given = GivenKey::from_pem(&text).unwrap();
        assert_eq!(given.thumbprint(), whole.thumbprint());
        assert!(AssertionKey::parse(AssertionAlgorithm::Ps256, given.der()).is_ok());
    }

    #[test]
    fn what_is_no_public_key_of_a_kind_that_is_known_is_refused_with_the_reason() {
        let pair_p256 = pair(&PKCS_ECDSA_P256_SHA256);
        let good = pair_p256.public_key_pem();
        let damaged = pem::encode(&pem::Pem::new("PUBLIC KEY", vec![48, 3, 1, 2, 3]));
        let request = pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", vec![48]));
        let p384 = pair(&PKCS_ECDSA_P384_SHA384).public_key_pem();
        for (text, why) in [
            ("", GivenKeyError::NoPem),
            ("a key", GivenKeyError::NoPem),
            (&*format!("{good}{good}"), GivenKeyError::NoPem),
            (&*pair_p256.serialize_pem(), GivenKeyError::Private),
            (&*damaged, GivenKeyError::Malformed),
            (
                &*request,
                GivenKeyError::Label("CERTIFICATE REQUEST".to_owned()),
            ),
            (&*p384, GivenKeyError::Kind),
            (&*" ".repeat(PEM_BYTES_MAX + 1), GivenKeyError::TooLong),
        ] {
            assert_eq!(GivenKey::from_pem(text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn a_short_rsa_key_is_refused() {
        // RFC 7515 has none this short; 1,024 bits, made for this test.
        let short = concat!(
            "-----BEGIN PUBLIC KEY-----\n",
            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDm8OrMz4sYogQQppwyDq9Eqm66\n",
            "RZ+4rnE5zWyRN89LQyUgVgM2Ei1ABR6mtGKECQfONSICFeSp6jtRBCR+w18Q8aVY\n",
            "8IHav2LpC+F1NNVA3+j9Z4krXMglTdgsXY7y6wSlhjfdVxBxLAZnmQbGv7ZeM053\n",
            "OxDoVL/2TXdQBLIKhwIDAQAB\n",
            "-----END PUBLIC KEY-----\n"
        );
        assert_eq!(
            GivenKey::from_pem(short).unwrap_err(),
            GivenKeyError::RsaSize(1_024)
        );
    }

    #[test]
    fn an_algorithm_is_one_of_the_key() {
        let key = GivenKey::from_pem(&pair(&PKCS_ECDSA_P256_SHA256).public_key_pem()).unwrap();
        assert!(key.algorithm(Some("ES256")).is_ok());
        for other in ["RS256", "HS256", "none", "es256", ""] {
            assert!(key.algorithm(Some(other)).is_err(), "{other}");
        }
    }
}
