//! Questions to the ledger about what a revocation would meet.

use sqlx::{AssertSqlSafe, FromRow};

use super::ledger::{LedgerContext, LedgerToken, key_of, numbers_of_jti};
use super::{Store, StoreError};

/// Which tokens a revocation is about, as its row says it.
pub struct Met<'r> {
    /// `token`, `client`, …
    pub kind: &'static str,
    /// Which.
    pub value: &'r str,
    /// Of a token or a grant; empty where it does not matter.
    pub audience: &'r str,
    /// Only what was issued before this moment (Unix seconds).
    pub issued_before: Option<i64>,
}

/// Which tokens on record are wanted.
#[derive(Clone, Debug, Default)]
pub struct IssuedFilter {
    /// Those of this client.
    pub client_id: Option<String>,
    /// Those under this client grant.
    pub grant_id: Option<String>,
}

/// A part of the tokens on record. It may be empty, and there may be more all the same.
#[derive(Debug, Default)]
pub struct IssuedPart {
    /// The newest first.
    pub tokens: Vec<(LedgerToken, LedgerContext)>,
    /// Where to go on; `None`: the oldest has been looked at.
    pub next: Option<i64>,
}

#[derive(FromRow)]
struct IssuedRow {
    number: i64,
    #[sqlx(flatten)]
    token: LedgerToken,
    #[sqlx(flatten)]
    context: LedgerContext,
}

impl Store {
    /// How many tokens on record a revocation meets that have not expired by `now` (Unix seconds).
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn unexpired(&self, met: &Met<'_>, now: i64) -> Result<i64, StoreError> {
        let count = format!(
            "SELECT COUNT(*) FROM ledger_tokens AS token \
             JOIN ledger_contexts AS context ON context.id = token.context_id \
             WHERE token.expires_at > ?3 AND (?4 IS NULL OR token.issued_at < ?4) AND ({})",
            condition(met.kind)
        );
        let count = sqlx::query_scalar(AssertSqlSafe(count))
            .bind(met.value)
            .bind(met.audience)
            .bind(now)
            .bind(met.issued_before)
            .bind(key_of(met.value));
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// Whether a token on record was ever met by this, expired or not.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn was_ever_issued(&self, met: &Met<'_>) -> Result<bool, StoreError> {
        Ok(self.unexpired(met, 0).await? > 0)
    }

    /// When the last token on record with this `jti` expires (Unix seconds).
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn expiry_of(&self, jti: &str) -> Result<Option<i64>, StoreError> {
        let last = format!(
            "SELECT MAX(expires_at) FROM ledger_tokens WHERE id IN ({})",
            numbers_of_jti("?1", "?2")
        );
        let last = sqlx::query_scalar(AssertSqlSafe(last));
        let last = last.bind(key_of(jti)).bind(jti);
        Ok(last.fetch_one(&self.pool).await?)
    }

    /// The client and the API of a grant that tokens on record were issued under, whether or not it is still there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn issued_under(&self, grant: &str) -> Result<Option<(String, String)>, StoreError> {
        let some = sqlx::query_as(
            "SELECT DISTINCT client_id, audience FROM ledger_contexts WHERE grant_id = ?1 LIMIT 2",
        );
        let mut some = some.bind(grant).fetch_all(&self.pool).await?;
        // What stands for tokens that took no grant is of many clients.
        Ok(some.pop().filter(|_| some.is_empty()))
    }

    /// The newest tokens on record, the newest first. There is no index for this, because it would cost every token that is
    /// issued; so only a stretch of the ledger is looked through at a time, for the few contexts that are wanted. Where there
    /// are none, nothing is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest_issued(
        &self,
        filter: &IssuedFilter,
        before: i64,
        count: u32,
    ) -> Result<IssuedPart, StoreError> {
        if !self.has_context(filter).await? {
            return Ok(IssuedPart::default());
        }
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT MAX(id) FROM ledger_tokens WHERE id < ?1")
                .bind(before)
                .fetch_one(&self.pool)
                .await?;
        let Some(newest) = newest else {
            return Ok(IssuedPart::default());
        };
        let end = newest - STRETCH_ROWS;
        let rows = format!(
            "SELECT token.id AS number, token.*, context.* FROM ledger_tokens AS token \
             JOIN ledger_contexts AS context ON context.id = token.context_id \
             WHERE token.id <= ?3 AND token.id > ?4 \
             AND ((?1 IS NULL AND ?2 IS NULL) OR token.context_id IN ({CONTEXTS})) \
             ORDER BY token.id DESC LIMIT ?5"
        );
        let rows: Vec<IssuedRow> = sqlx::query_as(AssertSqlSafe(rows))
            .bind(&filter.client_id)
            .bind(&filter.grant_id)
            .bind(newest)
            .bind(end)
            .bind(count)
            .fetch_all(&self.pool)
            .await?;
        let next = match rows.last() {
            Some(last) if rows.len() >= count as usize => Some(last.number),
            _ => (end > 0).then_some(end + 1),
        };
        let tokens = rows.into_iter().map(|row| (row.token, row.context));
        Ok(IssuedPart {
            tokens: tokens.collect(),
            next,
        })
    }

    async fn has_context(&self, filter: &IssuedFilter) -> Result<bool, StoreError> {
        let exists = sqlx::query_scalar(AssertSqlSafe(format!("SELECT EXISTS ({CONTEXTS})")))
            .bind(&filter.client_id)
            .bind(&filter.grant_id);
        Ok(exists.fetch_one(&self.pool).await?)
    }
}

/// The contexts of a client, of a grant, or of a client under a grant.
const CONTEXTS: &str = "SELECT id FROM ledger_contexts \
     WHERE (?1 IS NULL OR client_id = ?1) AND (?2 IS NULL OR grant_id = ?2)";

fn condition(kind: &str) -> String {
    let known = match kind {
        "client" => "context.client_id = ?1",
        "grant" => "context.client_id = ?1 AND context.audience = ?2",
        "subject" => "token.subject = ?1 OR (token.subject IS NULL AND context.client_id = ?1)",
        "audience" => "context.audience = ?1",
        "key" => "context.kid = ?1",
        "rule" => "instr(context.rules, '\"digest\":\"' || ?1) > 0",
        _ => {
            let numbers = numbers_of_jti("?5", "?1");
            return format!(
                "token.id IN ({numbers}) \
                 AND (?2 = '' OR context.audience = ?2 OR context.client_id = ?2)"
            );
        }
    };
    known.to_owned()
}

/// How many records are looked through at a time: some tens of milliseconds.
const STRETCH_ROWS: i64 = 100_000;
