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

use sqlx::{Sqlite, SqliteConnection};
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

    /// Learns from how a write ended.
    fn learn(&self, ended: Result<(), sqlx::Error>) -> Result<(), StoreError> {
        self.learn_of_failure(ended)?;
        self.succeeded();
        Ok(())
    }

    /// Learns from a failure. That something begins says nothing yet.
    pub(super) fn learn_of_failure<T>(
        &self,
        ended: Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
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
        let problem = problem as &dyn std::error::Error;
        match next {
            Condition::Full => error!(
                problem, %directory,
                "the disk is full: tokens go on being issued, changes are refused until there is room again"
            ),
            Condition::ReadOnly | Condition::Writable => error!(
                problem, %directory,
                "the store failed and is read-only until the next start: tokens go on being issued, changes are \
                 refused; look at the disk, run `rulemint store check`, start again or restore a backup"
            ),
        }
    }
}

/// A write under way; nothing of it is there until it is committed.
pub(super) struct Transaction {
    inner: sqlx::Transaction<'static, Sqlite>,
    watch: Watch,
}

impl Transaction {
    pub(super) fn new(inner: sqlx::Transaction<'static, Sqlite>, watch: Watch) -> Self {
        Self { inner, watch }
    }

    /// Makes it durable: it is on disk when this says so.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        // Another write may have found out meanwhile that the disk is not to be trusted.
        self.watch.admit()?;
        self.watch.learn(self.inner.commit().await)
    }
}

impl Deref for Transaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.inner
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
