//! What must outlive the process: one SQLite file. The only module that speaks SQL.
//!
//! - Lookups answer `Ok(None)` for what is not there; that is no error here.
//! - A write is durable when its future resolves (WAL, `synchronous=FULL`).
//! - A write that a running server must learn of leaves a row in `changes`, in the same transaction.
//! - A write that somebody made takes a [`By`](crate::audit::By), and leaves an entry in the audit log, in the same transaction.
//! - Nothing on the token path calls this module: it reads memory.

mod api_servers;
mod apis;
mod audit;
mod changes;
mod clients;
mod condition;
mod copy;
mod credential;
mod credentials;
mod error;
mod generations;
mod granting;
mod grants;
mod issued;
mod keys;
mod known;
mod ledger;
mod list;
mod reports;
mod revocations;
mod revoking;
mod rules_configs;
mod schema;
mod status_lists;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

pub use apis::{ApiFilter, ApiRow, ScopeRow};
pub use audit::{
    AuditFilter, AuditObject, AuditRow, AuditWindow, UnknownAuditWord, audit_operation,
};
pub use changes::{Change, ChangeKind, PREVIOUS, RULES_CHANGED, RuleChange};
pub use clients::{ClientFilter, ClientRow, IdSpan, SecretRow, Secrets};
pub use condition::Condition;
pub use credential::CredentialRow;
pub use error::StoreError;
pub use generations::{GenerationRow, NewGeneration};
pub use grants::{GrantFilter, GrantRow};
pub use issued::{IssuedFilter, IssuedPart, Met};
pub use keys::{KeyRow, RevokedKeyRow};
pub use ledger::{LedgerContext, LedgerToken};
pub use list::{Cursor, Filter, Start, Window};
pub use revocations::{BlacklistFilter, NewRevocationRow, RevocationRow, RevokedTokenRow};
pub use rules_configs::RulesConfigRow;
pub use status_lists::{ListedToken, PLACE_BITS, StatusListRow, place_of, status};

use condition::{Transaction, Watch};

/// The store of one installation. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
    watch: Watch,
}

/// What Auth0's tools say about a thing beyond what this server acts on, by name.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

impl Store {
    /// Opens the file, makes it where it is missing, and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be used, or was written by a newer rulemint.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        make_private(file).map_err(|problem| StoreError::Database(problem.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("wal_autocheckpoint", "4000")
            .busy_timeout(BUSY_TIMEOUT);
        let pool = pool(CONNECTIONS_MAX).connect_with(options).await?;
        schema::bring_up_to_date(&pool).await?;
        let watch = Watch::new(file);
        Ok(Self { pool, watch })
    }

    /// Asks the store whether it still answers. It is asked for a row: a file that went bad still answers questions that
    /// take no reading.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.newest_change().await.map(drop)
    }

    /// Writes something that says nothing, to find out whether a full disk has room again.
    ///
    /// # Errors
    /// When it has not.
    pub async fn try_to_write(&self, now: i64) -> Result<(), StoreError> {
        self.write_report("room", &now.to_string(), now).await
    }

    /// Whether it takes writes, as far as the last ones tell.
    pub fn condition(&self) -> Condition {
        self.watch.condition()
    }

    /// Closes the connections once what is under way is done.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Starts a write. SQLite has one writer at a time: taking its place at once avoids failing half-way.
    async fn begin(&self) -> Result<Transaction, StoreError> {
        self.watch.admit()?;
        Transaction::begin(&self.pool, &self.watch).await
    }
}

/// Connections to a file never grow old: nothing is gained by opening it anew. So none is looked for that is too old
/// either, which a pool does in the background, and where this one can spin for ever
/// ([sqlx 3645](https://github.com/launchbadge/sqlx/issues/3645), not mended in 0.9.0).
fn pool(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(BUSY_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Makes the file where it is missing, for its owner alone; SQLite gives the files beside it the same mode.
fn make_private(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).mode(0o600).open(file);
    opened.map(drop)
}

/// How long to wait for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS_MAX: u32 = 4;

#[cfg(test)]
mod tests {
    use super::Store;

    #[tokio::test]
    async fn nothing_looks_for_old_connections_in_the_background() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("store.db");
        let stores = [
            Store::open(&file).await.unwrap(),
            Store::open_as_is(&file).await.unwrap(),
        ];
        for store in stores {
            let options = store.pool.options();
            assert_eq!(options.get_idle_timeout(), None);
            assert_eq!(options.get_max_lifetime(), None);
        }
    }
}
