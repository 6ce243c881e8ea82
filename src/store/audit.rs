//! The audit log: who changed what. An entry is written in the transaction of the change that it tells of.

mod told;

pub use told::{AuditObject, UnknownAuditWord, audit_operation};

use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, QueryBuilder, Sqlite};

use super::{Store, StoreError, Transaction};
use crate::audit::{By, Difference, value_of};

/// What is told of one change, beside who made it and when.
pub(super) struct Entry<'e> {
    operation: &'static str,
    kind: &'static str,
    id: &'e str,
    before: Option<Value>,
    after: Option<Value>,
}

impl<'e> Entry<'e> {
    /// Something is there now.
    pub(super) fn added(kind: &'static str, id: &'e str, after: &impl Serialize) -> Self {
        Self::done("add", kind, id).with(None, Some(value_of(after)))
    }

    /// Something is not what it was.
    pub(super) fn updated<T: Serialize>(
        kind: &'static str,
        id: &'e str,
        (before, after): (&T, &T),
    ) -> Self {
        Self::done("update", kind, id).with(Some(value_of(before)), Some(value_of(after)))
    }

    /// Something is gone.
    pub(super) fn deleted(kind: &'static str, id: &'e str, before: &impl Serialize) -> Self {
        Self::done("delete", kind, id).with(Some(value_of(before)), None)
    }

    /// Something else was done about a thing.
    pub(super) fn done(operation: &'static str, kind: &'static str, id: &'e str) -> Self {
        Self {
            operation,
            kind,
            id,
            before: None,
            after: None,
        }
    }

    /// Tells one property more of the thing as it was.
    pub(super) fn tell_before(&mut self, name: &str, value: impl Into<Value>) {
        tell(&mut self.before, name, value.into());
    }

    /// Tells one property more of the thing as it is.
    pub(super) fn tell_after(&mut self, name: &str, value: impl Into<Value>) {
        tell(&mut self.after, name, value.into());
    }

    /// The same, with the thing as it was and as it is.
    pub(super) fn with(self, before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            before,
            after,
            ..self
        }
    }
}

fn tell(side: &mut Option<Value>, name: &str, value: Value) {
    if let Some(Value::Object(members)) = side {
        members.insert(name.to_owned(), value);
    }
}

/// Writes an entry as part of the write it is about. A change after which everything is as before leaves none.
pub(super) async fn record(
    transaction: &mut Transaction,
    by: By<'_>,
    entry: Entry<'_>,
) -> Result<(), StoreError> {
    let Some(told) = Difference::between(entry.before.as_ref(), entry.after.as_ref()) else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO audit (created_at, actor_kind, actor, peer, correlation_id, operation, \
         object_kind, object_id, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(by.at)
    .bind(by.actor.kind().as_str())
    .bind(by.actor.id())
    .bind(by.actor.peer().map(|peer| peer.to_string()))
    .bind(by.actor.correlation_id())
    .bind(entry.operation)
    .bind(entry.kind)
    .bind(entry.id)
    .bind(told.before)
    .bind(told.after)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct AuditRow {
    /// Its number; later ones have greater numbers.
    pub id: i64,
    /// Unix seconds.
    pub created_at: i64,
    /// `client`, `user` or `server`.
    pub actor_kind: String,
    /// The client id, or the user's name.
    pub actor: String,
    /// The address it came from; `None`: this machine.
    pub peer: Option<String>,
    /// The caller's own name for the call.
    pub correlation_id: Option<String>,
    /// `add`, `update`, `delete`, …
    pub operation: String,
    /// `client`, `api`, `grant`, …
    pub object_kind: String,
    /// Which one.
    pub object_id: String,
    /// What changed, as it was: a JSON object. `None`: there was nothing.
    pub before: Option<String>,
    /// The same as it is now. `None`: there is nothing any more.
    pub after: Option<String>,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Those from this moment on (Unix seconds).
    pub since: Option<i64>,
    /// Those before this moment (Unix seconds).
    pub until: Option<i64>,
    /// Those of this client or user.
    pub actor: Option<String>,
    /// Those that tell of this.
    pub operation: Option<String>,
    /// Those about things of this kind.
    pub object_kind: Option<String>,
    /// Those about this one, and what was revoked of it.
    pub object_id: Option<String>,
    /// Those of the call with this name.
    pub correlation_id: Option<String>,
}

/// Which part of the log is wanted, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct AuditWindow {
    /// Behind this entry, if the list goes on from one.
    pub behind: Option<i64>,
    /// How many there may be.
    pub limit: u32,
    /// Whether the newest come first.
    pub newest_first: bool,
}

impl Store {
    /// The part of the log that the window shows.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        window: AuditWindow,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let mut query = QueryBuilder::new("SELECT * FROM audit WHERE TRUE");
        narrow(&mut query, filter);
        let (beyond, order) = match window.newest_first {
            true => (" AND id < ", " ORDER BY id DESC LIMIT "),
            false => (" AND id > ", " ORDER BY id LIMIT "),
        };
        if let Some(behind) = window.behind {
            query.push(beyond).push_bind(behind);
        }
        query.push(order).push_bind(i64::from(window.limit));
        Ok(query.build_query_as().fetch_all(&self.pool).await?)
    }

    /// Writes an entry that tells of no change: somebody was refused one.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn record_refusal(
        &self,
        call: &str,
        why: Value,
        by: By<'_>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let entry = Entry::done("refuse", "call", call).with(None, Some(why));
        record(&mut transaction, by, entry).await?;
        transaction.commit().await
    }

    /// Deletes the entries before a moment (Unix seconds), says how many they were, and leaves one entry that tells of it.
    /// What is not deleted this way cannot be deleted.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_audit(&self, before: i64, by: By<'_>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        // Clocks jump: everything from the first entry on that is young enough stays.
        sqlx::query(
            "UPDATE audit_kept SET first = COALESCE(\
             (SELECT MIN(id) FROM audit WHERE created_at >= ?1), \
             (SELECT MAX(id) + 1 FROM audit), first)",
        )
        .bind(before)
        .execute(&mut *transaction)
        .await?;
        let deleted = sqlx::query("DELETE FROM audit WHERE id < (SELECT first FROM audit_kept)")
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if deleted > 0 {
            let told = serde_json::json!({ "entries": deleted, "before": before });
            let entry = Entry::done("forget", "audit", "").with(None, Some(told));
            record(&mut transaction, by, entry).await?;
        }
        transaction.commit().await?;
        Ok(deleted)
    }
}

fn narrow(query: &mut QueryBuilder<Sqlite>, filter: &AuditFilter) {
    if let Some(since) = filter.since {
        query.push(" AND created_at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" AND created_at < ").push_bind(until);
    }
    let texts = [
        (" AND actor = ", &filter.actor),
        (" AND operation = ", &filter.operation),
        (" AND correlation_id = ", &filter.correlation_id),
    ];
    for (condition, wanted) in texts {
        if let Some(wanted) = wanted {
            query.push(condition).push_bind(wanted.clone());
        }
    }
    narrow_to_object(query, filter);
}

/// What was done to a thing, and what was revoked of it: a revocation is an object of its own, but who asks about a client wants
/// to know that too.
fn narrow_to_object(query: &mut QueryBuilder<Sqlite>, filter: &AuditFilter) {
    let Some(kind) = &filter.object_kind else {
        return;
    };
    query.push(" AND (object_kind = ").push_bind(kind.clone());
    if let Some(id) = &filter.object_id {
        query.push(" AND object_id = ").push_bind(id.clone());
        for name in named_in_revocations(kind) {
            query.push(" OR object_kind = 'revocation' AND COALESCE(after, before) ->> ");
            query.push_bind(*name).push(" = ").push_bind(id.clone());
        }
    }
    query.push(")");
}

/// By which properties an entry about a revocation names a thing of a kind. Blacklists may have a client where others have an API.
fn named_in_revocations(kind: &str) -> &'static [&'static str] {
    match kind {
        "client" => &["client_id", "audience"],
        "api" => &["audience"],
        "signing_key" => &["key"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::audit::Actor;

    async fn store() -> (Store, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("store.db"))
            .await
            .unwrap();
        (store, directory)
    }

    async fn refuse(store: &Store, call: &str, at: i64) {
        let actor = Actor::client("c1");
        let recorded = store.record_refusal(call, json!({}), actor.by(at));
        recorded.await.unwrap();
    }

    async fn calls(store: &Store) -> Vec<String> {
        let window = AuditWindow {
            behind: None,
            limit: 100,
            newest_first: false,
        };
        let rows = store.audit(&AuditFilter::default(), window).await.unwrap();
        rows.into_iter().map(|row| row.object_id).collect()
    }

    #[tokio::test]
    async fn an_entry_cannot_be_changed_or_deleted() {
        let (store, _directory) = store().await;
        refuse(&store, "a", 1).await;
        for statement in [
            "UPDATE audit SET actor = 'somebody else'",
            "DELETE FROM audit",
            "DELETE FROM audit WHERE id = 1",
        ] {
            let refused = sqlx::query(statement).execute(&store.pool).await;
            let problem = refused.unwrap_err().to_string();
            assert!(problem.contains("only appended to"), "{problem}");
        }
        assert_eq!(calls(&store).await, ["a"]);
    }

    #[tokio::test]
    async fn old_entries_are_forgotten_by_one_entry_that_says_who_did_it() {
        let (store, _directory) = store().await;
        for (call, at) in [("a", 10), ("b", 20), ("c", 30)] {
            refuse(&store, call, at).await;
        }
        let auditor = Actor::user("auditor");
        assert_eq!(store.forget_audit(20, auditor.by(40)).await.unwrap(), 1);
        assert_eq!(calls(&store).await, ["b", "c", ""]);
        assert_eq!(store.forget_audit(20, auditor.by(41)).await.unwrap(), 0);
        assert_eq!(
            calls(&store).await.len(),
            3,
            "nothing was done, nothing is told"
        );
        assert_eq!(store.forget_audit(100, auditor.by(50)).await.unwrap(), 3);
        let newest = AuditWindow {
            behind: None,
            limit: 1,
            newest_first: true,
        };
        let told = store.audit(&AuditFilter::default(), newest).await;
        let told = told.unwrap().remove(0);
        assert_eq!(
            (told.operation.as_str(), told.actor.as_str()),
            ("forget", "auditor")
        );
        assert!(told.after.unwrap().contains(r#""entries":3"#));
    }

    #[tokio::test]
    async fn an_entry_of_a_clock_that_was_behind_is_not_forgotten_before_its_turn() {
        let (store, _directory) = store().await;
        for (call, at) in [("a", 10), ("b", 30), ("c", 10)] {
            refuse(&store, call, at).await;
        }
        let auditor = Actor::user("auditor");
        assert_eq!(store.forget_audit(20, auditor.by(40)).await.unwrap(), 1);
        assert_eq!(calls(&store).await, ["b", "c", ""]);
    }
}
