//! Looks tokens up in the ledger: for whoever asks how one came to be, or what a client was given.

use std::time::Duration;

use tokio::time::sleep;

use super::Record;
use crate::store::{IssuedFilter, Store, StoreError};

/// What the ledger has of a token: one record, more only if a rule broke its promise, none if it does not know the token.
///
/// A server writes its ledger a moment after it has answered: while `is_written` says that one may be about to, an unknown token
/// is looked for again for a second.
///
/// # Errors
/// When the store fails, or another version wrote a record.
pub async fn records_of(
    store: &Store,
    jti: &str,
    is_written: impl Fn() -> bool,
) -> Result<Vec<Record>, LookupError> {
    let mut rows = store.issued(jti).await?;
    for _ in 0..POLLS_MAX {
        if !rows.is_empty() || !is_written() {
            break;
        }
        sleep(POLL).await;
        rows = store.issued(jti).await?;
    }
    let read = |(token, context)| Ok(Record::read(token, context)?);
    rows.into_iter().map(read).collect()
}

/// A part of the tokens that were issued, the newest first, and where to go on. It may be empty, and there may be more all
/// the same.
///
/// # Errors
/// As for [`records_of`].
pub async fn newest_records(
    store: &Store,
    filter: &IssuedFilter,
    before: Option<i64>,
    count: u32,
) -> Result<(Vec<Record>, Option<i64>), LookupError> {
    let before = before.unwrap_or(i64::MAX);
    let part = store.newest_issued(filter, before, count).await?;
    let read = |(token, context)| Record::read(token, context);
    let records: Result<Vec<Record>, _> = part.tokens.into_iter().map(read).collect();
    Ok((records?, part.next))
}

/// The ledger could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record is not understood.
    #[error("read the ledger: another version wrote this record")]
    Unreadable(#[from] serde_json::Error),
}

const POLL: Duration = Duration::from_millis(100);
const POLLS_MAX: u32 = 10;
