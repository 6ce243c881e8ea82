//! How a list is asked for: whole, by the number of a page, or from where the part before ended.

use super::{PAGE_DEFAULT, Query};
use crate::manage::error::ManageError;
use crate::store::Cursor;

/// How a list is asked for.
pub(super) enum Style {
    /// All of it.
    Whole,
    /// By the number of a page.
    Pages {
        page: u32,
        per_page: u32,
        totals: bool,
    },
    /// From where the part before ended.
    Checkpoint { from: Option<Cursor>, take: u32 },
}

impl Query {
    /// How many are wanted, if it says so.
    ///
    /// # Errors
    /// When it is no number that may be.
    pub(in crate::manage) fn count(&self, name: &str) -> Result<Option<u32>, ManageError> {
        let expected = format!("1 to {PAGE_MAX}");
        match self.parsed(name, &expected)? {
            Some(0) | Some(PAGE_TOO_LARGE..) => {
                Err(ManageError::Query(format!("{name} must be {expected}")))
            }
            fits => Ok(fits),
        }
    }

    fn page(&self) -> Result<Option<u32>, ManageError> {
        let expected = format!("0 to {PAGE_NUMBER_MAX}");
        let page = self.parsed("page", &expected)?;
        match page.is_some_and(|page| page > PAGE_NUMBER_MAX) {
            true => Err(ManageError::Query(format!("page must be {expected}"))),
            false => Ok(page),
        }
    }

    /// The style that it asks for, and which part.
    ///
    /// # Errors
    /// When a number or a cursor in it is none.
    pub(super) fn style(&self) -> Result<Style, ManageError> {
        // An empty list has nothing to project, and the query is wrong all the same.
        self.flag("include_fields")?;
        let (from, take) = (self.one("from"), self.count("take")?);
        let (page, per_page) = (self.page()?, self.count("per_page")?);
        let totals = self.flag("include_totals")?.unwrap_or_default();
        if from.is_some() || take.is_some() {
            return Ok(Style::Checkpoint {
                from: from.map(cursor).transpose()?,
                take: take.unwrap_or(PAGE_DEFAULT),
            });
        }
        if page.is_none() && per_page.is_none() && !totals {
            return Ok(Style::Whole);
        }
        Ok(Style::Pages {
            page: page.unwrap_or_default(),
            per_page: per_page.unwrap_or(PAGE_DEFAULT),
            totals,
        })
    }
}

/// A cursor as callers see it: nothing that they should read. The description of the API has its pattern.
pub(super) fn spelt(cursor: &Cursor) -> String {
    format!("{}-{}", cursor.created_at, hex::encode(&cursor.id))
}

fn cursor(text: &str) -> Result<Cursor, ManageError> {
    let read = || {
        let (created_at, id) = text.split_once('-')?;
        let id = hex::decode(id).ok()?;
        Some(Cursor {
            created_at: created_at.parse().ok()?,
            id: String::from_utf8_lossy(&id).into_owned(),
        })
    };
    let wrong = || ManageError::Query("from must be the next of an earlier answer".to_owned());
    read().ok_or_else(wrong)
}

const PAGE_MAX: u32 = 100;
const PAGE_TOO_LARGE: u32 = PAGE_MAX + 1;
const PAGE_NUMBER_MAX: u32 = 1_000_000;
