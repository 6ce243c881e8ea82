//! What introspection and revocation have in common: a token in the body, and a client that proves who it is.

use std::sync::Arc;

use axum::extract::Request;
use tracing::info;

use super::App;
use super::body::Parameters;
use super::caller::{basic_credentials, refuse_query};
use super::oauth_error::OauthError;
use crate::client::ClientError;
use crate::live::Live;
use crate::registry::Client;
use crate::request::TokenQuestion;

/// A token, and the client that asks about it, which has proved who it is.
pub(super) struct Asked {
    pub(super) token: String,
    pub(super) client: Arc<Client>,
    pub(super) live: Arc<Live>,
}

/// Reads such a request and finds out who asks, as the token endpoint does (RFC 7009 section 2.1, RFC 7662 section
/// 2.1).
pub(super) async fn read(app: &App, request: Request) -> Result<Asked, OauthError> {
    let (head, body) = request.into_parts();
    refuse_query(&head.uri)?;
    let basic = basic_credentials(&head.headers)?;
    let parameters = Parameters::read(&head.headers, body).await?;
    let question = TokenQuestion::from_parameters(basic, parameters.iter())?;
    let live = app.live.load();
    let authenticator = &app.issuer.authenticator;
    let client = authenticator.authenticate(&live.registry, &question.credentials);
    let client = client.await;
    let client = client.map_err(|error| match error {
        // Here nobody may ask without proof.
        ClientError::Public => ClientError::Refused,
        ClientError::Assertion(why) => {
            let client = question.credentials.client_id().unwrap_or_default();
            let client: String = client.chars().take(LOGGED_CLIENT_CHARS_MAX).collect();
            info!(client, problem = %why, "a client assertion was refused");
            ClientError::Assertion(why)
        }
        other @ (ClientError::Missing
        | ClientError::Refused
        | ClientError::Busy
        | ClientError::TooManyFailures { .. }) => other,
    })?;
    Ok(Asked {
        token: question.token,
        client: Arc::clone(client.client()),
        live,
    })
}

/// As much as is logged of a client id that a stranger may have made up.
const LOGGED_CLIENT_CHARS_MAX: usize = 64;
