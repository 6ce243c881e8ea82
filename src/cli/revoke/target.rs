//! What is to be revoked, as the command line says it.

use clap::Args;

use super::super::Context;
use super::super::access::{Access, load};
use super::super::exit::Refused;
use super::super::hide::is_like_token;
use super::super::token::{Known, read_token};
use crate::revocation::{Target, TargetNames};
use crate::sign::verify;

/// One of these, or a token or a client together with an API.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct What {
    /// One token, itself, which has to be good here; - reads it from standard input, where nobody else sees it.
    #[arg(value_name = "TOKEN", conflicts_with_all = ["jti", "client", "grant", "subject", "audience", "key", "rule"])]
    token: Option<String>,
    /// One token, by its jti; with --audience, only if it is for that API or that client.
    #[arg(long, value_name = "JTI", allow_hyphen_values = true, conflicts_with_all = ["client", "grant", "subject", "key", "rule"])]
    jti: Option<String>,
    /// Everything issued to a client; with --audience, only what is for that API.
    #[arg(long, value_name = "CLIENT_ID", conflicts_with_all = ["grant", "subject", "key", "rule"])]
    client: Option<String>,
    /// Everything issued under a client grant, by its id, even if it was deleted.
    #[arg(long, value_name = "ID", conflicts_with_all = ["audience", "subject", "key", "rule"])]
    grant: Option<String>,
    /// Everything that speaks for a subject (sub).
    #[arg(long, value_name = "SUBJECT", allow_hyphen_values = true, conflicts_with_all = ["audience", "key", "rule"])]
    subject: Option<String>,
    /// Everything issued for an API.
    #[arg(long, value_name = "API")]
    audience: Option<String>,
    /// Everything signed with a key, by its kid, which may begin with a dash.
    #[arg(long, value_name = "KID", allow_hyphen_values = true, conflicts_with_all = ["audience", "rule"])]
    key: Option<String>,
    /// Everything that a rule had its hands in, by its digest or the first 16 digits of it.
    #[arg(long, value_name = "DIGEST", conflicts_with = "audience")]
    rule: Option<String>,
}

impl What {
    /// What that is, and when it has expired (Unix seconds) if it is a token that says so.
    pub(super) async fn target(
        self,
        anyway: bool,
        context: &Context<'_>,
        access: &Access,
    ) -> anyhow::Result<(Target, Option<i64>)> {
        if let Some(token) = self.token()? {
            return own_token(&token, self.audience, context, access).await;
        }
        let names = TargetNames {
            jti: self.jti,
            client_id: self.client,
            grant_id: self.grant,
            subject: self.subject,
            audience: self.audience,
            key: self.key,
            rule: self.rule,
            anyway,
        };
        Ok((names.target(&access.revoker).await?, None))
    }

    /// The token itself, if it was given, also in the place of its jti.
    fn token(&self) -> anyhow::Result<Option<String>> {
        match (&self.token, &self.jti) {
            (Some(token), _) => read_token(Some(token)).map(Some),
            (None, Some(jti)) if is_like_token(jti) => Ok(Some(jti.clone())),
            (None, _) => Ok(None),
        }
    }
}

/// What a token of this installation says of itself.
async fn own_token(
    token: &str,
    audience: Option<String>,
    context: &Context<'_>,
    access: &Access,
) -> anyhow::Result<(Target, Option<i64>)> {
    let config = load(context, Vec::new())?.config;
    let known = Known::of_installation(access, &config).await?;
    let checked = verify(token, &known.expected(None)).map_err(|problem| {
        Refused(format!(
            "nothing was revoked: what was given is no token that is good here: {problem}"
        ))
    })?;
    let bearing = checked.bearing();
    let target = Target::Token {
        jti: bearing.jti.to_owned(),
        audience: audience.or_else(|| Some(bearing.audience.to_owned())),
    };
    let expires_at = checked
        .claims
        .get("exp")
        .and_then(serde_json::Value::as_i64);
    Ok((target, expires_at))
}
