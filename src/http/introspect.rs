//! `POST /oauth/introspect`: whether a token is good, and what it says (RFC 7662).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::App;
use super::oauth_error::OauthError;
use super::private_json::private_json;
use super::token_question::{self, Asked};
use crate::claims::{CUTOFF, RULES};
use crate::sign::OwnToken;
use crate::verification::NotGood;

/// Answers a question about a token.
pub(super) async fn introspect(State(app): State<Arc<App>>, request: Request) -> Response {
    let transaction = hex::encode(app.random.bytes::<16>());
    match answer(&app, request).await {
        Ok(body) => private_json(StatusCode::OK, body.to_string().into_bytes(), &transaction),
        Err(refusal) => refusal.into_response(&transaction),
    }
}

async fn answer(app: &App, request: Request) -> Result<Value, OauthError> {
    let asked = token_question::read(app, request).await?;
    let good = match app.verifier.verify(&asked.token) {
        Ok(good) => good,
        Err(NotGood::Unknown(_)) => return Err(OauthError::unsure()),
        Err(NotGood::NotOurs(_) | NotGood::Revoked) => return Ok(inactive()),
    };
    Ok(match may_see(&asked, good.token()) {
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
            api.is_some_and(|api| api.is_system) && grant.scope.contains(ANY_TOKEN_SCOPE)
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

/// The scope of the management API that lets a client ask about any token.
const ANY_TOKEN_SCOPE: &str = "introspect:tokens";
