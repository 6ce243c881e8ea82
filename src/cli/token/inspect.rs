//! `rulemint token inspect`

use std::fs;
use std::path::PathBuf;

use anstream::println;
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::super::Context;
use super::super::access::{Access, load};
use super::super::exit::Refused;
use super::super::output::{BAD, GOOD};
use super::jwt::{decoded_parts, print_parts, read_token};
use super::server::{Named, Server};
use crate::config::{Config, Issuer};
use crate::keys::KeyRing;
use crate::sign::{Verification, verify_any};

/// Decode a token and check it the way an API would.
///
/// What is checked is its signature, its issuer, its type, its time and, where given, its audience. What it says is printed even if
/// it is not valid.
///
/// Status list tokens, signed lists of revocations and signed answers of introspection are told as what they are. With --audience
/// only an access token is valid.
///
/// The keys are those of the installation in the data directory, or of the server where that is named or there is none
/// here, or of --jwks.
#[derive(Args)]
pub(in crate::cli) struct Inspect {
    /// The token; - or nothing reads it from standard input.
    token: Option<String>,
    /// The API it should be for.
    #[arg(long, value_name = "API")]
    audience: Option<String>,
    #[command(flatten)]
    server: Named,
    /// A file with the issuer's key set, instead of asking a server. The issuer is then not checked.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

impl Inspect {
    pub(super) async fn run(&self, context: &Context<'_>) -> anyhow::Result<()> {
        let token = read_token(self.token.as_deref())?;
        let (header, claims) = decoded_parts(&token)?;
        let (jwks, issuer) = self.keys(context).await?;
        let expected = Verification {
            jwks: &jwks,
            issuer: issuer.as_deref(),
            audience: self.audience.as_deref(),
        };
        let (kind, verdict) = verify_any(&token, &expected);
        if context.output.is_json() {
            let problem = verdict.as_ref().err().map(ToString::to_string);
            let valid = problem.is_none();
            context.output.value(&json!({
                "valid": valid, "problem": problem, "kind": kind, "header": header, "claims": claims,
            }));
        } else {
            print_parts(context, &header, &claims);
            match &verdict {
                Ok(_) => println!("\n{GOOD}valid{GOOD:#}: it is {}", kind.as_str()),
                Err(problem) => println!("\n{BAD}not valid:{BAD:#} {problem}"),
            }
        }
        let refused = |problem| Refused(format!("the token is not valid: {problem}"));
        Ok(verdict.map(drop).map_err(refused)?)
    }

    async fn keys(&self, context: &Context<'_>) -> anyhow::Result<(String, Option<String>)> {
        if let Some(file) = &self.jwks {
            let text = fs::read_to_string(file);
            let text = text.with_context(|| format!("read the keys from {}", file.display()))?;
            return Ok((text, None));
        }
        let config = load(context, Vec::new())?.config;
        match &self.server.server {
            None if config.data_dir.is_dir() => keys_of_installation(context, &config).await,
            _ => keys_of_server(&self.server.find(context)?),
        }
    }
}

/// The keys in the store, whether or not a server runs. The issuer that the server last had stands in the name of its
/// management API.
async fn keys_of_installation(
    context: &Context<'_>,
    config: &Config,
) -> anyhow::Result<(String, Option<String>)> {
    let access = Access::look(context).await?;
    let keys = KeyRing::load(&access.store, &access.master).await?;
    let configured = config.issuer.as_ref().map(ToString::to_string);
    let issuer = match configured {
        Some(issuer) => Some(issuer),
        None => last_issuer(&access).await?,
    };
    Ok((keys.jwks().to_string(), issuer))
}

async fn last_issuer(access: &Access) -> anyhow::Result<Option<String>> {
    let apis = access.store.apis().await?;
    let management = apis.iter().find(|api| api.is_system);
    Ok(management.and_then(|api| Issuer::of_management_audience(&api.identifier)))
}

fn keys_of_server(server: &Server) -> anyhow::Result<(String, Option<String>)> {
    let metadata = fetch(server, "/.well-known/oauth-authorization-server")?;
    let metadata: Value = serde_json::from_str(&metadata).context("read the server's metadata")?;
    let jwks = fetch(server, "/.well-known/jwks.json")?;
    Ok((jwks, metadata["issuer"].as_str().map(str::to_owned)))
}

fn fetch(server: &Server, path: &str) -> anyhow::Result<String> {
    let url = server.url(path);
    let response = server.agent().get(&url).call();
    let mut response = response.map_err(|problem| server.silence(problem))?;
    if !response.status().is_success() {
        bail!("{url} answers {}", response.status());
    }
    response
        .body_mut()
        .read_to_string()
        .with_context(|| format!("read {url}"))
}
