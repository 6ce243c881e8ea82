//! `POST /oauth/token`: decode, issue, encode.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Serialize;

use super::App;
use super::body::{Parameters, form_decoded};
use super::oauth_error::OauthError;
use super::private_json::private_json;
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

/// Addresses end up in logs and histories; nothing of a token request may stand there.
fn refuse_query(uri: &Uri) -> Result<(), OauthError> {
    let query = uri.query().unwrap_or_default();
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    match names.any(|name| BODY_ONLY.contains(&&*name)) {
        true => Err(OauthError::invalid_request(
            "send the parameters in the body, not in the address",
        )),
        false => Ok(()),
    }
}

/// `client_secret_basic`: id and secret are form-encoded before they are Base64-encoded (RFC 6749 section 2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Result<Option<(String, SecretString)>, OauthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(OauthError::invalid_request(
            "there is more than one Authorization header",
        ));
    }
    let malformed = || OauthError::invalid_request("the Authorization header is malformed");
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(OauthError::unknown_scheme());
    }
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let id = form_decoded(id).ok_or_else(malformed)?;
    let secret = form_decoded(secret).ok_or_else(malformed)?;
    Ok(Some((id, secret.into())))
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
    private_json(StatusCode::OK, body, token.transaction_id())
}

/// The outcome that is not an OAuth error.
const ISSUED: &str = "issued";
/// What an answer has besides the token, in bytes.
const ANSWER_BYTES_TYPICAL: usize = 128;
const BODY_ONLY: &[&str] = &[
    "audience",
    "client_assertion",
    "client_id",
    "client_secret",
    "grant_type",
    "resource",
    "scope",
];
