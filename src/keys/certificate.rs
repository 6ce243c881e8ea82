//! A certificate for a signing key, signed with itself: tools that came before JWK sets read keys so.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};

use super::{Algorithm, KeyError};

/// Makes one, in DER. Nothing here trusts it: it says which key it is, and when that was made.
pub(super) fn certificate(
    algorithm: Algorithm,
    pkcs8: &[u8],
    (kid, created_at): (&str, i64),
) -> Result<Vec<u8>, KeyError> {
    let with = match algorithm {
        Algorithm::Es256 => &PKCS_ECDSA_P256_SHA256,
        Algorithm::EdDsa => &PKCS_ED25519,
        Algorithm::Rs256 => &PKCS_RSA_SHA256,
    };
    let made = || {
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), with)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, kid);
        let moment = Timestamp::from_second(created_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let date = moment.to_zoned(TimeZone::UTC).date();
        let [month, day] = [date.month(), date.day()].map(i8::cast_unsigned);
        let year = i32::from(date.year());
        params.not_before = date_time_ymd(year, month, day);
        // The first of a month is in every year's calendar.
        params.not_after = date_time_ymd(year + LIFETIME_YEARS, month, 1);
        params.self_signed(&pair)
    };
    let made: Result<_, rcgen::Error> = made();
    Ok(made.map_err(|_| KeyError)?.der().to_vec())
}

/// What tools tell certificates apart by: the SHA-1, as bytes.
pub fn fingerprint(certificate: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate)
        .as_ref()
        .to_vec()
}

/// A certificate as text (RFC 7468).
pub fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines = text.as_bytes().chunks(PEM_LINE_CHARS);
    let lines = lines.map(|line| String::from_utf8_lossy(line) + "\n");
    format!(
        "-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n",
        lines.collect::<String>()
    )
}

const PEM_LINE_CHARS: usize = 64;
const LIFETIME_YEARS: i32 = 20;
