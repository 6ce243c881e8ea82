//! One status list: its bits in memory, and the signed statement of them.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::json;

use super::order::PLACES;
use crate::claims::{StatusPlace, quoted};
use crate::keys::{Kind, SigningKey};

/// A status list.
pub(super) struct List {
    pub(super) number: i64,
    pub(super) audience: Box<str>,
    uri: Box<str>,
    /// The same as JSON text: what tokens carry.
    uri_json: Arc<str>,
    bits: Mutex<Bits>,
    stated: Mutex<Option<Stated>>,
}

struct Bits {
    bytes: Box<[u8]>,
    /// Grows with each change.
    version: u64,
}

/// A statement that was made, and what it was made of.
#[derive(Clone)]
struct Stated {
    statement: Arc<Statement>,
    version: u64,
    issued_at: u64,
    compressed: Arc<str>,
}

/// A Status List Token: what is served.
pub struct Statement {
    /// The JWT.
    pub jwt: String,
    /// Its entity tag.
    pub tag: String,
}

impl List {
    pub(super) fn new(number: i64, audience: &str, uri: String) -> Self {
        Self {
            number,
            audience: audience.into(),
            uri_json: quoted(&uri).into(),
            uri: uri.into(),
            bits: Mutex::new(Bits {
                bytes: vec![0; PLACES / 8].into(),
                version: 0,
            }),
            stated: Mutex::default(),
        }
    }

    pub(super) fn place(&self, index: u32) -> StatusPlace {
        StatusPlace {
            list: self.number,
            index,
            uri: Arc::clone(&self.uri_json),
        }
    }

    /// Says of some places whether the tokens there are revoked.
    pub(super) fn put(&self, statuses: impl IntoIterator<Item = (usize, bool)>) {
        let mut bits = self.bits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_changed = false;
        for (place, is_revoked) in statuses {
            // "The least significant bit is index 0" (section 4.1).
            let (byte, bit) = (place / 8, 1 << (place % 8));
            let Some(byte) = bits.bytes.get_mut(byte) else {
                continue;
            };
            let before = *byte;
            match is_revoked {
                true => *byte |= bit,
                false => *byte &= !bit,
            }
            is_changed |= *byte != before;
        }
        bits.version += u64::from(is_changed);
    }

    /// The statement of the list as it is. It is made again when the list has changed since, at most once a second, and
    /// when it is half as old as a reader may keep it.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub(super) fn statement(
        &self,
        issuer: &str,
        (now, ttl): (u64, u32),
        key: &SigningKey,
    ) -> io::Result<Arc<Statement>> {
        let mut stated = self.stated.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.version();
        if let Some(last) = stated.as_ref() {
            let age = now.checked_sub(last.issued_at);
            let is_young = age.is_some_and(|age| age <= u64::from(ttl) / 2);
            if is_young && (last.version == version || age == Some(0)) {
                return Ok(Arc::clone(&last.statement));
            }
        }
        let compressed = match stated.as_ref() {
            Some(last) if last.version == version => Arc::clone(&last.compressed),
            _ => self.compressed()?.into(),
        };
        let statement = self.sign(issuer, (now, ttl), &compressed, key)?;
        let made = stated.insert(Stated {
            statement: Arc::new(statement),
            issued_at: now,
            version,
            compressed,
        });
        Ok(Arc::clone(&made.statement))
    }

    fn version(&self) -> u64 {
        let bits = self.bits.lock().unwrap_or_else(PoisonError::into_inner);
        bits.version
    }

    /// The bits as section 4.2 has them. Changes that come while this goes on are in the next statement at the latest.
    fn compressed(&self) -> io::Result<String> {
        let bits = self.bits.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = bits.bytes.clone();
        drop(bits);
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes)?;
        Ok(URL_SAFE_NO_PAD.encode(encoder.finish()?))
    }

    /// Section 5.1. It is good for twice as long as it may be kept: a reader that cannot ask anew has some time.
    fn sign(
        &self,
        issuer: &str,
        (now, ttl): (u64, u32),
        compressed: &str,
        key: &SigningKey,
    ) -> io::Result<Statement> {
        let claims = json!({
            "iss": issuer,
            "sub": self.uri,
            "iat": now,
            "exp": now + 2 * u64::from(ttl),
            "ttl": ttl,
            "status_list": { "bits": 1, "lst": compressed },
        });
        let jwt = key.sign_as(Kind::StatusList, &claims.to_string());
        let jwt = jwt.map_err(io::Error::other)?;
        let (_, signature) = jwt.rsplit_once('.').unwrap_or_default();
        Ok(Statement {
            tag: format!("\"{}\"", &signature[..signature.len().min(TAG_CHARS)]),
            jwt,
        })
    }
}

const TAG_CHARS: usize = 32;
