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
    /// The tables could not be brought up to date.
    #[error("bring the store's tables up to date")]
    Migrate(#[from] MigrateError),
    /// The database failed, or a row holds what this version does not understand.
    #[error("use the store")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Conflict,
            Some(database) if database.is_foreign_key_violation() => Self::Dangling,
            _ => Self::Database(error),
        }
    }
}
