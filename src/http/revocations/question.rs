//! What a reader of the list asks for, and whether it may.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use super::super::App;
use super::super::accept;
use super::super::caller::basic_credentials;
use super::super::oauth_error::OauthError;
use super::SIGNED_TYPE;
use crate::live::Live;
use crate::manage::scope::READ_REVOCATIONS;
use crate::registry::Client;
use crate::request::Credentials;
use crate::revocation::Reader;

/// A question of a client that has proved who it is and may read the list.
pub(super) struct Question {
    pub(super) client_id: Arc<str>,
    pub(super) reader: Reader,
    pub(super) form: Form,
    /// What it knows already: `Some(None)` is a cursor that means nothing to this server.
    pub(super) since: Option<Option<i64>>,
    /// How long it waits for news.
    pub(super) wait: Option<Instant>,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Signed,
    /// Server-sent events.
    Stream,
}

impl Question {
    pub(super) async fn read(app: &App, head: &Parts) -> Result<Self, OauthError> {
        let client = authenticated(app, &head.headers).await?;
        let reader = reader(&client, &app.live.load()).ok_or_else(OauthError::no_reader)?;
        let Query { since, wait } = Query::read(head.uri.query().unwrap_or_default())?;
        let form = form(&head.headers);
        let since = match (form, head.headers.get(LAST_EVENT_ID)) {
            (Form::Stream, Some(last)) => Some(last.to_str().unwrap_or_default().to_owned()),
            _ => since,
        };
        if wait.is_some() && (since.is_none() || form == Form::Stream) {
            return Err(OauthError::invalid_request(
                "wait goes together with since, and not with a stream, which waits anyway",
            ));
        }
        let feed = app.following.feed.id();
        Ok(Self {
            client_id: Arc::clone(&client.id),
            since: since.map(|cursor| reader.position(feed, &cursor)),
            wait: wait.map(|wait| Instant::now() + wait),
            reader,
            form,
        })
    }

    /// Fails when this server may have missed something, or the reader may not read what it did any more.
    pub(super) fn check_fresh(&self, app: &App) -> Result<(), OauthError> {
        let live = app.live.load();
        let fresh = live.revocations.check_fresh(app.issuer.clock.monotonic());
        fresh.map_err(|_| OauthError::unsure())?;
        let client = live.registry.client(&self.client_id);
        match client.and_then(|client| reader(client, &live)) {
            Some(reader) if reader == self.reader => Ok(()),
            Some(_) => Err(OauthError::start_again()),
            None => Err(OauthError::no_reader()),
        }
    }
}

async fn authenticated(app: &App, headers: &HeaderMap) -> Result<Arc<Client>, OauthError> {
    let basic = basic_credentials(headers)?;
    let credentials = basic.map_or(Credentials::Missing, |(id, secret)| Credentials::Basic {
        id,
        secret,
    });
    let live = app.live.load();
    let authenticator = &app.issuer.authenticator;
    let client = authenticator
        .authenticate(&live.registry, &credentials)
        .await?;
    Ok(Arc::clone(client.client()))
}

/// What a client may read: everything if a grant for the management API says so, or what concerns the APIs that it
/// serves.
fn reader(client: &Client, live: &Live) -> Option<Reader> {
    let reads_all = client.grants.iter().any(|grant| {
        let api = live.registry.api(&grant.audience);
        api.is_some_and(|api| api.is_system) && grant.scope.contains(READ_REVOCATIONS)
    });
    match reads_all {
        true => Some(Reader::of_everything()),
        false => Reader::of_apis(client),
    }
}

fn form(headers: &HeaderMap) -> Form {
    if accept::names(headers, EVENT_STREAM) {
        Form::Stream
    } else if accept::names(headers, SIGNED_TYPE) {
        Form::Signed
    } else {
        Form::Json
    }
}

struct Query {
    since: Option<String>,
    wait: Option<Duration>,
}

impl Query {
    fn read(query: &str) -> Result<Self, OauthError> {
        let (mut since, mut wait) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "since" => &mut since,
                "wait" => &mut wait,
                _ => {
                    let why = "the address may say since and wait only";
                    return Err(OauthError::invalid_request(why));
                }
            };
            if place.replace(value.into_owned()).is_some() {
                let why = "the address says since or wait twice";
                return Err(OauthError::invalid_request(why));
            }
        }
        let wait = wait.map(|text| seconds(&text)).transpose()?;
        Ok(Self { since, wait })
    }
}

fn seconds(text: &str) -> Result<Duration, OauthError> {
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| (1..=WAIT_SECONDS_MAX).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        OauthError::invalid_request(format!("wait is 1 to {WAIT_SECONDS_MAX} seconds"))
    })
}

/// What an `EventSource` sends when it connects again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
pub(super) const EVENT_STREAM: &str = "text/event-stream";
const WAIT_SECONDS_MAX: u64 = 60;
