//! By which revocations a token is met: for people who ask about one, not for those who verify thousands.

use super::{Bearing, Revocations};
use crate::store::{RevocationRow, Store, StoreError};

/// The revocations in force that meet a token, the oldest first; none: nobody took it away.
///
/// It goes by the store, not by what a server has taken in of it.
///
/// # Errors
/// When the store does not answer.
pub async fn revocations_of(
    store: &Store,
    token: &Bearing<'_>,
) -> Result<Vec<RevocationRow>, StoreError> {
    let mut names = vec![
        token.jti,
        token.client_id,
        token.subject,
        token.audience,
        token.kid,
    ];
    names.extend(token.rules.split(' '));
    let mut rows = store.revocations_naming(&names).await?;
    rows.retain(|row| meets(row, token));
    Ok(rows)
}

/// The revocation of a key that was revoked itself, for whoever asks why nobody believes its tokens.
///
/// # Errors
/// When the store does not answer.
pub async fn revocations_of_key(
    store: &Store,
    kid: &str,
) -> Result<Vec<RevocationRow>, StoreError> {
    let mut rows = store.revocations_naming(&[kid]).await?;
    rows.retain(|row| row.is_final && row.kind == "key");
    Ok(rows)
}

/// By the same rule as wherever tokens are verified: an index of this one revocation is asked.
fn meets(row: &RevocationRow, token: &Bearing<'_>) -> bool {
    let alone = Revocations::default();
    alone.take_in(row);
    alone.meets(token)
}
