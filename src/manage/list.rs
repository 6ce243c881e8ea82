//! Lists in both of Auth0's paging styles, and the parts of a thing that a caller wants.

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, LINK};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::error::ManageError;
use super::{Management, PREFIX};
use crate::store::{Cursor, Filter, Start, Window};

/// A thing as it is answered.
pub(super) type Object = Map<String, Value>;

/// The query of a call.
pub(super) struct Query {
    parameters: Vec<(String, String)>,
    path: String,
}

impl Query {
    /// Reads it: the paging and projection parameters, and these.
    ///
    /// # Errors
    /// When there is a parameter that means nothing here, or one twice.
    pub(super) fn of_list(uri: &Uri, filters: &[&str]) -> Result<Self, ManageError> {
        let known = |name: &str| {
            PAGING.contains(&name) || PROJECTION.contains(&name) || filters.contains(&name)
        };
        Self::read(uri, known)
    }

    /// The same for a list that knows pages by number only.
    ///
    /// # Errors
    /// As [`of_list`](Self::of_list).
    pub(super) fn of_pages(uri: &Uri, filters: &[&str]) -> Result<Self, ManageError> {
        let known = |name: &str| {
            BY_NUMBER.contains(&name) || PROJECTION.contains(&name) || filters.contains(&name)
        };
        Self::read(uri, known)
    }

    /// Reads the query of a call about one thing: the projection parameters.
    ///
    /// # Errors
    /// As [`of_list`](Self::of_list).
    pub(super) fn of_one(uri: &Uri) -> Result<Self, ManageError> {
        Self::read(uri, |name| PROJECTION.contains(&name))
    }

    /// Reads the query of a call about one thing that takes these parameters.
    ///
    /// # Errors
    /// As [`of_list`](Self::of_list).
    pub(super) fn only(uri: &Uri, names: &[&str]) -> Result<Self, ManageError> {
        Self::read(uri, |name| names.contains(&name))
    }

    /// The same, for a list that does not know pages by number.
    pub(super) fn without_pages(mut self) -> Self {
        let parameters = &mut self.parameters;
        parameters.retain(|(name, _)| !BY_NUMBER.contains(&name.as_str()));
        self
    }

    /// Checks that there is nothing in it.
    ///
    /// # Errors
    /// When there is.
    pub(super) fn none(uri: &Uri) -> Result<(), ManageError> {
        Self::read(uri, |_| false).map(drop)
    }

    fn read(uri: &Uri, known: impl Fn(&str) -> bool) -> Result<Self, ManageError> {
        let query = uri.query().unwrap_or_default();
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if !known(&name) {
                let why = format!("Additional properties not allowed: {name}");
                return Err(ManageError::Query(why));
            }
            if parameters.iter().any(|(other, _)| *other == name) && !MANY.contains(&&*name) {
                return Err(ManageError::Query(format!("{name} is there twice")));
            }
            parameters.push((name, value));
        }
        let path = uri.path().to_owned();
        Ok(Self { parameters, path })
    }

    /// A parameter.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a list, which may be parted by commas or given one by one.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let values = self.all(name).flat_map(|value| value.split(','));
        let values = values.map(str::trim).filter(|value| !value.is_empty());
        values.map(str::to_owned).collect()
    }

    /// A parameter that is true or false.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ManageError> {
        self.parsed(name, "true or false")
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |(other, value): &'_ (String, String)| -> bool {
            other == name && !value.is_empty()
        };
        let matching = self.parameters.iter().filter(move |pair| named(pair));
        matching.map(|(_, value)| value.as_str())
    }

    /// A parameter that is read as something.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &str,
        expected: impl Display,
    ) -> Result<Option<T>, ManageError> {
        let wrong = |_| ManageError::Query(format!("{name} must be {expected}"));
        self.one(name).map(str::parse).transpose().map_err(wrong)
    }

    /// How many are wanted, if it says so.
    ///
    /// # Errors
    /// When it is no number that may be.
    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, ManageError> {
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

    fn style(&self) -> Result<Style, ManageError> {
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

    /// Only what the caller wants of a thing.
    ///
    /// # Errors
    /// When `include_fields` is neither true nor false.
    pub(super) fn projected(&self, mut object: Object) -> Result<Object, ManageError> {
        let fields = self.list("fields");
        let include = self.flag("include_fields")?.unwrap_or(true);
        if !fields.is_empty() {
            object.retain(|name, _| fields.contains(name) == include);
        }
        Ok(object)
    }
}

/// How a list is asked for.
enum Style {
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

/// Where a page is in its list.
struct Page {
    start: u64,
    per_page: u32,
    total: u64,
}

/// What a list is of.
pub(super) struct Kind<R> {
    /// The member of the envelope that holds it.
    pub(super) plural: &'static str,
    /// How one of them is written.
    pub(super) object: fn(&R) -> Object,
}

impl Management {
    /// Answers a list.
    ///
    /// # Errors
    /// When the query is not as it must be, or the store does not answer.
    pub(super) async fn list<F: Filter>(
        &self,
        query: &Query,
        filter: &F,
        kind: Kind<F::Row>,
    ) -> Result<Response, ManageError> {
        let objects = |rows: &[F::Row]| -> Result<Vec<Object>, ManageError> {
            let object = |row| query.projected((kind.object)(row));
            rows.iter().map(object).collect()
        };
        match query.style()? {
            Style::Whole => {
                let rows = self.rows(filter, Start::Offset(0), WHOLE_MAX + 1).await?;
                if rows.len() > WHOLE_MAX as usize {
                    let why = format!("there are more than {WHOLE_MAX}: use page or take");
                    return Err(ManageError::Query(why));
                }
                Ok(answer(StatusCode::OK, &objects(&rows)?))
            }
            Style::Pages {
                page,
                per_page,
                totals,
            } => {
                let start = u64::from(page) * u64::from(per_page);
                let rows = self.rows(filter, Start::Offset(start), per_page).await?;
                let page = Page {
                    start,
                    per_page,
                    total: self.registrars.count(filter).await?,
                };
                let list = (kind.plural, objects(&rows)?);
                Ok(self.page(query, &page, list, totals))
            }
            Style::Checkpoint { from, take } => {
                let start = from.map_or(Start::Offset(0), Start::After);
                let mut rows = self.rows(filter, start, take + 1).await?;
                let mut envelope = Object::new();
                if rows.len() > take as usize {
                    rows.truncate(take as usize);
                    let next = rows.last().map(|row| spelt(&F::cursor(row)));
                    envelope.insert("next".to_owned(), next.into());
                }
                envelope.insert(kind.plural.to_owned(), json!(objects(&rows)?));
                Ok(answer(StatusCode::OK, &envelope))
            }
        }
    }

    /// Answers a list that is short enough to be known whole: in one piece, or page by page.
    ///
    /// # Errors
    /// When the query is not as it must be.
    pub(super) fn list_of(
        &self,
        query: &Query,
        plural: &'static str,
        all: Vec<Object>,
    ) -> Result<Response, ManageError> {
        let project = |all: Vec<Object>| -> Result<Vec<Object>, ManageError> {
            all.into_iter().map(|one| query.projected(one)).collect()
        };
        let Style::Pages {
            page,
            per_page,
            totals,
        } = query.style()?
        else {
            return Ok(answer(StatusCode::OK, &project(all)?));
        };
        let start = u64::from(page) * u64::from(per_page);
        let total = all.len() as u64;
        let here = all
            .into_iter()
            .skip(usize::try_from(start).unwrap_or(usize::MAX));
        let list = project(here.take(per_page as usize).collect())?;
        let page = Page {
            start,
            per_page,
            total,
        };
        Ok(self.page(query, &page, (plural, list), totals))
    }

    fn page(
        &self,
        query: &Query,
        page: &Page,
        (plural, list): (&'static str, Vec<Object>),
        totals: bool,
    ) -> Response {
        let mut response = match totals {
            false => answer(StatusCode::OK, &list),
            true => answer(
                StatusCode::OK,
                &json!({
                    "start": page.start, "limit": page.per_page, "length": list.len(),
                    "total": page.total, plural: list
                }),
            ),
        };
        self.link(query, (page.per_page, page.total), &mut response);
        response
    }

    async fn rows<F: Filter>(
        &self,
        filter: &F,
        start: Start,
        limit: u32,
    ) -> Result<Vec<F::Row>, ManageError> {
        let window = Window { start, limit };
        Ok(self.registrars.list(filter, &window).await?)
    }

    /// The first and the last page (RFC 8288).
    fn link(&self, query: &Query, (per_page, total): (u32, u64), response: &mut Response) {
        let last = total.saturating_sub(1) / u64::from(per_page);
        let issuer = self.live.load().issuer.clone();
        let path = &query.path;
        let page = |number: u64, rel: &str| {
            format!("<{issuer}{PREFIX}{path}?page={number}&per_page={per_page}>; rel=\"{rel}\"")
        };
        let link = format!("{}, {}", page(0, "first"), page(last, "last"));
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(LINK, link);
        }
    }
}

/// A JSON answer that nobody may keep.
pub(super) fn answer(status: StatusCode, body: &impl serde::Serialize) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// A cursor as callers see it: nothing that they should read. The description of the API has its pattern.
fn spelt(cursor: &Cursor) -> String {
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

const BY_NUMBER: &[&str] = &["page", "per_page", "include_totals"];
const PAGING: &[&str] = &["page", "per_page", "include_totals", "from", "take"];
const PROJECTION: &[&str] = &["fields", "include_fields"];
/// What may be given more than once.
const MANY: &[&str] = &["fields", "identifiers", "app_type"];
pub(super) const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 100;
const PAGE_TOO_LARGE: u32 = PAGE_MAX + 1;
const PAGE_NUMBER_MAX: u32 = 1_000_000;
/// How long a list may be to be answered whole.
const WHOLE_MAX: u32 = 1_000;
