//! The ledger's rows: one for every token that was issued, as short as can be.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, FromRow, Sqlite};

use super::{Store, StoreError};

/// What many tokens have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, FromRow)]
pub struct LedgerContext {
    /// To which client.
    pub client_id: String,
    /// Under which client grant.
    pub grant_id: String,
    /// For which API.
    pub audience: String,
    /// The scopes, space-separated.
    pub scope: String,
    /// Which signing key.
    pub kid: String,
    /// Which rule chain.
    pub generation: i64,
    /// The rules that ran, as JSON.
    pub rules: String,
}

/// What one token has for itself.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct LedgerToken {
    /// Its `jti`.
    pub jti: String,
    /// The number of its context.
    pub context_id: i64,
    /// Its `sub`, where that is not the client.
    pub subject: Option<String>,
    /// Its `iat`.
    pub issued_at: i64,
    /// Its `exp`.
    pub expires_at: i64,
    /// Which request.
    pub transaction_id: String,
    /// What each rule did, as JSON.
    pub steps: String,
    /// Its status list and its place there.
    pub status: Option<i64>,
    /// The newest cut-off that it knows. `None`: an older version wrote it down, and it is on no status list.
    pub cutoff: Option<i64>,
}

impl Store {
    /// The number of a context, which gets one if it has none.
    ///
    /// # Errors
    /// When the store does not answer, or cannot hold more.
    pub async fn ledger_context(&self, context: &LedgerContext) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let inserted = sqlx::query_scalar(
            "INSERT INTO ledger_contexts \
             (client_id, grant_id, audience, scope, kid, generation, rules) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT DO UPDATE SET client_id = client_id RETURNING id",
        )
        .bind(&context.client_id)
        .bind(&context.grant_id)
        .bind(&context.audience)
        .bind(&context.scope)
        .bind(&context.kid)
        .bind(context.generation)
        .bind(&context.rules);
        let id = inserted.fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Writes tokens down, all of them or none.
    ///
    /// # Errors
    /// When the store does not answer, or cannot hold more.
    pub async fn add_to_ledger(&self, tokens: &[LedgerToken]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let (full, rest) = tokens.as_chunks::<ROWS_PER_STATEMENT>();
        for rows in full {
            let insert = sqlx::query(AssertSqlSafe(INSERT_MANY.as_str()));
            rows.iter()
                .fold(insert, bind)
                .execute(&mut *transaction)
                .await?;
        }
        for row in rest {
            bind(sqlx::query(INSERT_ONE), row)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// The tokens with this `jti`, the newest first: more than one only if a rule broke its promise.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn issued(&self, jti: &str) -> Result<Vec<(LedgerToken, LedgerContext)>, StoreError> {
        let all = format!(
            "SELECT * FROM ledger_tokens WHERE id IN ({}) ORDER BY id DESC",
            numbers_of_jti("?1", "?2")
        );
        let all = sqlx::query_as(AssertSqlSafe(all))
            .bind(key_of(jti))
            .bind(jti);
        let tokens: Vec<LedgerToken> = all.fetch_all(&self.pool).await?;
        let mut found = Vec::with_capacity(tokens.len());
        for token in tokens {
            let context = self.context_of_issued(token.context_id).await?;
            found.push((token, context));
        }
        Ok(found)
    }

    /// A context, by its number.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn context_of_issued(&self, id: i64) -> Result<LedgerContext, StoreError> {
        let one = sqlx::query_as("SELECT * FROM ledger_contexts WHERE id = ?1").bind(id);
        Ok(one.fetch_one(&self.pool).await?)
    }

    /// How many tokens are on record.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn issued_count(&self) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM ledger_tokens");
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// Looks at the next `window` records after `position` and forgets those of tokens that expired before `before`
    /// (Unix seconds). Says where to go on: 0 when the end was reached.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_issued(
        &self,
        position: i64,
        window: u32,
        before: i64,
    ) -> Result<i64, StoreError> {
        let end: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM ledger_tokens WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2",
        )
        .bind(position)
        .bind(window)
        .fetch_optional(&self.pool)
        .await?;
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM ledger_tokens WHERE id > ?1 AND id <= ?2 AND expires_at < ?3")
            .bind(position)
            .bind(end.unwrap_or(i64::MAX))
            .bind(before)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(end.unwrap_or(0))
    }
}

type Insert<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

fn bind<'q>(insert: Insert<'q>, row: &'q LedgerToken) -> Insert<'q> {
    insert
        .bind(&row.jti)
        .bind(key_of(&row.jti))
        .bind(row.context_id)
        .bind(&row.subject)
        .bind(row.issued_at)
        .bind(row.expires_at)
        .bind(&row.transaction_id)
        .bind(&row.steps)
        .bind(row.status)
        .bind(row.cutoff)
}

/// Selects the numbers of the records of a `jti`, part by part of the index. What stands for the key and the `jti` are
/// parameters.
pub(super) fn numbers_of_jti(key: &str, jti: &str) -> String {
    format!(
        "WITH RECURSIVE part (number) AS (\
         SELECT MIN(id) >> {PART_BITS} FROM ledger_tokens \
         UNION ALL SELECT number + 1 FROM part \
         WHERE number < (SELECT MAX(id) >> {PART_BITS} FROM ledger_tokens)) \
         SELECT id FROM part CROSS JOIN ledger_tokens \
         WHERE id >> {PART_BITS} = number AND jti_key = {key} AND jti = {jti}"
    )
}

pub(super) fn key_of(jti: &str) -> i64 {
    let mut key = [0; 8];
    key.copy_from_slice(&digest(&SHA256, jti.as_bytes()).as_ref()[..8]);
    i64::from_be_bytes(key)
}

/// As in the index `ledger_tokens_by_part`: 16,384 records.
const PART_BITS: u32 = 14;
/// One statement of so many rows is prepared once and kept.
const ROWS_PER_STATEMENT: usize = 64;
const INSERT_ONE: &str = "INSERT INTO ledger_tokens (jti, jti_key, context_id, subject, issued_at, \
     expires_at, transaction_id, steps, status, cutoff) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
static INSERT_MANY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{INSERT_ONE}{}",
        ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)".repeat(ROWS_PER_STATEMENT - 1)
    )
});
