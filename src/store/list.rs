//! Lists, a part at a time: the oldest come first, and a page does not cost more because the list is long.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Sqlite};

use super::{Store, StoreError};

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins.
    pub start: Start,
    /// How many there may be.
    pub limit: u32,
}

/// Where a part of a list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Behind this many.
    Offset(u64),
    /// Behind this one, which need not be there any more.
    After(Cursor),
}

/// A place in a list that stays the same whatever is added or deleted before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the last one seen was made.
    pub created_at: i64,
    /// Its id.
    pub id: String,
}

/// Says which rows of a table are wanted.
pub trait Filter {
    /// What a row is read as.
    type Row: for<'r> FromRow<'r, SqliteRow> + Send + Unpin;
    /// The table.
    const TABLE: &'static str;

    /// Adds its conditions; the first has one to follow already.
    fn narrow(&self, query: &mut Conditions);

    /// A row's place in the list.
    fn cursor(row: &Self::Row) -> Cursor;
}

/// The conditions of a query.
pub struct Conditions(QueryBuilder<Sqlite>);

impl Conditions {
    fn new(what: &str, table: &str) -> Self {
        Self(QueryBuilder::new(format!(
            "SELECT {what} FROM {table} WHERE TRUE"
        )))
    }

    /// Only rows in which the expression is one of these values.
    pub(super) fn one_of(&mut self, expression: &'static str, values: &[String]) {
        self.0.push(format_args!(" AND {expression} IN ("));
        let mut list = self.0.separated(", ");
        for value in values {
            list.push_bind(value.clone());
        }
        self.0.push(")");
    }

    /// Only rows that say nothing in this column.
    pub(super) fn is_null(&mut self, column: &'static str) {
        self.0.push(format_args!(" AND {column} IS NULL"));
    }

    fn within(&mut self, window: &Window) {
        if let Start::After(cursor) = &window.start {
            self.0.push(" AND (created_at, id) > (");
            self.0.push_bind(cursor.created_at).push(", ");
            self.0.push_bind(cursor.id.clone()).push(")");
        }
        self.0.push(" ORDER BY created_at, id LIMIT ");
        self.0.push_bind(i64::from(window.limit));
        if let Start::Offset(offset) = window.start {
            self.0.push(" OFFSET ");
            self.0.push_bind(i64::try_from(offset).unwrap_or(i64::MAX));
        }
    }
}

impl Store {
    /// The part of a list that the window shows.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn list<F: Filter>(
        &self,
        filter: &F,
        window: &Window,
    ) -> Result<Vec<F::Row>, StoreError> {
        let mut query = Conditions::new("*", F::TABLE);
        filter.narrow(&mut query);
        query.within(window);
        let rows = query.0.build_query_as();
        Ok(rows.fetch_all(&self.pool).await?)
    }

    /// How long the whole list is.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn count<F: Filter>(&self, filter: &F) -> Result<u64, StoreError> {
        let mut query = Conditions::new("COUNT(*)", F::TABLE);
        filter.narrow(&mut query);
        let count: i64 = query.0.build_query_scalar().fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }
}
