//! What was taken away again: single tokens and cut-offs, in one numbered list.

use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::FromRow;

use super::audit::{self, Entry};
use super::changes::{self, ChangeKind};
use super::grants;
use super::list::{Conditions, Cursor, Filter};
use super::{Store, StoreError, Transaction};
use crate::audit::{By, value_of};

/// A revocation as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
pub struct RevocationRow {
    /// Its number; later ones have greater numbers.
    pub id: i64,
    /// `token`, or what a cut-off is about: `client`, `grant`, `subject`, `audience`, `key` or `rule`.
    pub kind: String,
    /// The `jti`, or which client, subject, API, key or rule.
    pub value: String,
    /// The API of a token or a grant, or the client of a token; empty where it does not matter.
    #[serde(serialize_with = "null_if_empty")]
    pub audience: String,
    /// Only what was issued before this moment (Unix seconds). `None`: everything that was issued until then.
    pub issued_before: Option<i64>,
    /// When the last token that it can meet has expired (Unix seconds).
    pub expires_at: i64,
    /// Why, for people.
    pub reason: Option<String>,
    /// Who did it.
    pub actor: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds. `None`: in force.
    pub undone_at: Option<i64>,
    /// Who undid it.
    pub undone_by: Option<String>,
    /// The number of its newest change.
    pub changed: i64,
    /// Whether it is about a key that was revoked: it meets whatever was signed with that, and is never undone.
    #[serde(rename = "final", skip_serializing_if = "std::ops::Not::not")]
    #[sqlx(rename = "final")]
    pub is_final: bool,
}

/// What a server needs to know of a revoked token. There may be millions: every column takes its time to read.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RevokedTokenRow {
    /// The number of the revocation.
    pub id: i64,
    /// The `jti`.
    pub value: String,
    /// The API or the client of the token; empty where it does not matter.
    pub audience: String,
    /// When it has expired (Unix seconds).
    pub expires_at: i64,
}

/// A revocation about to be stored; the fields are those of [`RevocationRow`].
#[derive(Clone, Debug)]
pub struct NewRevocationRow {
    /// `token`, `client`, …
    pub kind: &'static str,
    /// Which.
    pub value: String,
    /// Of a token or a grant.
    pub audience: String,
    /// Unix seconds.
    pub issued_before: Option<i64>,
    /// Unix seconds.
    pub expires_at: i64,
    /// Why.
    pub reason: Option<String>,
    /// Whether it is about a key that is revoked in the same moment.
    pub is_final: bool,
}

/// The single tokens in force among the revocations.
#[derive(Clone, Debug, Default)]
pub struct BlacklistFilter {
    /// Those of this API or client; of any where there is none.
    pub audience: Option<String>,
}

impl Filter for BlacklistFilter {
    type Row = RevocationRow;
    const TABLE: &'static str = "revocations";

    fn narrow(&self, query: &mut Conditions) {
        query.one_of("kind", &["token".to_owned()]);
        query.is_null("undone_at");
        if let Some(audience) = &self.audience {
            query.one_of("audience", std::slice::from_ref(audience));
        }
    }

    fn cursor(row: &RevocationRow) -> Cursor {
        Cursor {
            created_at: row.created_at,
            id: row.id.to_string(),
        }
    }
}

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

    /// One revocation, in force or not.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revocation(&self, id: i64) -> Result<Option<RevocationRow>, StoreError> {
        let one = sqlx::query_as("SELECT * FROM revocations WHERE id = ?1").bind(id);
        Ok(one.fetch_optional(&self.pool).await?)
    }

    /// The single tokens in force after the revocation `id`, oldest first, at most `count`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revoked_tokens_after(
        &self,
        id: i64,
        count: u32,
    ) -> Result<Vec<RevokedTokenRow>, StoreError> {
        let some = sqlx::query_as(
            "SELECT id, value, audience, expires_at FROM revocations \
             WHERE id > ?1 AND kind = 'token' AND undone_at IS NULL ORDER BY id LIMIT ?2",
        );
        Ok(some.bind(id).bind(count).fetch_all(&self.pool).await?)
    }

    /// The cut-offs in force, oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn cutoffs_in_force(&self) -> Result<Vec<RevocationRow>, StoreError> {
        let all =
            "SELECT * FROM revocations WHERE kind <> 'token' AND undone_at IS NULL ORDER BY id";
        Ok(sqlx::query_as(all).fetch_all(&self.pool).await?)
    }

    /// The revocations that changed after `position`, in that order, at most `count`; with `undone`, those too that are
    /// not in force any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revocations_changed_after(
        &self,
        position: i64,
        count: u32,
        undone: bool,
    ) -> Result<Vec<RevocationRow>, StoreError> {
        let some = sqlx::query_as(
            "SELECT * FROM revocations WHERE changed > ?1 AND (?2 OR undone_at IS NULL) \
             ORDER BY changed LIMIT ?3",
        );
        let some = some.bind(position).bind(undone).bind(count);
        Ok(some.fetch_all(&self.pool).await?)
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

    /// The newest revocations before `id`, the newest first, at most `count`. With `undone`, those too that are not in
    /// force any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revocations_before(
        &self,
        id: i64,
        count: u32,
        undone: bool,
    ) -> Result<Vec<RevocationRow>, StoreError> {
        let some = sqlx::query_as(
            "SELECT * FROM revocations WHERE id < ?1 AND (?2 OR undone_at IS NULL) \
             ORDER BY id DESC LIMIT ?3",
        );
        let some = some.bind(id).bind(undone).bind(count);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// How many revocations there are, those included that are not in force any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revocation_count(&self) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM revocations");
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// How many cut-offs in force are about the same thing.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn cutoff_count(&self, new: &NewRevocationRow) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar(
            "SELECT COUNT(*) FROM revocations \
             WHERE value = ?1 AND kind = ?2 AND audience = ?3 AND undone_at IS NULL",
        );
        let count = count.bind(&new.value).bind(new.kind).bind(&new.audience);
        Ok(count.fetch_one(&self.pool).await?)
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
}

/// Makes the list another one: whoever keeps a copy begins again.
pub(super) async fn begin_feed(transaction: &mut Transaction) -> Result<(), StoreError> {
    let order = "UPDATE revocations SET changed = id - 1 - (SELECT MAX(id) FROM revocations)";
    sqlx::query(order).execute(&mut **transaction).await?;
    let name = "UPDATE revocation_feed SET id = lower(hex(randomblob(8)))";
    sqlx::query(name).execute(&mut **transaction).await?;
    Ok(())
}

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

/// What the audit log tells of a revocation: who and when stand there already.
fn told(row: &RevocationRow) -> Value {
    let mut told = value_of(row);
    if let Value::Object(members) = &mut told {
        for name in "id actor created_at undone_at undone_by changed".split(' ') {
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

fn null_if_empty<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    Some(text)
        .filter(|text| !text.is_empty())
        .serialize(serializer)
}

/// What entries of the audit log are about.
const REVOCATION: &str = "revocation";
