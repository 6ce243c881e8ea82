//! What is signed here: access tokens, and statements that nobody can take for one.

use serde::Serialize;

/// A kind of JWT, as its `typ` tells (RFC 8725 section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An access token (RFC 9068).
    AccessToken,
    /// A status list token: the bits of a Token Status List.
    StatusList,
    /// What `GET /revocations` answers where a signature is asked for.
    Revocations,
    /// What introspection answers where a signature is asked for (RFC 9701).
    Introspection,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self::AccessToken,
        Self::StatusList,
        Self::Revocations,
        Self::Introspection,
    ];

    /// The kind with this `typ`. An `application/` in front may be there (RFC 7515 section 4.1.9), and case means nothing.
    pub fn of_typ(typ: &str) -> Option<Self> {
        let typ = typ.to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        Self::ALL.into_iter().find(|kind| kind.typ() == typ)
    }

    /// What stands in its header.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::StatusList => "statuslist+jwt",
            Self::Revocations => "rulemint-revocations+jwt",
            Self::Introspection => "token-introspection+jwt",
        }
    }

    /// In words for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "an access token",
            Self::StatusList => {
                "a status list token, which says of an API's tokens which are revoked"
            }
            Self::Revocations => "a list of revocations, for APIs that keep a copy of it",
            Self::Introspection => "an answer of the introspection endpoint",
        }
    }

    /// The claims that it cannot be without, of those that JWTs of every kind have (RFC 7519 section 4.1).
    pub const fn required(self) -> &'static [&'static str] {
        match self {
            Self::AccessToken => &["exp", "iss", "aud", "sub"],
            Self::StatusList => &["exp", "iss", "sub"],
            Self::Revocations | Self::Introspection => &["iss", "aud"],
        }
    }
}
