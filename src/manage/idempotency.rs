//! Calls that may be sent again: with an `Idempotency-Key`, a POST is carried out once, and whoever repeats it gets the first
//! answer again. Answers are kept in memory, for an hour and within bounds; a restart forgets them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lru::LruCache;

use super::Management;
use super::access::Caller;
use super::error::ManageError;
use super::payload;
use crate::clock::Clock;
use crate::rule::Digest;

/// The answers of calls that were carried out.
pub(super) struct Answers {
    kept: Mutex<Kept>,
    clock: Arc<dyn Clock>,
}

struct Kept {
    by_key: LruCache<Key, Call>,
    bytes: usize,
}

/// Who calls it so: somebody who has lost a scope since is somebody else.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    client_id: Arc<str>,
    scope: String,
    key: String,
}

struct Call {
    /// Stands for path and body.
    what: Digest,
    /// `None` while it is under way.
    answer: Option<KeptAnswer>,
    began: Duration,
}

#[derive(Clone)]
struct KeptAnswer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Carries a call out once.
pub(super) async fn once(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let Some(key) = request.headers().get(IDEMPOTENCY_KEY).cloned() else {
        return next.run(request).await;
    };
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match carried_out_once(&management.answers, (&caller, &key), request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn carried_out_once(
    answers: &Answers,
    (caller, key): (&Caller, &HeaderValue),
    request: Request,
    next: Next,
) -> Result<Response, ManageError> {
    let key = Key {
        client_id: Arc::clone(&caller.client_id),
        scope: caller.scope().to_string(),
        key: checked(key)?,
    };
    let (head, body) = request.into_parts();
    let body = payload::bytes(&head.headers, body).await?;
    let what = Digest::of(&[head.uri.to_string().as_bytes(), b"\0", &body].concat());
    let under_way = match answers.begin(&key, what)? {
        Begun::Before(answer) => return Ok(answer.again()),
        Begun::Now => UnderWay {
            answers,
            key: Some(key),
        },
    };
    let response = next.run(Request::from_parts(head, Body::from(body))).await;
    if !response.status().is_success() {
        return Ok(response); // Nothing was done: it may be tried again.
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX).await;
    let body = body.map_err(|_| ManageError::TooLarge)?;
    under_way.done(KeptAnswer {
        status: head.status,
        headers: lasting(&head.headers),
        body: body.clone(),
    });
    Ok(Response::from_parts(head, Body::from(body)))
}

/// Those that are about the thing, and not about this answer.
fn lasting(headers: &HeaderMap) -> HeaderMap {
    let lasts = |name: &HeaderName| name.as_str().starts_with("content-") || *name == ETAG;
    let lasting = headers
        .iter()
        .filter(|(name, _)| lasts(name) && **name != CONTENT_LENGTH);
    lasting
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn checked(key: &HeaderValue) -> Result<String, ManageError> {
    match key.to_str() {
        Ok(text) if (1..=KEY_CHARS_MAX).contains(&text.len()) => Ok(text.to_owned()),
        _ => Err(ManageError::Header(
            "Idempotency-Key is 1 to 255 visible ASCII characters",
        )),
    }
}

enum Begun {
    Now,
    Before(KeptAnswer),
}

impl Answers {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let kept = Kept {
            by_key: LruCache::unbounded(),
            bytes: 0,
        };
        Self {
            kept: Mutex::new(kept),
            clock,
        }
    }

    fn begin(&self, key: &Key, what: Digest) -> Result<Begun, ManageError> {
        let now = self.clock.monotonic();
        let mut kept = self.kept();
        kept.forget(now);
        match kept.by_key.get(key) {
            Some(call) if call.what != what => return Err(ManageError::KeyReused),
            Some(Call { answer: None, .. }) => return Err(ManageError::KeyUnderWay),
            Some(Call {
                answer: Some(answer),
                ..
            }) => return Ok(Begun::Before(answer.clone())),
            None => {}
        }
        let call = Call {
            what,
            answer: None,
            began: now,
        };
        kept.by_key.put(key.clone(), call);
        Ok(Begun::Now)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Makes room: what is too old goes, and the least recently used.
    fn forget(&mut self, now: Duration) {
        let full = |kept: &Self| kept.by_key.len() > CALLS_MAX || kept.bytes > BYTES_MAX;
        let old = |call: &Call| now.saturating_sub(call.began) > KEPT_FOR;
        while full(self) || self.by_key.peek_lru().is_some_and(|(_, call)| old(call)) {
            match self.by_key.pop_lru() {
                Some((_, call)) => self.bytes -= call.bytes(),
                None => return,
            }
        }
        // One that was repeated lately may be old all the same.
        let expired: Vec<Key> = (self.by_key.iter())
            .filter(|(_, call)| old(call))
            .map(|(key, _)| key.clone())
            .collect();
        for key in expired {
            let gone = self.by_key.pop(&key);
            self.bytes -= gone.map_or(0, |call| call.bytes());
        }
    }
}

impl Call {
    fn bytes(&self) -> usize {
        self.answer.as_ref().map_or(0, |answer| answer.body.len())
    }
}

impl KeptAnswer {
    fn again(self) -> Response {
        let mut response = (self.status, self.headers, self.body).into_response();
        let replayed = HeaderValue::from_static("true");
        response.headers_mut().insert(REPLAYED, replayed);
        response
    }
}

/// A call that is being carried out. If its caller goes away or it is refused, it may be sent again.
struct UnderWay<'a> {
    answers: &'a Answers,
    key: Option<Key>,
}

impl UnderWay<'_> {
    fn done(mut self, answer: KeptAnswer) {
        let mut kept = self.answers.kept();
        if let Some(key) = self.key.take()
            && let Some(call) = kept.by_key.get_mut(&key)
        {
            let bytes = answer.body.len();
            call.answer = Some(answer);
            kept.bytes += bytes;
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.answers.kept().by_key.pop(&key);
        }
    }
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub(super) const KEY_CHARS_MAX: usize = 255;
const KEPT_FOR: Duration = Duration::from_secs(3_600);
const CALLS_MAX: usize = 4_096;
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// More than any answer to a POST has.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;
