//! `POST /oauth/token`: decode, issue, encode.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::body::Parameters;
use super::caller::{basic_credentials, refuse_query};
use super::oauth_error::OauthError;
use super::private_json::private_json;
use super::quota::tell_quota;
use crate::ledger::IssuedToken;
use crate::request::TokenRequest;
use crate::telemetry::metrics::OutcomeLabel;
use crate::telemetry::trace::{Parent, RequestSpan};

/// Answers a token request (RFC 6749 section 4.4).
pub(super) async fn issue(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = app.issuer.clock.monotonic();
    let transaction: Arc<str> = hex::encode(app.random.bytes::<16>()).into();
    let tracer = app.tracer.as_ref();
    let span = tracer.map(|tracer| tracer.request(parent(request.headers())));
    let answer = match decode(request, transaction.clone()).await {
        Ok(mut request) => {
            request.trace = span.as_ref().map(RequestSpan::trace);
            app.issuer.issue(request).await.map_err(OauthError::from)
        }
        Err(refusal) => Err(refusal),
    };
    let took = app.issuer.clock.monotonic().saturating_sub(started);
    app.metrics.token_duration.observe(took.as_secs_f64());
    let (outcome, response) = match answer {
        Ok(token) => {
            app.metrics.tokens_issued.inc();
            (ISSUED, encode(&token))
        }
        Err(refusal) => {
            let outcome = refusal.code();
            app.metrics
                .tokens
                .get_or_create(&OutcomeLabel { outcome })
                .inc();
            (outcome, refusal.into_response(&transaction))
        }
    };
    if let Some(span) = span {
        span.end(outcome, response.status().as_u16(), &transaction);
    }
    response
}

/// The span that a request says it comes from. What is no text is no `traceparent` either, but stands there.
fn parent(headers: &HeaderMap) -> Option<Parent> {
    let all = |name| {
        let values = headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap_or_default())
    };
    Parent::read(all("traceparent"), all("tracestate"))
}

async fn decode(request: Request, transaction: Arc<str>) -> Result<TokenRequest, OauthError> {
    let (head, body) = request.into_parts();
    refuse_query(&head.uri)?;
    let basic = basic_credentials(&head.headers)?;
    let parameters = Parameters::read(&head.headers, body).await?;
    Ok(TokenRequest::from_parameters(
        transaction,
        basic,
        parameters.iter(),
    )?)
}

#[derive(Serialize)]
struct Answer<'t> {
    access_token: &'t str,
    token_type: &'static str,
    expires_in: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'t str,
}

/// RFC 6749 section 5.1.
fn encode(token: &IssuedToken) -> Response {
    let answer = Answer {
        access_token: token.access_token(),
        token_type: "Bearer",
        expires_in: token.expires_in(),
        scope: token.scope(),
    };
    let mut body = Vec::with_capacity(token.access_token().len() + ANSWER_BYTES_TYPICAL);
    serde_json::to_writer(&mut body, &answer).expect("strings and a number are JSON");
    let mut response = private_json(StatusCode::OK, body, token.transaction_id());
    tell_quota(response.headers_mut(), token.quota());
    response
}

/// The outcome that is not an OAuth error.
const ISSUED: &str = "issued";
/// What an answer has besides the token, in bytes.
const ANSWER_BYTES_TYPICAL: usize = 128;
