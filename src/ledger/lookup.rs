//! Looks tokens up in the ledger: for whoever asks how one came to be, or what a client was given.

use std::time::Duration;

use tokio::time::sleep;

use serde::Serialize;

use super::Record;
use crate::revocation::{Bearing, RULE_DIGITS, revocations_of};
use crate::store::{IssuedFilter, RevocationRow, Store, StoreError};

/// A token on record, and whether it was taken away.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// How it came to be.
    #[serde(flatten)]
    pub record: Record,
    /// The revocations in force that meet it, the oldest first; none: nobody took it away.
    pub revoked_by: Vec<RevocationRow>,
}

/// What the ledger has of a token, and by what it was revoked: one record, more only if a rule broke its promise, none if
/// the ledger does not know the token.
///
/// A server writes its ledger a moment after it has answered: while `is_written` says that one may be about to, an unknown token
/// is looked for again for a second.
///
/// # Errors
/// When the store fails, or another version wrote a record.
pub async fn explained(
    store: &Store,
    jti: &str,
    is_written: impl Fn() -> bool,
) -> Result<Vec<Explained>, LookupError> {
    let mut rows = store.issued(jti).await?;
    for _ in 0..POLLS_MAX {
        if !rows.is_empty() || !is_written() {
            break;
        }
        sleep(POLL).await;
        rows = store.issued(jti).await?;
    }
    let mut told = Vec::with_capacity(rows.len());
    for (token, context) in rows {
        let record = Record::read(token, context)?;
        let revoked_by = what_revoked(store, &record).await?;
        told.push(Explained { record, revoked_by });
    }
    Ok(told)
}

async fn what_revoked(store: &Store, record: &Record) -> Result<Vec<RevocationRow>, StoreError> {
    let digests = record.rules.iter().map(|rule| rule.digest.to_string());
    let rules: Vec<String> = digests
        .map(|digest| digest[..RULE_DIGITS].to_owned())
        .collect();
    let cutoff = match record.cutoff {
        Some(known) => known,
        None => store.newest_cutoff_before(record.issued_at).await?,
    };
    let bearing = Bearing {
        jti: &record.jti,
        client_id: &record.client_id,
        subject: &record.subject,
        audience: &record.audience,
        kid: &record.kid,
        rules: &rules.join(" "),
        issued_at: record.issued_at,
        cutoff,
    };
    revocations_of(store, &bearing).await
}

/// A part of the tokens that were issued, the newest first, and where to go on. It may be empty, and there may be more all
/// the same.
///
/// # Errors
/// As for [`explained`].
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
