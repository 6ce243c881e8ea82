//! The rules directory: puts rules into it and takes them out, so that a server that watches never sees half of one.
//!
//! [`put`] and [`Removal`] know rules by the names of their files; [`ScriptRules`] knows the scripts among them as Auth0's
//! tools do, by id, name and order. Whoever writes holds the directory's lock.

mod manifest;
mod place;
mod read;
mod script;
mod secrets;
mod write;

use std::io;
use std::path::PathBuf;

pub use place::{ORDER_MAX, Place};
pub(crate) use read::{DirectoryId, OpenDir, ReadProblem};
pub use script::{NewScript, Prepared, ScriptChange, ScriptRule, ScriptRules};
pub use write::{Removal, RuleFiles, put};

/// Why the rules directory is not as it was asked to be. The texts are for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum RulesDirError {
    /// There is no such directory.
    #[error("there is no directory {}: make it, or name another with --rules-dir", .0.display())]
    NoDirectory(PathBuf),
    /// It is not to be written to.
    #[error("{}: {why}", path.display())]
    ReadOnly {
        /// The directory, or what cannot be changed in it.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// There is no such rule.
    #[error("there is no rule {name} in {}", rules_dir.display())]
    NotThere {
        /// Its name, or its id.
        name: String,
        /// Where it is not.
        rules_dir: PathBuf,
    },
    /// There is one already.
    #[error("{0}")]
    Conflict(String),
    /// A value cannot be what it is.
    #[error("{0}")]
    Invalid(String),
    /// A file cannot be read.
    #[error("read {}: {why}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Something cannot be written or deleted.
    #[error("change {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl RulesDirError {
    /// Something could not be written: where nobody may write, that is said instead.
    fn on_write(path: PathBuf, source: io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem) {
            let why = "it may not be written to: change its rules where they come from";
            return Self::ReadOnly { path, why };
        }
        Self::Write { path, source }
    }
}
