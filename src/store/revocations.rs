//! What was taken away again: single tokens and cut-offs, in one numbered list, as it is read.

mod written;

use sqlx::FromRow;
use sqlx::types::Json;

use super::list::{Conditions, Cursor, Filter};
use super::{Store, StoreError};

/// A revocation as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RevocationRow {
    /// Its number; later ones have greater numbers.
    pub id: i64,
    /// `token`, or what a cut-off is about: `client`, `grant`, `subject`, `audience`, `key` or `rule`.
    pub kind: String,
    /// The `jti`, or which client, subject, API, key or rule.
    pub value: String,
    /// The API of a token or a grant, or the client of a token; empty where it does not matter.
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

    /// The revocations in force that name one of these, as whatever kind of thing, oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revocations_naming(
        &self,
        names: &[&str],
    ) -> Result<Vec<RevocationRow>, StoreError> {
        let some = sqlx::query_as(
            "SELECT * FROM revocations WHERE undone_at IS NULL \
             AND value IN (SELECT value FROM json_each(?1)) ORDER BY id",
        );
        Ok(some.bind(Json(names)).fetch_all(&self.pool).await?)
    }

    /// The newest cut-off that was made before a moment (Unix seconds); 0 where none was.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest_cutoff_before(&self, moment: i64) -> Result<i64, StoreError> {
        let newest = sqlx::query_scalar(
            "SELECT COALESCE(MAX(id), 0) FROM revocations WHERE kind <> 'token' AND created_at < ?1",
        );
        Ok(newest.bind(moment).fetch_one(&self.pool).await?)
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
}
