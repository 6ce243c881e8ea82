//! `rulemint token inspect`

use std::fs;
use std::io::{Read, stdin};
use std::path::PathBuf;

use anstream::println;
use anyhow::{Context as _, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde_json::{Value, json};

use super::super::Context;
use super::super::exit::Refused;
use super::super::output::{BAD, DIM, GOOD, moment};
use super::DEFAULT_SERVER;
use super::get::http_client;
use crate::sign::{Verification, verify};

/// Prints what a token says and whether it is valid: signature, issuer, type, time and, where given, audience.
///
/// The keys are those of --server, or of --jwks. What the token says is printed even if it is not valid.
#[derive(Args)]
pub(in crate::cli) struct Inspect {
    /// The token; - or nothing reads it from standard input.
    token: Option<String>,
    /// The API it should be for.
    #[arg(long, value_name = "API")]
    audience: Option<String>,
    /// The server that should have issued it.
    #[arg(long, value_name = "URL", env = "RULEMINT_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    /// A file with the issuer's key set, instead of asking a server. The issuer is then not checked.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

impl Inspect {
    pub(super) fn run(&self, context: &Context<'_>) -> anyhow::Result<()> {
        let token = read_token(self.token.as_deref())?;
        let (header, claims) = decoded_parts(&token)?;
        let (jwks, issuer) = self.keys()?;
        let expected = Verification {
            jwks: &jwks,
            issuer: issuer.as_deref(),
            audience: self.audience.as_deref(),
        };
        let verdict = verify(&token, &expected);
        if context.output.is_json() {
            let problem = verdict.as_ref().err().map(ToString::to_string);
            let valid = problem.is_none();
            context.output.value(
                &json!({ "valid": valid, "problem": problem, "header": header, "claims": claims }),
            );
        } else {
            print_parts(context, &header, &claims);
            match &verdict {
                Ok(_) => println!("\n{GOOD}valid{GOOD:#}"),
                Err(problem) => println!("\n{BAD}not valid:{BAD:#} {problem}"),
            }
        }
        verdict
            .map(drop)
            .map_err(|problem| Refused(format!("the token is not valid: {problem}")).into())
    }

    fn keys(&self) -> anyhow::Result<(String, Option<String>)> {
        if let Some(file) = &self.jwks {
            let text = fs::read_to_string(file);
            let text = text.with_context(|| format!("read the keys from {}", file.display()))?;
            return Ok((text, None));
        }
        let server = self.server.trim_end_matches('/');
        let metadata = fetch(&format!("{server}/.well-known/oauth-authorization-server"))?;
        let metadata: Value =
            serde_json::from_str(&metadata).context("read the server's metadata")?;
        let jwks = fetch(&format!("{server}/.well-known/jwks.json"))?;
        Ok((jwks, metadata["issuer"].as_str().map(str::to_owned)))
    }
}

fn fetch(url: &str) -> anyhow::Result<String> {
    let response = http_client().get(url).call();
    let mut response = response.with_context(|| format!("reach {url}; is the server running?"))?;
    if !response.status().is_success() {
        bail!("{url} answers {}", response.status());
    }
    response
        .body_mut()
        .read_to_string()
        .with_context(|| format!("read {url}"))
}

pub(super) fn read_token(given: Option<&str>) -> anyhow::Result<String> {
    let text = match given {
        Some(token) if token != "-" => token.to_owned(),
        _ => {
            let mut text = String::new();
            stdin()
                .read_to_string(&mut text)
                .context("read the token")?;
            text
        }
    };
    Ok(text.trim().to_owned())
}

/// Header and claims of a token, unchecked: only to look at.
pub(super) fn decoded_parts(token: &str) -> anyhow::Result<(Value, Value)> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        let text = "this is no JWT: it does not have three parts with dots between them";
        return Err(Refused(text.to_owned()).into());
    };
    let decode = |part: &str| -> anyhow::Result<Value> {
        let refused = |what: &str| Refused(format!("this is no JWT: a part is not {what}"));
        let bytes = URL_SAFE_NO_PAD.decode(part);
        let bytes = bytes.map_err(|_| refused("Base64"))?;
        Ok(serde_json::from_slice(&bytes).map_err(|_| refused("JSON"))?)
    };
    Ok((decode(header)?, decode(claims)?))
}

pub(super) fn print_parts(context: &Context<'_>, header: &Value, claims: &Value) {
    if context.output.is_json() {
        return context
            .output
            .value(&json!({ "header": header, "claims": claims }));
    }
    println!("{DIM}header{DIM:#}");
    context.output.value(header);
    println!("{DIM}claims{DIM:#}");
    context.output.value(claims);
    for (name, said) in [("iat", "issued"), ("exp", "expires")] {
        if let Some(seconds) = claims[name].as_i64() {
            println!("{DIM}{said}{DIM:#} {}", moment(seconds));
        }
    }
}
