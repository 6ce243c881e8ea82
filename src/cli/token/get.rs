//! `rulemint token get`

use std::fs;
use std::io::{IsTerminal, Read, stdin};
use std::path::PathBuf;

use anstream::println;
use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::super::Context;
use super::super::exit::Refused;
use super::assertion::{JWT_BEARER, assertion};
use super::jwt::{decoded_parts, print_parts};
use super::server::{Named, Server};

/// Ask a running server for a token.
///
/// It is asked for with the client credentials grant, and printed alone.
///
/// The client's secret comes from --secret-file, from RULEMINT_CLIENT_SECRET, or from a prompt: never from the command
/// line, where every process on the machine could read it. A client that has a key instead of a secret signs with
/// --key-file.
#[derive(Args)]
pub(in crate::cli) struct Get {
    /// The client id.
    #[arg(long, value_name = "CLIENT_ID")]
    client: String,
    /// The API, by its identifier [default: the client's only one].
    #[arg(long, value_name = "API")]
    audience: Option<String>,
    /// A scope, or several with spaces between; may be repeated [default: all that are granted].
    #[arg(long = "scope", value_name = "SCOPES")]
    scopes: Vec<String>,
    /// A file with the client's secret; - reads it from standard input.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A PEM file with the client's private key (PKCS#8), of a client that proves itself by its signature. An RSA key signs
    /// with RS256.
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    server: Named,
    /// Print what the token says instead of the token.
    #[arg(long)]
    decode: bool,
}

impl Get {
    pub(super) fn run(&self, context: &Context<'_>) -> anyhow::Result<()> {
        let server = self.server.find(context)?;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.client.as_str()),
        ];
        let proof = match &self.key_file {
            Some(file) => assertion(&server, &self.client, file)?,
            None => self.secret(context)?,
        };
        match self.key_file {
            Some(_) => form.extend([
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", proof.expose_secret()),
            ]),
            None => form.push(("client_secret", proof.expose_secret())),
        }
        form.extend(
            self.audience
                .as_deref()
                .map(|audience| ("audience", audience)),
        );
        let scope = self.scopes.join(" ");
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        let answer = post(&server, form)?;
        let token = answer["access_token"].as_str();
        let token = token.context("read the answer: there is no access_token in it")?;
        if self.decode {
            let (header, claims) = decoded_parts(token)?;
            print_parts(context, &header, &claims);
        } else if context.output.is_json() {
            context.output.value(&answer);
        } else {
            println!("{token}");
        }
        Ok(())
    }

    fn secret(&self, context: &Context<'_>) -> anyhow::Result<SecretString> {
        let secret = match (
            &self.secret_file,
            context.environment.get("RULEMINT_CLIENT_SECRET"),
        ) {
            (Some(file), _) if file.as_os_str() == "-" => {
                let mut text = String::new();
                stdin()
                    .read_to_string(&mut text)
                    .context("read the secret")?;
                text
            }
            (Some(file), _) => fs::read_to_string(file)
                .with_context(|| format!("read the secret from {}", file.display()))?,
            (None, Some(secret)) => secret.to_owned(),
            (None, None) if stdin().is_terminal() => {
                rpassword::prompt_password(format!("Secret of {}: ", self.client))
                    .context("read the secret")?
            }
            (None, None) => bail!("no secret: use --secret-file or RULEMINT_CLIENT_SECRET"),
        };
        Ok(secret.trim_end_matches(['\r', '\n']).into())
    }
}

fn post(server: &Server, form: Vec<(&str, &str)>) -> anyhow::Result<Value> {
    let url = server.url("/oauth/token");
    let sent = server.agent().post(&url).send_form(form);
    let mut response = sent.map_err(|problem| server.silence(problem))?;
    let status = response.status();
    let answer: Value = response
        .body_mut()
        .read_json()
        .with_context(|| format!("read the answer of {url} ({status})"))?;
    if status.is_success() {
        return Ok(answer);
    }
    let said = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    Err(Refused(format!(
        "{} {}: {}",
        status.as_u16(),
        said("error"),
        said("error_description")
    ))
    .into())
}
