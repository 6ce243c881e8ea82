//! What a revocation leaves as it is, and how to change that too.

use crate::store::{RevocationRow, Store, StoreError};

/// How to keep a client from getting new tokens, if it may have some. `None`: it may not, or that is no revocation of a
/// client's tokens.
pub(super) async fn still_allowed(
    store: &Store,
    row: &RevocationRow,
) -> Result<Option<String>, StoreError> {
    let client = &row.value;
    let mut grants = match row.kind.as_str() {
        "client" | "grant" => store.grants_of(client).await?,
        _ => Vec::new(),
    };
    grants.retain(|grant| row.kind == "client" || grant.audience == row.audience);
    let delete = match grants.as_slice() {
        [] => return Ok(None),
        [grant] => format!("rulemint grant delete {}", grant.id),
        several => format!(
            "rulemint grant delete each of {}, see rulemint grant list --client {client}",
            several.len()
        ),
    };
    Ok(Some(format!(
        "the client gets new ones as soon as it asks; to stop that:\n{delete}\n\
         rulemint client rotate-secret {client} (if somebody else has its secret)\n\
         rulemint client delete {client} (if it is not to come back)"
    )))
}
