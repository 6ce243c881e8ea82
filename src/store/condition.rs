//! Whether the store takes writes: a write that fails says something about all that come after it.
//!
//! A full disk is tried again, and is left behind when a write succeeds. After an input or output error nothing is written
//! any more until the next start: the kernel reports a lost page once, and the next flush that succeeds says nothing
//! about it. A start reads what is really there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};
use tracing::{error, info};

use super::StoreError;

/// Whether the store takes writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Writable = 0,
    /// The disk was full at the last try. Every write tries again.
    Full = 1,
    /// A write failed for good: none is tried until the next start.
    ReadOnly = 2,
}

/// The condition of one store, shared by all who write to it.
#[derive(Clone)]
pub(super) struct Watch {
    condition: Arc<AtomicU8>,
    /// Where the store's file lies.
    directory: Arc<PathBuf>,
}

impl Watch {
    pub(super) fn new(file: &Path) -> Self {
        let directory = file.parent().unwrap_or(Path::new(".")).to_owned();
        Self {
            condition: Arc::default(),
            directory: Arc::new(directory),
        }
    }

    pub(super) fn condition(&self) -> Condition {
        match self.condition.load(Ordering::Acquire) {
            0 => Condition::Writable,
            1 => Condition::Full,
            _ => Condition::ReadOnly,
        }
    }

    /// Refuses a write that must not be tried.
    pub(super) fn admit(&self) -> Result<(), StoreError> {
        match self.condition() {
            Condition::Writable | Condition::Full => Ok(()),
            Condition::ReadOnly => Err(StoreError::ReadOnly),
        }
    }

    /// Learns from a failure. That something begins says nothing yet.
    fn learn_of_failure<T>(&self, ended: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let problem = match ended.map_err(StoreError::from) {
            Ok(done) => return Ok(done),
            // SQLite knows a full disk, and neither a full quota nor a file that may not grow.
            Err(StoreError::Broken(source)) if is_full(&self.directory) => StoreError::Full(source),
            Err(problem) => problem,
        };
        self.failed(&problem);
        Err(problem)
    }

    fn succeeded(&self) {
        let was_full = Condition::Full as u8;
        let (order, writable) = (Ordering::AcqRel, Condition::Writable as u8);
        let left = self
            .condition
            .compare_exchange(was_full, writable, order, Ordering::Acquire);
        if left.is_ok() {
            info!("the store takes writes again");
        }
    }

    fn failed(&self, problem: &StoreError) {
        let next = match problem {
            StoreError::Full(_) => Condition::Full,
            StoreError::Broken(_) => Condition::ReadOnly,
            StoreError::Conflict
            | StoreError::Dangling
            | StoreError::ReadOnly
            | StoreError::Newer { .. }
            | StoreError::Migrate(_)
            | StoreError::Database(_) => return,
        };
        // The worse one stays.
        let before = self.condition.fetch_max(next as u8, Ordering::AcqRel);
        if before >= next as u8 {
            return;
        }
        let directory = self.directory.display();
        let cause = std::error::Error::source(problem);
        match next {
            Condition::Full => error!(
                cause, %directory,
                "the disk is full: tokens go on being issued, changes are refused until there is room again"
            ),
            Condition::ReadOnly | Condition::Writable => error!(
                cause, %directory,
                "the store failed and is read-only until the next start: tokens go on being issued, changes are \
                 refused; look at the disk, run `rulemint store check`, start again or restore a backup"
            ),
        }
    }
}

/// A write under way; nothing of it is there until it is committed.
///
/// One that is not committed ends its connection: SQLite takes some failed writes back by itself and others not, and
/// what begins next must not find half of one.
pub(super) struct Transaction {
    connection: PoolConnection<Sqlite>,
    watch: Watch,
    is_over: bool,
}

impl Transaction {
    pub(super) async fn begin(pool: &SqlitePool, watch: &Watch) -> Result<Self, StoreError> {
        let connection = watch.learn_of_failure(pool.acquire().await)?;
        let mut begun = Self {
            connection,
            watch: watch.clone(),
            is_over: false,
        };
        begun.say("BEGIN IMMEDIATE").await?;
        Ok(begun)
    }

    /// Makes it durable: it is on disk when this says so.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        // Another write may have found out meanwhile that the disk is not to be trusted.
        self.watch.admit()?;
        self.say("COMMIT").await?;
        self.is_over = true;
        self.watch.succeeded();
        Ok(())
    }

    async fn say(&mut self, statement: &'static str) -> Result<(), StoreError> {
        let said = sqlx::query(statement).execute(&mut *self.connection).await;
        self.watch.learn_of_failure(said).map(drop)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Transaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

/// Whether a small file cannot be written for want of room.
fn is_full(directory: &Path) -> bool {
    let path = directory.join(format!("room-{}", std::process::id()));
    let tried = try_to_write(&path);
    let _ = fs::remove_file(&path); // It may never have come to be.
    tried.is_err_and(|problem| {
        matches!(
            problem.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
        )
    })
}

fn try_to_write(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&[0; PROBE_BYTES])?;
    file.sync_all()
}

/// More than a page and its head in the write-ahead log.
const PROBE_BYTES: usize = 8_192;
