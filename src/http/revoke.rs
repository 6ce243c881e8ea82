//! `POST /oauth/revoke`: a client gives a token back (RFC 7009).

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use tracing::error;

use super::App;
use super::oauth_error::OauthError;
use super::private_json::private_json;
use super::token_question;
use crate::audit::{Actor, Peer};
use crate::revocation::{NewRevocation, Target};
use crate::sign::OwnToken;

/// Revokes a token. What is no good token needs no revoking: that is no error (RFC 7009 section 2.2).
pub(super) async fn revoke(State(app): State<Arc<App>>, request: Request) -> Response {
    let transaction = hex::encode(app.random.bytes::<16>());
    match take_back(&app, request, &transaction).await {
        Ok(()) => done(&transaction),
        Err(refusal) => refusal.into_response(&transaction),
    }
}

async fn take_back(app: &App, request: Request, transaction: &str) -> Result<(), OauthError> {
    let peer = request.extensions().get().map(|Peer(address)| *address);
    let asked = token_question::read(app, request).await?;
    let Ok(token) = app.verifier.check(&asked.token, &asked.live) else {
        return Ok(());
    };
    if token.text("client_id") != &*asked.client.id {
        return Err(OauthError::invalid_grant(
            "the token was issued to another client",
        ));
    }
    if asked.live.revocations.meets(&token.bearing()) {
        return Ok(());
    }
    let revoked = app.revoker.revoke(giving_back(&token, peer)).await;
    revoked.map(drop).map_err(|problem| {
        let problem = &problem as &dyn std::error::Error;
        error!(transaction, problem, "a token could not be revoked");
        OauthError::not_revoked()
    })
}

fn giving_back(token: &OwnToken, peer: Option<IpAddr>) -> NewRevocation {
    NewRevocation {
        target: Target::Token {
            jti: token.text("jti").to_owned(),
            audience: Some(token.text("aud").to_owned()),
        },
        issued_before: None,
        expires_at: Some(token.number("exp")),
        reason: Some(REASON.to_owned()),
        actor: Actor::client(token.text("client_id")).at(peer),
    }
}

/// "The authorization server responds with HTTP status code 200"; the content is ignored (RFC 7009 section 2.2).
fn done(transaction: &str) -> Response {
    let mut response = private_json(StatusCode::OK, Vec::new(), transaction);
    response.headers_mut().remove(CONTENT_TYPE);
    *response.body_mut() = Body::empty();
    response
}

const REASON: &str = "given back by its client";
