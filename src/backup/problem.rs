//! Why there is no backup, or nothing was restored.

use std::io;
use std::path::{Path, PathBuf};

use crate::data_dir::DataDirError;
use crate::keys::KeyRingError;
use crate::master_key::MasterKeyError;
use crate::revocation::RevocationError;
use crate::store::StoreError;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is ever overwritten.
    #[error("write the backup {path}: there is something already; name a directory that is not there yet", path = .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("use {path}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is no backup, or not a whole one.
    #[error("restore {path}: it is no backup: it has no readable {list}", path = path.display(), list = super::LIST_FILE)]
    NotOne {
        /// What was named.
        path: PathBuf,
        /// What was wrong with the list.
        source: io::Error,
    },
    /// A newer version made it.
    #[error("restore {path}: rulemint {version} made it, in a form that this version does not know; use that version", path = path.display())]
    Newer {
        /// The backup.
        path: PathBuf,
        /// Who made it.
        version: String,
    },
    /// It is not what was written.
    #[error("restore {path}: it is damaged: {}", damage.join("; "), path = path.display())]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// What is wrong.
        damage: Vec<String>,
    },
    /// The master key is kept elsewhere.
    #[error("restore {path}: it was made without the master key; give it with --master-key", path = .0.display())]
    NoMasterKey(PathBuf),
    /// There is an installation already.
    #[error("restore into {path}: there is an installation already; --force puts it aside and keeps it", path = .0.display())]
    NotEmpty(PathBuf),
    /// Rules were to be restored and there are none, or there are some already.
    #[error("restore the rules: {0}")]
    Rules(String),
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The store cannot be read or copied.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The signing keys cannot be opened with it.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// What was issued could not be revoked.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
}

impl BackupError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
