//! Lists in both of Auth0's paging styles, and the parts of a thing that a caller wants.

mod style;

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, LINK};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::error::ManageError;
use super::{Management, PREFIX};
use crate::store::{Filter, Start, Window};
use style::{Style, spelt};

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

const BY_NUMBER: &[&str] = &["page", "per_page", "include_totals"];
const PAGING: &[&str] = &["page", "per_page", "include_totals", "from", "take"];
const PROJECTION: &[&str] = &["fields", "include_fields"];
/// What may be given more than once.
const MANY: &[&str] = &["fields", "identifiers", "app_type"];
pub(super) const PAGE_DEFAULT: u32 = 50;
/// How long a list may be to be answered whole.
const WHOLE_MAX: u32 = 1_000;
