//! `GET /revocations`: the list of what is revoked, for APIs that keep a copy of it and check offline: whole, what
//! changed since, on demand or as it happens, signed for who asks for that.

mod question;
mod stream;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::App;
use super::oauth_error::OauthError;
use crate::keys::{Algorithm, Kind};
use crate::revocation::{Feed, FeedError, Page, Told};
use question::{Form, Question};

/// What readers of the list are answered from.
pub struct Following {
    feed: Arc<Feed>,
    /// One for each reader that waits.
    places: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Following {
    /// Readers that wait are sent away when the token says so.
    pub fn new(feed: Arc<Feed>, stop: CancellationToken) -> Self {
        Self {
            feed,
            places: Arc::new(Semaphore::new(WAITING_MAX)),
            stop,
        }
    }

    /// How many readers wait.
    pub(super) fn waiting(&self) -> usize {
        WAITING_MAX - self.places.available_permits()
    }

    /// Somebody who waits costs a connection and a few hundred bytes: there may be many, but not all of them.
    fn place(&self) -> Result<OwnedSemaphorePermit, OauthError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| OauthError::no_place())
    }
}

/// Answers a reader of the list.
pub(super) async fn revocations(State(app): State<Arc<App>>, request: Request) -> Response {
    let transaction = hex::encode(app.random.bytes::<16>());
    let (head, _) = request.into_parts();
    let answered = match Question::read(&app, &head).await {
        Ok(question) if question.form == Form::Stream => stream::open(app, question),
        Ok(question) => page(&app, &question, &head.headers).await,
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(|refusal| refusal.into_response(&transaction))
}

async fn page(app: &App, question: &Question, headers: &HeaderMap) -> Result<Response, OauthError> {
    let feed = &app.following.feed;
    question.check_fresh(app)?;
    let known = headers.get(IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
    let is_known = |position| known == Some(&*tag(question, feed, position));
    let position = match question.since {
        // Whoever has the whole list as it is costs no look at the store.
        None if is_known(*feed.watch().borrow()) => return Ok(unchanged(known)),
        None => None,
        Some(since) => Some(since.ok_or_else(OauthError::start_again)?),
    };
    let page = match (position, question.wait) {
        (Some(position), Some(until)) => wait_for(app, question, position, until).await?,
        (position, _) => read(feed, position).await?,
    };
    question.check_fresh(app)?;
    let told = told(app, question, &page);
    if told.is_empty() && !page.more && is_known(page.position) {
        return Ok(unchanged(known));
    }
    answer(app, question, &page, &told)
}

/// What changed after a position, as soon as something did that concerns the reader; nothing when the time is over or
/// the server stops.
async fn wait_for(
    app: &App,
    question: &Question,
    mut position: i64,
    until: Instant,
) -> Result<Page, OauthError> {
    let _place = app.following.place()?;
    let mut newest = app.following.feed.watch();
    loop {
        newest.mark_unchanged();
        let page = read(&app.following.feed, Some(position)).await?;
        if page.more || !told(app, question, &page).is_empty() {
            return Ok(page);
        }
        position = page.position;
        tokio::select! {
            changed = newest.changed() => if changed.is_err() { return Ok(page) },
            () = sleep_until(until) => return Ok(page),
            () = app.following.stop.cancelled() => return Ok(page),
        }
    }
}

async fn read(feed: &Feed, position: Option<i64>) -> Result<Page, OauthError> {
    let page = match position {
        Some(position) => feed.after(position).await,
        None => feed.from_the_beginning().await.map_err(FeedError::from),
    };
    page.map_err(|problem| match problem {
        FeedError::Ahead => OauthError::start_again(),
        FeedError::Store(problem) => {
            let problem = &problem as &dyn std::error::Error;
            error!(problem, "the list of revocations could not be read");
            OauthError::unsure()
        }
    })
}

/// What of a page concerns the reader.
fn told<'p>(app: &App, question: &Question, page: &'p Page) -> Vec<Told<'p>> {
    let live = app.live.load();
    let concerned = |row| question.reader.is_concerned(row, &live.registry);
    let rows = page.entries.iter().map(|entry| &entry.row);
    rows.filter(|row| concerned(row))
        .filter_map(Told::of)
        .collect()
}

fn answer(
    app: &App,
    question: &Question,
    page: &Page,
    told: &[Told<'_>],
) -> Result<Response, OauthError> {
    let feed = &app.following.feed;
    let list = json!({
        "cursor": question.reader.cursor(feed.id(), page.position),
        "whole": question.since.is_none(),
        "more": page.more,
        "entries": told,
    });
    let (content_type, body) = match question.form {
        Form::Signed => (SIGNED_TYPE, signed(app, question, &list)?),
        Form::Json | Form::Stream => ("application/json", list.to_string()),
    };
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, OWN)];
    let mut response = (headers, [(VARY, VARIES)], body).into_response();
    if let (false, Ok(tag)) = (
        page.more,
        HeaderValue::from_str(&tag(question, feed, page.position)),
    ) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// For this reader alone, without `sub` and `exp`, and with a `typ` of its own: it is no access token.
fn signed(app: &App, question: &Question, list: &Value) -> Result<String, OauthError> {
    let live = app.live.load();
    let statement = json!({
        "iss": live.issuer.as_str(),
        "aud": &*question.client_id,
        "iat": app.issuer.clock.unix_seconds(),
        "revocations": list,
    });
    let key = live.keys.signing(Algorithm::default());
    let jwt = key.and_then(|key| key.sign_as(Kind::Revocations, &statement.to_string()).ok());
    jwt.ok_or_else(OauthError::unsure)
}

/// A weak one: a signature differs every time.
fn tag(question: &Question, feed: &Feed, position: i64) -> String {
    format!("W/\"{}\"", question.reader.cursor(feed.id(), position))
}

fn unchanged(known: Option<&str>) -> Response {
    let tag = known.unwrap_or_default().to_owned();
    let headers = [
        (ETAG, tag),
        (CACHE_CONTROL, OWN.to_owned()),
        (VARY, VARIES.to_owned()),
    ];
    (StatusCode::NOT_MODIFIED, headers, Body::empty()).into_response()
}

const SIGNED_TYPE: &str = "application/rulemint-revocations+jwt";
const OWN: &str = "private, no-cache";
const VARIES: &str = "Accept, Authorization";
/// Readers that may wait at the same time: a part of the connections that there may be.
const WAITING_MAX: usize = 1_024;
