//! `/verify`: answers a proxy that asks before it lets a request through (nginx `auth_request`, HAProxy, Envoy `ext_authz`,
//! Traefik ForwardAuth). Any method will do: Envoy asks with its caller's.
//!
//! Every identity header stands in every 200, empty where there is nothing to say: so the proxy overwrites all of them,
//! and what a caller made up never reaches the API.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::App;
use crate::claims::Scope;
use crate::sign::OwnToken;
use crate::telemetry::metrics::OutcomeLabel;
use crate::verification::NotGood;

/// Lets a request through, or not.
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let verdict = judge(&app, query.as_deref(), &headers);
    let outcome = match &verdict {
        Ok(_) => "passed",
        Err(refusal) => refusal.outcome(),
    };
    let label = OutcomeLabel { outcome };
    app.metrics.verifications.get_or_create(&label).inc();
    verdict.unwrap_or_else(Refusal::into_response)
}

fn judge(app: &App, query: Option<&str>, headers: &HeaderMap) -> Result<Response, Refusal> {
    let demand = Demand::read(query.unwrap_or_default())?;
    let jwt = bearer(headers)?;
    let good = app.verifier.verify(jwt).map_err(|problem| match problem {
        NotGood::NotOurs(_) => Refusal::Invalid,
        NotGood::Revoked => Refusal::Revoked,
        NotGood::Unknown(_) => Refusal::Unsure,
    })?;
    let token = good.token();
    if token.text("aud") != demand.audience {
        return Err(Refusal::Invalid);
    }
    let has = token.text("scope");
    let missing = |wanted: &str| !has.split(' ').any(|scope| scope == wanted);
    let lacks = demand.scope.values().any(missing);
    match lacks {
        true => Err(Refusal::Scope(demand.scope)),
        false => Ok(let_through(token)),
    }
}

/// What the proxy demands of the token.
struct Demand {
    audience: String,
    scope: Scope,
}

impl Demand {
    /// A proxy may put its caller's own query behind this one: what stands there twice is refused, not chosen from.
    fn read(query: &str) -> Result<Self, Refusal> {
        let (mut audience, mut scope) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "audience" => &mut audience,
                "scope" => &mut scope,
                _ => return Err(Refusal::Demand("it may say audience and scope only")),
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Refusal::Demand("it says audience or scope twice"));
            }
        }
        let audience = audience.filter(|audience| !audience.is_empty());
        let audience = audience.ok_or(Refusal::Demand(
            "it does not say for which API the token must be (audience)",
        ))?;
        let scope = Scope::parse(&scope.unwrap_or_default())
            .map_err(|_| Refusal::Demand("its scope is malformed"))?;
        Ok(Self { audience, scope })
    }
}

/// The token of the one Authorization header (RFC 6750 section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next().ok_or(Refusal::Missing)?, values.next()) else {
        return Err(Refusal::Invalid);
    };
    let text = value.to_str().map_err(|_| Refusal::Invalid)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(Refusal::Missing),
    }
}

fn let_through(token: &OwnToken) -> Response {
    let mut response = (StatusCode::OK, [(CACHE_CONTROL, "no-store")]).into_response();
    for (header, claim) in IDENTITY {
        let said = utf8_percent_encode(token.text(claim), UNPRINTABLE).to_string();
        let said = HeaderValue::from_str(&said).expect("only visible ASCII and spaces are left");
        response.headers_mut().insert(header, said);
    }
    let expiry = HeaderValue::from(token.number("exp"));
    response.headers_mut().insert(EXPIRES, expiry);
    response
}

/// Why a request is not let through.
enum Refusal {
    /// The proxy does not say what it wants: its configuration is wrong.
    Demand(&'static str),
    /// There is no token.
    Missing,
    /// There is, and it is not one for this API.
    Invalid,
    /// There is, and it was taken away.
    Revoked,
    /// It lacks one of these.
    Scope(Scope),
    /// Nobody can say.
    Unsure,
}

impl Refusal {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Demand(_) => "malformed",
            Self::Missing => "no_token",
            Self::Invalid => "invalid",
            Self::Revoked => "revoked",
            Self::Scope(_) => "insufficient_scope",
            Self::Unsure => "unsure",
        }
    }

    /// RFC 6750 section 3. A caller does not learn why its token is not good.
    fn into_response(self) -> Response {
        match self {
            Self::Demand(why) => (
                StatusCode::BAD_REQUEST,
                format!("the proxy's question is wrong: {why}\n"),
            )
                .into_response(),
            Self::Missing => challenge(StatusCode::UNAUTHORIZED, ""),
            Self::Invalid | Self::Revoked => {
                challenge(StatusCode::UNAUTHORIZED, ", error=\"invalid_token\"")
            }
            Self::Scope(scope) => challenge(
                StatusCode::FORBIDDEN,
                &format!(", error=\"insufficient_scope\", scope=\"{scope}\""),
            ),
            Self::Unsure => {
                let headers = [(RETRY_AFTER, "1"), (CACHE_CONTROL, "no-store")];
                (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
            }
        }
    }
}

fn challenge(status: StatusCode, more: &str) -> Response {
    let mut response = (status, [(CACHE_CONTROL, "no-store")]).into_response();
    let text = format!("Bearer realm=\"rulemint\"{more}");
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(WWW_AUTHENTICATE, text);
    }
    response
}

/// Which header says which claim.
const IDENTITY: [(HeaderName, &str); 5] = [
    (HeaderName::from_static("x-auth-subject"), "sub"),
    (HeaderName::from_static("x-auth-client-id"), "client_id"),
    (HeaderName::from_static("x-auth-audience"), "aud"),
    (HeaderName::from_static("x-auth-scope"), "scope"),
    (HeaderName::from_static("x-auth-token-id"), "jti"),
];
const EXPIRES: HeaderName = HeaderName::from_static("x-auth-expires");
/// A rule may put anything into `sub`. What does not belong in a header is escaped, and so is the escape.
const UNPRINTABLE: &AsciiSet = &CONTROLS.add(b'%');
