//! Brings the tables up to date, or says that a newer version must be run.

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;

use super::StoreError;

/// Runs the migrations that have not run yet. Those of a newer version are no obstacle as long as they only added.
pub(super) async fn bring_up_to_date(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut migrator: Migrator = sqlx::migrate!();
    let known = newest_of(&migrator);
    check(pool, known).await?;
    migrator.set_ignore_missing(true);
    Ok(migrator.run(pool).await?)
}
/// Checks that this version understands the tables, and touches nothing.
///
/// # Errors
/// [`StoreError::Newer`] when it does not.
pub(super) async fn check_known(pool: &SqlitePool) -> Result<(), StoreError> {
    check(pool, newest_of(&sqlx::migrate!())).await
}

/// The newest migration that was run.
pub(super) async fn found(pool: &SqlitePool) -> Result<i64, StoreError> {
    let newest = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success";
    Ok(sqlx::query_scalar(newest).fetch_one(pool).await?)
}

fn newest_of(migrator: &Migrator) -> i64 {
    migrator
        .iter()
        .map(|one| one.version)
        .max()
        .unwrap_or_default()
}

async fn check(pool: &SqlitePool, known: i64) -> Result<(), StoreError> {
    if !has_table(pool, "_sqlx_migrations").await? {
        return Ok(()); // It is new.
    }
    let found = found(pool).await?;
    if found <= known || !has_table(pool, "compatibility").await? {
        return Ok(());
    }
    let readable_from = "SELECT readable_from FROM compatibility";
    let readable_from: i64 = sqlx::query_scalar(readable_from).fetch_one(pool).await?;
    match readable_from <= known {
        true => Ok(()),
        false => Err(StoreError::Newer { found, known }),
    }
}

async fn has_table(pool: &SqlitePool, name: &str) -> Result<bool, StoreError> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
    Ok(sqlx::query_scalar(exists)
        .bind(name)
        .fetch_one(pool)
        .await?)
}
