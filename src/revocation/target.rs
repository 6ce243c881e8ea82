//! What a revocation is about.

use super::RevocationError;
use crate::store::{Met, RevocationRow};

/// A token, or what the tokens of a cut-off have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One token.
    Token {
        /// Its `jti`.
        jti: String,
        /// Its API, or (as Auth0's clients say it) its client; whichever where this is `None`.
        audience: Option<String>,
    },
    /// Everything that was issued to a client.
    Client(String),
    /// Everything that was issued to a client for one API: what its client grant gave.
    Grant {
        /// The client id.
        client_id: String,
        /// The API.
        audience: String,
    },
    /// Everything that speaks for a subject.
    Subject(String),
    /// Everything that was issued for an API.
    Audience(String),
    /// Everything that was signed with a key, by its `kid`.
    Key(String),
    /// Everything that a rule had its hands in, by the beginning of its digest.
    Rule(String),
}

impl Target {
    /// Its kind, as stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Client(_) => "client",
            Self::Grant { .. } => "grant",
            Self::Subject(_) => "subject",
            Self::Audience(_) => "audience",
            Self::Key(_) => "key",
            Self::Rule(_) => "rule",
        }
    }

    /// Which of its kind.
    pub fn value(&self) -> &str {
        match self {
            Self::Token { jti: value, .. }
            | Self::Grant {
                client_id: value, ..
            }
            | Self::Client(value)
            | Self::Subject(value)
            | Self::Audience(value)
            | Self::Key(value)
            | Self::Rule(value) => value,
        }
    }

    /// The API beside it; empty where it does not matter.
    pub fn audience(&self) -> &str {
        match self {
            Self::Token { audience, .. } => audience.as_deref().unwrap_or_default(),
            Self::Grant { audience, .. } => audience,
            Self::Client(_)
            | Self::Subject(_)
            | Self::Audience(_)
            | Self::Key(_)
            | Self::Rule(_) => "",
        }
    }

    /// What the ledger is asked about it.
    pub fn met(&self, issued_before: Option<i64>) -> Met<'_> {
        Met {
            kind: self.kind(),
            value: self.value(),
            audience: self.audience(),
            issued_before,
        }
    }

    /// Reads what is stored; `None` where a newer version wrote it.
    pub fn of_row(row: &RevocationRow) -> Option<Self> {
        let value = row.value.clone();
        Some(match row.kind.as_str() {
            "token" => Self::Token {
                jti: value,
                audience: Some(row.audience.clone()).filter(|audience| !audience.is_empty()),
            },
            "client" => Self::Client(value),
            "grant" => Self::Grant {
                client_id: value,
                audience: row.audience.clone(),
            },
            "subject" => Self::Subject(value),
            "audience" => Self::Audience(value),
            "key" => Self::Key(value),
            "rule" => Self::Rule(value),
            _ => return None,
        })
    }

    /// The same, checked, and a rule's digest cut to what tokens carry of it.
    pub(super) fn checked(self) -> Result<Self, RevocationError> {
        let target = if let Self::Rule(digest) = &self {
            Self::Rule(beginning_of(digest)?)
        } else {
            self
        };
        let fits = |text: &str| {
            text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control)
        };
        if target.value().is_empty() || !fits(target.value()) || !fits(target.audience()) {
            let rule = format!("is 1 to {TEXT_CHARS_MAX} characters, none a control character");
            // It may be a token by mistake, which is not to be shown.
            let count = target.value().chars().count();
            return Err(RevocationError::Invalid(format!(
                "what is revoked {rule}, not these {count}"
            )));
        }
        Ok(target)
    }
}

fn beginning_of(digest: &str) -> Result<String, RevocationError> {
    let digest = digest.strip_prefix("sha256:").unwrap_or(digest);
    let is_hex = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && (RULE_DIGITS..=64).contains(&digest.len()) {
        return Ok(digest[..RULE_DIGITS].to_ascii_lowercase());
    }
    Err(RevocationError::Invalid(format!(
        "a rule's digest is {RULE_DIGITS} to 64 hexadecimal digits, as `rulemint token explain` shows it, \
         not {digest:?}"
    )))
}

/// As many digits of a rule's digest as tokens carry.
pub const RULE_DIGITS: usize = 16;
const TEXT_CHARS_MAX: usize = 600;
