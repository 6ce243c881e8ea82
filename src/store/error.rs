//! Why the store could not do what was asked.

use sqlx::migrate::MigrateError;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another row with the same identity is there already.
    #[error("write to the store: there is one already")]
    Conflict,
    /// It refers to a row that is not there.
    #[error("write to the store: it refers to something that is not there")]
    Dangling,
    /// There is no room left. Nothing was written.
    #[error("write to the store: the disk is full; make room, nothing else is needed")]
    Full(#[source] sqlx::Error),
    /// The disk failed, or the file is damaged.
    #[error("use the store: the disk failed, or the file is damaged")]
    Broken(#[source] sqlx::Error),
    /// A write failed for good before this one.
    #[error(
        "write to the store: it is read-only since a write failed; look at the disk and start the server again"
    )]
    ReadOnly,
    /// A newer version made its tables into something that this one does not understand.
    #[error(
        "use the store: a newer rulemint wrote it (its tables are at {found}, this one knows them up to {known}); \
         run that version, or restore a backup that this one made"
    )]
    Newer {
        /// The newest migration that was run.
        found: i64,
        /// The newest one that this version has.
        known: i64,
    },
    /// The tables could not be brought up to date.
    #[error("bring the store's tables up to date")]
    Migrate(#[from] MigrateError),
    /// The database failed, or a row holds what this version does not understand.
    #[error("use the store")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return Self::Database(error);
        };
        if database.is_unique_violation() {
            return Self::Conflict;
        }
        if database.is_foreign_key_violation() {
            return Self::Dangling;
        }
        let code = database.code().and_then(|code| code.parse().ok());
        match code.map(Failure::of) {
            Some(Failure::Full) => Self::Full(error),
            Some(Failure::Broken) => Self::Broken(error),
            Some(Failure::Other) | None => Self::Database(error),
        }
    }
}

/// What a result code of SQLite says about the disk (<https://www.sqlite.org/rescode.html>).
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    Full,
    Broken,
    Other,
}

impl Failure {
    fn of(code: i32) -> Self {
        match (code, code & 0xff) {
            (_, FULL) | (IOERR_SHMSIZE, _) => Self::Full,
            (IOERR_NOMEM, _) => Self::Other,
            (_, IOERR | CORRUPT | NOTADB | READONLY) => Self::Broken,
            _ => Self::Other,
        }
    }
}

const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOTADB: i32 = 26;
const IOERR_NOMEM: i32 = IOERR | (12 << 8);
/// The file that readers and writers share could not be made larger.
const IOERR_SHMSIZE: i32 = IOERR | (19 << 8);

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn what_a_failure_says_about_the_disk() {
        let (fsync, write, busy) = (1_034, 778, 5);
        for code in [fsync, write, 11, 26, 8] {
            assert_eq!(Failure::of(code), Failure::Broken, "{code}");
        }
        for code in [13, 4_874] {
            assert_eq!(Failure::of(code), Failure::Full, "{code}");
        }
        for code in [busy, 3_082, 14, 1] {
            assert_eq!(Failure::of(code), Failure::Other, "{code}");
        }
    }
}
