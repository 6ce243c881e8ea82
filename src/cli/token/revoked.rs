//! Whether a token was revoked, for people.

use super::super::revoke::about;
use crate::store::RevocationRow;

/// By which revocations a token was taken away, each with its reason. Empty where it was not.
pub(super) fn by_what(revocations: &[RevocationRow]) -> String {
    let one = |row: &RevocationRow| {
        let named = format!("revocation {} ({})", row.id, about(row));
        match &row.reason {
            None => named,
            Some(reason) => format!("{named}: {reason}"),
        }
    };
    let all: Vec<String> = revocations.iter().map(one).collect();
    all.join("; and ")
}
