//! Revokes, takes back and forgets: every change of the numbered list, with its place in the order of changes.

use serde_json::Value;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::grants;
use super::revocations::{NewRevocationRow, RevocationRow};
use super::{Store, StoreError, Transaction};
use crate::audit::{By, value_of};

impl Store {
    /// Adds a revocation, and says its change's number. A token that is on the list already stays there, as long as the
    /// longer of the two would.
    ///
    /// # Errors
    /// When the store does not answer, or cannot hold more.
    pub async fn add_revocation(
        &self,
        new: &NewRevocationRow,
        by: By<'_>,
    ) -> Result<(RevocationRow, i64), StoreError> {
        let mut transaction = self.begin().await?;
        let added = insert(&mut transaction, new, by).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// Deletes a client grant and revokes in the same moment: there is no time in between.
    ///
    /// # Errors
    /// When the store does not answer, or cannot hold more. `Ok(None)`: there is no such grant, and nothing was done.
    pub async fn delete_grant_and_revoke(
        &self,
        grant: &str,
        new: &NewRevocationRow,
        by: By<'_>,
    ) -> Result<Option<(RevocationRow, i64)>, StoreError> {
        let mut transaction = self.begin().await?;
        if !grants::delete(&mut transaction, grant, by).await? {
            return Ok(None);
        }
        let added = insert(&mut transaction, new, by).await?;
        transaction.commit().await?;
        Ok(Some(added))
    }

    /// Takes a revocation back, and says its change's number. `Ok(None)`: there is none in force with that number, or it is
    /// final.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn undo_revocation(
        &self,
        id: i64,
        by: By<'_>,
    ) -> Result<Option<(RevocationRow, i64)>, StoreError> {
        let mut transaction = self.begin().await?;
        let undone: Option<RevocationRow> = sqlx::query_as(
            "UPDATE revocations SET undone_at = ?2, undone_by = ?3 \
             WHERE id = ?1 AND undone_at IS NULL AND NOT final RETURNING *",
        )
        .bind(id)
        .bind(by.at)
        .bind(by.actor.to_string())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(undone) = undone else {
            return Ok(None);
        };
        let (undone, change) = note(&mut transaction, undone, by).await?;
        let number = id.to_string();
        let entry = Entry::done("undo", REVOCATION, &number).with(Some(told(&undone)), None);
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await?;
        Ok(Some((undone, change)))
    }

    /// Forgets revocations that met their last token before `before` (Unix seconds), at most `count`, and says how many
    /// there were.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_revocations(&self, before: i64, count: u32) -> Result<u64, StoreError> {
        let deleted = sqlx::query(
            "DELETE FROM revocations WHERE id IN \
             (SELECT id FROM revocations WHERE expires_at < ?1 LIMIT ?2)",
        );
        let mut transaction = self.begin().await?;
        let deleted = deleted.bind(before).bind(count);
        let deleted = deleted.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected())
    }

    /// Which list of revocations this is. It becomes another one when a version that does not know their order has
    /// changed it in between.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open_feed(&self) -> Result<String, StoreError> {
        let mut transaction = self.begin().await?;
        let unknown = "SELECT EXISTS (SELECT 1 FROM revocations WHERE changed = 0)";
        if sqlx::query_scalar(unknown)
            .fetch_one(&mut *transaction)
            .await?
        {
            begin_feed(&mut transaction).await?;
        }
        let id = sqlx::query_scalar("SELECT id FROM revocation_feed");
        let id = id.fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(id)
    }
}

/// Adds a revocation as part of a write, and says its change's number.
pub(super) async fn insert(
    transaction: &mut Transaction,
    new: &NewRevocationRow,
    by: By<'_>,
) -> Result<(RevocationRow, i64), StoreError> {
    let before = listed(transaction, new).await?;
    let row: RevocationRow = sqlx::query_as(
        "INSERT INTO revocations \
         (kind, value, audience, issued_before, expires_at, reason, actor, created_at, final) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (value, audience) WHERE kind = 'token' AND undone_at IS NULL \
         DO UPDATE SET expires_at = MAX(expires_at, excluded.expires_at) RETURNING *",
    )
    .bind(new.kind)
    .bind(&new.value)
    .bind(&new.audience)
    .bind(new.issued_before)
    .bind(new.expires_at)
    .bind(&new.reason)
    .bind(by.actor.to_string())
    .bind(by.at)
    .bind(new.is_final)
    .fetch_one(&mut **transaction)
    .await?;
    let (row, change) = note(transaction, row, by).await?;
    let number = row.id.to_string();
    let before = before.as_ref().map(told);
    let entry = Entry::done("revoke", REVOCATION, &number).with(before, Some(told(&row)));
    audit::record(transaction, by, entry).await?;
    Ok((row, change))
}

/// The token's entry, if it is one and on the list already.
async fn listed(
    transaction: &mut Transaction,
    new: &NewRevocationRow,
) -> Result<Option<RevocationRow>, StoreError> {
    if new.kind != "token" {
        return Ok(None);
    }
    let one = sqlx::query_as(
        "SELECT * FROM revocations \
         WHERE value = ?1 AND audience = ?2 AND kind = 'token' AND undone_at IS NULL",
    );
    let one = one.bind(&new.value).bind(&new.audience);
    Ok(one.fetch_optional(&mut **transaction).await?)
}

/// Makes the list another one: whoever keeps a copy begins again.
pub(super) async fn begin_feed(transaction: &mut Transaction) -> Result<(), StoreError> {
    let order = "UPDATE revocations SET changed = id - 1 - (SELECT MAX(id) FROM revocations)";
    sqlx::query(order).execute(&mut **transaction).await?;
    let name = "UPDATE revocation_feed SET id = lower(hex(randomblob(8)))";
    sqlx::query(name).execute(&mut **transaction).await?;
    Ok(())
}

/// What the audit log tells of a revocation: who and when stand there already.
fn told(row: &RevocationRow) -> Value {
    let mut told = value_of(row);
    if let Value::Object(members) = &mut told {
        for name in "id actor created_at undone_at undone_by".split(' ') {
            members.remove(name);
        }
        members.retain(|_, value| !value.is_null());
    }
    told
}

/// Notes that a revocation changed, and gives it its new place in the order of changes.
async fn note(
    transaction: &mut Transaction,
    row: RevocationRow,
    by: By<'_>,
) -> Result<(RevocationRow, i64), StoreError> {
    let key = row.id.to_string();
    let changed = changes::note(transaction, ChangeKind::Revocation, &key, by).await?;
    sqlx::query("UPDATE revocations SET changed = ?2 WHERE id = ?1")
        .bind(row.id)
        .bind(changed)
        .execute(&mut **transaction)
        .await?;
    Ok((RevocationRow { changed, ..row }, changed))
}

/// What entries of the audit log are about.
const REVOCATION: &str = "revocation";
