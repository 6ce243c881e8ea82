//! What every call goes through before its handler: who it is, how often it has been, what it calls itself.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::info;

use super::Management;
use super::access;
use super::error::ManageError;
use crate::audit::Peer;

/// Where the doorman stands.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) management: Arc<Management>,
    /// What the paths behind it begin with.
    pub(super) prefix: &'static str,
}

impl Door {
    pub(super) fn of(management: &Arc<Management>, prefix: &'static str) -> Self {
        let management = Arc::clone(management);
        Self { management, prefix }
    }
}

/// Lets a call in, or says why not. Either way the answer tells what is left of the caller's bucket.
pub(super) async fn admit(
    State(Door { management, prefix }): State<Door>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = access::caller(&management, request.headers());
    let client_id = match &caller {
        Ok(caller) => Arc::clone(&caller.client_id),
        Err(_) => Arc::from(STRANGERS),
    };
    let allowance = management.rates.take(&client_id);
    let named = correlation_id(request.headers());
    let path = format!("{prefix}{}", request.uri().path());
    let asked = (request.method().clone(), path);
    let mut response = match (allowance.exhausted, caller, &named) {
        (Some(seconds), _, _) => ManageError::TooManyRequests(seconds).into_response(),
        (None, Err(refusal), _) => refusal.into_response(),
        (None, Ok(_), Err(why)) => ManageError::Header(why).into_response(),
        (None, Ok(mut caller), Ok(named)) => {
            let peer = request.extensions().get().map(|Peer(address)| *address);
            caller.actor = caller.actor.at(peer).in_call(text(named.as_ref()));
            let actor = caller.actor.clone();
            request.extensions_mut().insert(caller);
            let response = next.run(request).await;
            if response.status() == StatusCode::FORBIDDEN {
                management.refusals.note(&actor, &asked.0, &asked.1).await;
            }
            response
        }
    };
    allowance.tell(response.headers_mut());
    let named = named.ok().flatten();
    write_down(&client_id, asked, &response, named.as_ref());
    if let Some(named) = named {
        response.headers_mut().insert(CORRELATION_ID, named);
    }
    response
}

/// The caller's own name for the call, which goes into the log and back.
fn correlation_id(headers: &HeaderMap) -> Result<Option<HeaderValue>, &'static str> {
    let Some(value) = headers.get(CORRELATION_ID) else {
        return Ok(None);
    };
    let fits = (1..=CORRELATION_CHARS_MAX).contains(&value.len());
    match value.to_str() {
        Ok(_) if fits => Ok(Some(value.clone())),
        _ => Err("X-Correlation-ID is 1 to 64 visible ASCII characters"),
    }
}

/// One line for each write of somebody who was let in: strangers do not fill the log.
fn write_down(
    client_id: &str,
    (method, path): (Method, String),
    response: &Response,
    named: Option<&HeaderValue>,
) {
    let only_looks = matches!(method, Method::GET | Method::HEAD);
    if only_looks || client_id == STRANGERS || response.status() == StatusCode::TOO_MANY_REQUESTS {
        return;
    }
    let correlation_id = text(named);
    let (method, status) = (method.as_str(), response.status().as_u16());
    info!(
        client_id,
        method, path, status, correlation_id, "management call"
    );
}

fn text(named: Option<&HeaderValue>) -> Option<&str> {
    named.and_then(|named| named.to_str().ok())
}

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
pub(super) const CORRELATION_CHARS_MAX: usize = 64;
/// No client id is empty.
const STRANGERS: &str = "";
