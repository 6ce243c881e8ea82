//! The data directory: one installation's store, keys, compiled rules and last good rules.

mod restored;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// A data directory that exists and is its owner's alone.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The store's file, below the directory.
    pub const STORE_FILE: &str = "rulemint.db";
    /// The name of the directory of secrets that declared state gave to scripts.
    pub const RULE_SECRETS: &str = "rule-secrets";

    /// Makes the directory where it is missing (mode 0700).
    ///
    /// # Errors
    /// When it cannot be made, or others may write to it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Unusable {
            path: path.to_owned(),
            source,
        };
        make_private(path).map_err(failed)?;
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(DataDirError::WritableByOthers {
                path: path.to_owned(),
            });
        }
        Ok(Self(path.to_owned()))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.0.join(Self::STORE_FILE)
    }

    /// A directory of its own below this one, made (mode 0700) where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn below(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let path = self.0.join(name);
        match make_private(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(DataDirError::Unusable { path, source }),
        }
    }

    /// Claims the directory for the one server that may run on it, until the claim is dropped or the process ends.
    ///
    /// # Errors
    /// When a server runs on it already.
    pub fn claim(&self) -> Result<Claim, DataDirError> {
        let lock = self.lock_file("server.lock")?;
        // A command that asks `is_served` holds the lock for a moment; a server holds it for good.
        let mut attempt = lock.try_lock();
        for _ in 0..CLAIM_RETRIES {
            if !matches!(attempt, Err(TryLockError::WouldBlock)) {
                break;
            }
            thread::sleep(CLAIM_PAUSE);
            attempt = lock.try_lock();
        }
        match attempt {
            Ok(()) => Ok(Claim(lock)),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse {
                path: self.0.clone(),
            }),
            Err(TryLockError::Error(source)) => Err(DataDirError::Unusable {
                path: self.0.clone(),
                source,
            }),
        }
    }

    /// Whether a server runs on this directory.
    pub fn is_served(&self) -> bool {
        let lock = self.lock_file("server.lock");
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Keeps every other process from setting the directory up at the same moment, until the guard is dropped.
    ///
    /// # Errors
    /// When the lock file cannot be made or locked.
    pub fn set_up_alone(&self) -> Result<Claim, DataDirError> {
        let lock = self.lock_file("setup.lock")?;
        match lock.lock() {
            Ok(()) => Ok(Claim(lock)),
            Err(source) => Err(DataDirError::Unusable {
                path: self.0.clone(),
                source,
            }),
        }
    }

    fn lock_file(&self, name: &str) -> Result<File, DataDirError> {
        let path = self.0.join(name);
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        opened.map_err(|source| DataDirError::Unusable { path, source })
    }
}

/// A held lock; it ends with this value, and with the process at the latest.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "holding the file open is holding the lock")] File);

fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

const CLAIM_RETRIES: u32 = 10;
const CLAIM_PAUSE: Duration = Duration::from_millis(20);

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It cannot be made, read or locked.
    #[error("use the data directory {path}", path = path.display())]
    Unusable {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Whoever can write to it can run code as this server.
    #[error("use the data directory {path}: others may write to it; run chmod go-w", path = path.display())]
    WritableByOthers {
        /// The directory.
        path: PathBuf,
    },
    /// A server runs on it.
    #[error("use the data directory {path}: a rulemint server is running on it already", path = path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
}
