//! `POST /oauth/introspect`: whether a token is good, and what it says (RFC 7662), signed for who asks for that (RFC 9701).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::App;
use super::accept;
use super::oauth_error::OauthError;
use super::private_json::private_json;
use super::token_question::{self, Asked};
use crate::claims::{CUTOFF, RULES};
use crate::keys::{Algorithm, Kind};
use crate::manage::scope::INTROSPECT_TOKENS;
use crate::sign::OwnToken;
use crate::verification::NotGood;

/// Answers a question about a token.
pub(super) async fn introspect(State(app): State<Arc<App>>, request: Request) -> Response {
    let transaction = hex::encode(app.random.bytes::<16>());
    // By name (RFC 9701 section 4).
    let is_signed = accept::names(request.headers(), SIGNED_TYPE);
    let answered = match token_question::read(&app, request).await {
        Ok(asked) => answer(&app, &asked).and_then(|said| match is_signed {
            true => signed(&app, &asked, &said, &transaction),
            false => Ok(plain(&said, &transaction)),
        }),
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(|refusal| refusal.into_response(&transaction))
}

fn plain(said: &Value, transaction: &str) -> Response {
    private_json(StatusCode::OK, said.to_string().into_bytes(), transaction)
}

/// RFC 9701 section 5: for this caller alone, without `sub` and `exp` beside the answer, so that it is no access token.
fn signed(
    app: &App,
    asked: &Asked,
    said: &Value,
    transaction: &str,
) -> Result<Response, OauthError> {
    let statement = json!({
        "iss": asked.live.issuer.as_str(),
        "aud": &*asked.client.id,
        "iat": app.issuer.clock.unix_seconds(),
        "token_introspection": said,
    });
    let key = asked.live.keys.signing(Algorithm::default());
    let jwt = key.and_then(|key| {
        key.sign_as(Kind::Introspection, &statement.to_string())
            .ok()
    });
    let jwt = jwt.ok_or_else(OauthError::unsure)?;
    let mut response = private_json(StatusCode::OK, jwt.into_bytes(), transaction);
    let content_type = HeaderValue::from_static(SIGNED_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

fn answer(app: &App, asked: &Asked) -> Result<Value, OauthError> {
    let good = match app.verifier.verify(&asked.token) {
        Ok(good) => good,
        Err(NotGood::Unknown(_)) => return Err(OauthError::unsure()),
        Err(NotGood::NotOurs(_) | NotGood::Revoked) => return Ok(inactive()),
    };
    Ok(match may_see(asked, good.token()) {
        true => active(good.token()),
        false => inactive(),
    })
}

/// Tokens of its own, tokens for an API that it serves, or any token if a grant for the management API says so.
fn may_see(Asked { client, live, .. }: &Asked, token: &OwnToken) -> bool {
    let audience = token.text("aud");
    let may_see_all = || {
        client.grants.iter().any(|grant| {
            let api = live.registry.api(&grant.audience);
            api.is_some_and(|api| api.is_system) && grant.scope.contains(INTROSPECT_TOKENS)
        })
    };
    token.text("client_id") == &*client.id
        || client.serves.iter().any(|served| **served == *audience)
        || may_see_all()
}

/// "The authorization server SHOULD NOT include any additional information about an inactive token, including why" (RFC
/// 7662 section 2.2).
fn inactive() -> Value {
    json!({ "active": false })
}

/// Everything that the token says but what revocation goes by.
fn active(token: &OwnToken) -> Value {
    let mut answer: Map<String, Value> = token.claims().clone();
    for ours in [CUTOFF, RULES] {
        answer.remove(ours);
    }
    answer.insert("active".to_owned(), true.into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    answer.into()
}

const SIGNED_TYPE: &str = "application/token-introspection+jwt";
