//! Who keeps a copy of the list of revocations, what of it concerns them, and how an entry is told.

use std::fmt::Write as _;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

use super::Target;
use crate::registry::{Client, Registry};
use crate::store::RevocationRow;

/// A client that may read the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The APIs that it is, in order; `None`: it reads everything.
    serves: Option<Vec<String>>,
}

impl Reader {
    /// A client that reads what concerns the APIs that it serves; `None` where it serves none.
    pub fn of_apis(client: &Client) -> Option<Self> {
        let mut serves: Vec<_> = client.serves.iter().map(ToString::to_string).collect();
        serves.sort_unstable();
        (!serves.is_empty()).then_some(Self {
            serves: Some(serves),
        })
    }

    /// One that reads everything.
    pub const fn of_everything() -> Self {
        Self { serves: None }
    }

    /// Stands for what it reads. Whoever begins to serve another API has to begin again: entries about that one were
    /// left out before.
    fn view(&self) -> String {
        let named = self.serves.as_ref().map_or("*".to_owned(), |apis| {
            apis.iter().map(|api| format!("{api}\n")).collect()
        });
        hex::encode(&digest(&SHA256, named.as_bytes()).as_ref()[..4])
    }

    /// Whether an entry may meet tokens for the reader's APIs. What only says a client, a subject, a key or a rule may.
    pub fn is_concerned(&self, row: &RevocationRow, registry: &Registry) -> bool {
        let Some(serves) = &self.serves else {
            return true;
        };
        let is_served = serves.contains(&row.audience);
        match row.kind.as_str() {
            "grant" => is_served,
            "audience" => serves.contains(&row.value),
            // An audience may be a client's id: only what cannot be one is left out.
            "token" => {
                let is_another_api = registry.api(&row.audience).is_some()
                    && registry.client(&row.audience).is_none();
                is_served || !is_another_api
            }
            _ => true,
        }
    }

    /// The reader's name for a position in a list.
    pub fn cursor(&self, feed: &str, position: i64) -> String {
        let mut cursor = self.view();
        let _ = write!(cursor, ".{feed}.{position}"); // Writing to a string does not fail.
        cursor
    }

    /// The position that a cursor names; `None` where it is of another list or of a reader of other things.
    pub fn position(&self, feed: &str, cursor: &str) -> Option<i64> {
        let (named, position) = cursor.rsplit_once('.')?;
        let is_ours = named == format!("{}.{feed}", self.view());
        is_ours.then(|| i64::from_str(position).ok()).flatten()
    }
}

/// An entry as its readers see it: by the names of the claims that it is compared with. Who did it and why stays here.
#[derive(Serialize)]
pub struct Told<'r> {
    id: i64,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'r str>,
    /// Only what was issued before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<i64>,
    exp: i64,
    /// Whatever was signed with the key, whatever that says of itself.
    #[serde(rename = "final", skip_serializing_if = "std::ops::Not::not")]
    is_final: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    undone: bool,
}

impl<'r> Told<'r> {
    /// `None` where a newer version wrote it.
    pub fn of(row: &'r RevocationRow) -> Option<Self> {
        let (value, audience) = (Some(row.value.as_str()), Some(row.audience.as_str()));
        let kind = Target::of_row(row)?.kind();
        let if_so = |kinds: &[&str]| value.filter(|_| kinds.contains(&kind));
        Some(Self {
            id: row.id,
            kind,
            jti: if_so(&["token"]),
            client_id: if_so(&["client", "grant"]),
            sub: if_so(&["subject"]),
            aud: if_so(&["audience"]).or(audience.filter(|text| !text.is_empty())),
            kid: if_so(&["key"]),
            rule: if_so(&["rule"]),
            before: row.issued_before,
            exp: row.expires_at,
            is_final: row.is_final,
            undone: row.undone_at.is_some(),
        })
    }
}
