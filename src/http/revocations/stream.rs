//! The list as it happens: server-sent events.
//!
//! `reset` says to forget everything; `change` has an entry; `current` says that nothing is missing up to this moment,
//! and comes again and again, so that a reader notices when it does not. Each has the cursor as its id.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};

use super::super::App;
use super::super::oauth_error::OauthError;
use super::question::{EVENT_STREAM, Question};
use super::{VARIES, read, told};
use crate::revocation::Page;

/// A reader that stays.
struct Listener {
    app: Arc<App>,
    question: Question,
    /// Up to where it was told; `None`: nothing yet.
    position: Option<i64>,
    newest: watch::Receiver<i64>,
    /// Whether it is to be told before anything happens.
    is_behind: bool,
    /// When it has to prove again who it is.
    until: Instant,
    _place: OwnedSemaphorePermit,
}

/// Opens a stream.
pub(super) fn open(app: Arc<App>, question: Question) -> Result<Response, OauthError> {
    question.check_fresh(&app)?;
    let listener = Listener {
        position: question.since.flatten(),
        newest: app.following.feed.watch(),
        is_behind: true,
        until: Instant::now() + STREAM_TIME_MAX,
        _place: app.following.place()?,
        question,
        app,
    };
    let events = unfold(listener, async |mut listener| {
        let text = listener.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), listener))
    });
    let headers = [
        (CONTENT_TYPE, EVENT_STREAM),
        (CACHE_CONTROL, "no-store"),
        (VARY, VARIES),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

impl Listener {
    /// What is to be sent next; `None` ends the stream: when the server stops or cannot say what was revoked, when the
    /// reader may not read any more, and from time to time. It will come again.
    async fn next(&mut self) -> Option<String> {
        if !self.is_behind && !self.wait().await {
            return None;
        }
        self.question.check_fresh(&self.app).ok()?;
        self.newest.mark_unchanged();
        let mut text = String::new();
        let page = self.read().await?;
        if self.position.is_none() {
            tell(&mut text, "reset", "{}");
        }
        for entry in told(&self.app, &self.question, &page) {
            tell(&mut text, "change", &serde_json::to_string(&entry).ok()?);
        }
        // Only the end of a page has a cursor: a reader that misses a part of it comes back for all of it.
        let feed = self.app.following.feed.id();
        let cursor = self.question.reader.cursor(feed, page.position);
        let _ = writeln!(text, "id: {cursor}"); // Writing to a string does not fail.
        match page.more {
            true => text.push('\n'),
            false => tell(&mut text, "current", "{}"),
        }
        self.position = Some(page.position);
        self.is_behind = page.more;
        Some(text)
    }

    /// The next page; from the beginning where the position is none of this list.
    async fn read(&mut self) -> Option<Page> {
        let feed = &self.app.following.feed;
        let page = match read(feed, self.position).await {
            Err(refusal) if refusal.is_start_again() => {
                self.position = None;
                read(feed, None).await
            }
            other => other,
        };
        page.ok()
    }

    /// Waits for news, but not for longer than a reader may go without a sign. Says whether to go on.
    async fn wait(&mut self) -> bool {
        let sign = Instant::now() + SIGN_INTERVAL;
        let stop = self.app.following.stop.clone();
        tokio::select! {
            changed = timeout_at(sign.min(self.until), self.newest.changed()) => {
                !matches!(changed, Ok(Err(_))) && Instant::now() < self.until
            }
            () = stop.cancelled() => false,
        }
    }
}

fn tell(text: &mut String, name: &str, data: &str) {
    let _ = write!(text, "event: {name}\ndata: {data}\n\n"); // Writing to a string does not fail.
}

/// A reader that hears nothing for longer than this has lost its connection.
const SIGN_INTERVAL: Duration = Duration::from_secs(5);
const STREAM_TIME_MAX: Duration = Duration::from_secs(3_600);
