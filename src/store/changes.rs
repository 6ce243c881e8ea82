//! The change log: how a running server learns what another process wrote, in order and without gaps.
//!
//! The same log will carry a fleet: every node follows it by sequence number.

use serde_json::Value;
use sqlx::FromRow;

use super::audit::{self, Entry};
use super::{Store, StoreError, Transaction};
use crate::audit::By;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A client, its secrets or its grants; the key is the client id.
    Client,
    /// An API; the key is its identifier.
    Api,
    /// A signing key; the key is its key id.
    SigningKey,
    /// A value that all scripts share; the key is its name.
    RulesConfig,
    /// A token or a cut-off, revoked or brought back; the key is its number.
    Revocation,
    /// A wish to go back to an earlier rule chain; the key is its generation number, or says that it is the one before.
    Rollback,
    /// A wish to look at the rules directory again; the key is empty, or says that it was changed on purpose.
    Reload,
}

impl ChangeKind {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Client, "client"),
        (Self::Api, "api"),
        (Self::SigningKey, "signing_key"),
        (Self::RulesConfig, "rules_config"),
        (Self::Revocation, "revocation"),
        (Self::Rollback, "rollback"),
        (Self::Reload, "reload"),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, text)| text)
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(kind, _)| *kind)
    }
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place; later changes have greater numbers.
    pub sequence: i64,
    /// What it is about. `None`: written by a newer version, about something this one does not know.
    pub kind: Option<ChangeKind>,
    /// Which one.
    pub key: String,
}

#[derive(FromRow)]
struct ChangeRow {
    sequence: i64,
    kind: String,
    key: String,
}

impl Store {
    /// The number of the newest change; 0 where there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest_change(&self) -> Result<i64, StoreError> {
        let newest = sqlx::query_scalar("SELECT COALESCE(MAX(sequence), 0) FROM changes");
        Ok(newest.fetch_one(&self.pool).await?)
    }

    /// The number of the newest change there ever was, forgotten or not.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest_change_ever(&self) -> Result<i64, StoreError> {
        let newest = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'changes'");
        Ok(newest.fetch_optional(&self.pool).await?.unwrap_or(0))
    }

    /// The number of the newest change of a signing key that is remembered; 0 where none is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest_key_change(&self) -> Result<i64, StoreError> {
        let newest = sqlx::query_scalar(
            "SELECT COALESCE(MAX(sequence), 0) FROM changes WHERE kind = 'signing_key'",
        );
        Ok(newest.fetch_one(&self.pool).await?)
    }

    /// The changes after `sequence`, oldest first, at most `CHANGES_AT_ONCE`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn changes_after(&self, sequence: i64) -> Result<Vec<Change>, StoreError> {
        let rows: Vec<ChangeRow> = sqlx::query_as(
            "SELECT sequence, kind, key FROM changes WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
        )
        .bind(sequence)
        .bind(CHANGES_AT_ONCE)
        .fetch_all(&self.pool)
        .await?;
        let change = |row: ChangeRow| Change {
            sequence: row.sequence,
            kind: ChangeKind::parse(&row.kind),
            key: row.key,
        };
        Ok(rows.into_iter().map(change).collect())
    }

    /// Asks a running server for something.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn ask(&self, kind: ChangeKind, key: &str, by: By<'_>) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let sequence = note(&mut transaction, kind, key, by).await?;
        // Whether it is granted is the server's to say: go_live tells of that.
        let told = serde_json::json!({ "asked_for": true });
        let entry = Entry::done(kind.as_str(), "rules", key).with(None, Some(told));
        audit::record(&mut transaction, by, entry).await?;
        transaction.commit().await?;
        Ok(sequence)
    }

    /// The number of the newest wish to go back to an earlier rule chain; 0 where there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest_rollback(&self) -> Result<i64, StoreError> {
        let newest =
            sqlx::query_scalar("SELECT COALESCE(MAX(sequence), 0) FROM changes WHERE kind = ?1")
                .bind(ChangeKind::Rollback.as_str());
        Ok(newest.fetch_one(&self.pool).await?)
    }

    /// Says what somebody is about to do to the files of a rule, and asks a running server to look. It waits for whoever has
    /// locked their directory. The number is that of the wish.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn record_rule_change(
        &self,
        rule: RuleChange,
        by: By<'_>,
    ) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let operation = match (&rule.before, &rule.after) {
            (None, _) => "add",
            (Some(_), Some(_)) => "update",
            (Some(_), None) => "delete",
        };
        let entry = Entry::done(operation, "rule", &rule.name).with(rule.before, rule.after);
        audit::record(&mut transaction, by, entry).await?;
        let wish = note_rules_changed(&mut transaction, by).await?;
        transaction.commit().await?;
        Ok(wish)
    }

    /// Forgets changes older than `before` (Unix seconds). A reader that is further behind starts afresh anyway.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_changes(&self, before: i64) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM changes WHERE at < ?1")
            .bind(before)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected())
    }
}

/// What is done to the files of a rule, for the audit log.
pub struct RuleChange {
    /// The rule's name.
    pub name: String,
    /// What it is, if it is there.
    pub before: Option<Value>,
    /// What it will be, if it will be there.
    pub after: Option<Value>,
}

/// Asks a running server, as part of a write, to look at rules that this write has changed.
pub(super) async fn note_rules_changed(
    transaction: &mut Transaction,
    by: By<'_>,
) -> Result<i64, StoreError> {
    note(transaction, ChangeKind::Reload, RULES_CHANGED, by).await
}

/// The key of a wish to look at rules that somebody changed through this program, and is done.
pub const RULES_CHANGED: &str = "changed";

/// The key of a wish to go back to the generation before the live one.
pub const PREVIOUS: &str = "previous";

/// Writes a change as part of the write it is about.
pub(super) async fn note(
    transaction: &mut Transaction,
    kind: ChangeKind,
    key: &str,
    by: By<'_>,
) -> Result<i64, StoreError> {
    let inserted = sqlx::query("INSERT INTO changes (kind, key, at) VALUES (?1, ?2, ?3)")
        .bind(kind.as_str())
        .bind(key)
        .bind(by.at)
        .execute(&mut **transaction)
        .await?;
    Ok(inserted.last_insert_rowid())
}

/// How many changes are read in one go.
const CHANGES_AT_ONCE: i64 = 1_000;
