//! Status lists, and the tokens on record that have a place on one.

use sqlx::{AssertSqlSafe, FromRow};

use super::ledger::{key_of, numbers_of_jti};
use super::{Store, StoreError};

/// A status list as stored.
#[derive(Clone, Debug, FromRow)]
pub struct StatusListRow {
    /// Its number, in tokens' records.
    pub number: i64,
    /// The end of its address.
    pub id: String,
    /// For whose tokens it is.
    pub audience: String,
    /// What the order of its places follows from.
    pub seed: Vec<u8>,
    /// So many places, in that order, are handed out, or may be.
    pub reserved: i64,
    /// The longest that a token on it lives, in seconds.
    pub lifetime: i64,
    /// When it was closed (Unix seconds). `None`: places are handed out.
    pub closed_at: Option<i64>,
    /// Unix seconds.
    pub created_at: i64,
}

/// A token on record that has a place on a status list.
#[derive(Clone, Debug, FromRow)]
pub struct ListedToken {
    /// The number of its record.
    pub id: i64,
    /// Its list's number and its place: [`status`].
    pub status: i64,
    /// Its `jti`.
    pub jti: String,
    /// The number of its context.
    pub context_id: i64,
    /// Its `sub`, where that is not the client.
    pub subject: Option<String>,
    /// Its `iat`.
    pub issued_at: i64,
    /// The newest cut-off that it knows.
    pub cutoff: i64,
}

/// A list's number and a place on it, as one number.
pub const fn status(list: i64, place: u32) -> i64 {
    list << PLACE_BITS | place as i64
}

/// The place in such a number.
pub fn place_of(status: i64) -> usize {
    usize::try_from(status & ((1 << PLACE_BITS) - 1)).unwrap_or_default()
}

impl Store {
    /// Every status list.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn status_lists(&self) -> Result<Vec<StatusListRow>, StoreError> {
        let all = sqlx::query_as("SELECT * FROM status_lists ORDER BY number");
        Ok(all.fetch_all(&self.pool).await?)
    }

    /// Adds a status list, and says its number, whatever the row says.
    ///
    /// # Errors
    /// When the store does not answer, or cannot hold more.
    pub async fn add_status_list(&self, row: &StatusListRow) -> Result<i64, StoreError> {
        let mut transaction = self.begin().await?;
        let inserted = sqlx::query(
            "INSERT INTO status_lists (id, audience, seed, reserved, lifetime, closed_at, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(&row.id)
        .bind(&row.audience)
        .bind(&row.seed)
        .bind(row.reserved)
        .bind(row.lifetime)
        .bind(row.closed_at)
        .bind(row.created_at)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(inserted.last_insert_rowid())
    }

    /// Reserves up to `count` places of a list that has `places`, for tokens that live no longer than `lifetime` seconds.
    /// Says where they begin and end; they are nobody else's from now on.
    ///
    /// # Errors
    /// When the store does not answer, or cannot hold more.
    pub async fn reserve_places(
        &self,
        list: i64,
        (count, places): (i64, i64),
        lifetime: i64,
    ) -> Result<(i64, i64), StoreError> {
        let mut transaction = self.begin().await?;
        let from: i64 = sqlx::query_scalar("SELECT reserved FROM status_lists WHERE number = ?1")
            .bind(list)
            .fetch_one(&mut *transaction)
            .await?;
        let to = places.min(from + count);
        sqlx::query(
            "UPDATE status_lists SET reserved = ?2, lifetime = MAX(lifetime, ?3) WHERE number = ?1",
        )
        .bind(list)
        .bind(to)
        .bind(lifetime)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok((from, to))
    }

    /// Gives back the places from `unused` on, if none behind `reserved` was reserved meanwhile.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn give_back_places(
        &self,
        list: i64,
        reserved: i64,
        unused: i64,
    ) -> Result<(), StoreError> {
        let update =
            "UPDATE status_lists SET reserved = ?3 WHERE number = ?1 AND reserved = ?2 AND ?3 < ?2";
        let update = sqlx::query(update).bind(list).bind(reserved).bind(unused);
        let mut transaction = self.begin().await?;
        update.execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Closes a list: no place on it is handed out any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn close_status_list(&self, list: i64, now: i64) -> Result<(), StoreError> {
        let update =
            "UPDATE status_lists SET closed_at = ?2 WHERE number = ?1 AND closed_at IS NULL";
        let update = sqlx::query(update).bind(list).bind(now);
        let mut transaction = self.begin().await?;
        update.execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Deletes a list.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete_status_list(&self, list: i64) -> Result<(), StoreError> {
        let delete = sqlx::query("DELETE FROM status_lists WHERE number = ?1").bind(list);
        let mut transaction = self.begin().await?;
        delete.execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// The tokens on a list whose records come after `after`, in their order, at most `count`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn tokens_on(
        &self,
        list: i64,
        after: i64,
        count: u32,
    ) -> Result<Vec<ListedToken>, StoreError> {
        let some = sqlx::query_as(
            "SELECT id, status, jti, context_id, subject, issued_at, cutoff FROM ledger_tokens \
             WHERE status IS NOT NULL AND status >> 20 = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        );
        let some = some.bind(list).bind(after).bind(count);
        Ok(some.fetch_all(&self.pool).await?)
    }

    /// The tokens on lists with this `jti`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn listed_tokens(&self, jti: &str) -> Result<Vec<ListedToken>, StoreError> {
        let all = format!(
            "SELECT id, status, jti, context_id, subject, issued_at, cutoff FROM ledger_tokens \
             WHERE status IS NOT NULL AND id IN ({})",
            numbers_of_jti("?1", "?2")
        );
        let all = sqlx::query_as(AssertSqlSafe(all))
            .bind(key_of(jti))
            .bind(jti);
        Ok(all.fetch_all(&self.pool).await?)
    }
}

/// A list has so many places: 2 to the power of this, as the index `ledger_tokens_by_list` has it.
pub const PLACE_BITS: u32 = 20;
