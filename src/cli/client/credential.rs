//! `rulemint client credential`

use std::fs;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::show_secret;
use crate::cli::Context;
use crate::cli::output::moment;
use crate::registry::{ClientChange, NewCredential, Registrar, credentials_in_use};
use crate::store::CredentialRow;

/// Add, list, use or delete public keys that a client proves itself by, instead of a secret (private_key_jwt).
#[derive(Subcommand)]
pub(in crate::cli) enum CredentialCommand {
    /// Add a public key to a client. It counts once the client is said to use it.
    Add(Add),
    /// List a client's public keys.
    List {
        /// The client id.
        client: String,
    },
    /// Say which public keys a client proves itself by from now on. Its secret ends.
    Use {
        /// The client id.
        client: String,
        /// The credentials, by id: these and no others.
        #[arg(required_unless_present = "none")]
        credentials: Vec<String>,
        /// By none, but by a new secret, which is shown once.
        #[arg(long, conflicts_with = "credentials")]
        none: bool,
    },
    /// Delete a public key that is not in use.
    Delete {
        /// The client id.
        client: String,
        /// The credential, by id.
        credential: String,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Add {
    /// The client id.
    client: String,
    /// A PEM file with the public key, or with a certificate of it; - reads standard input.
    file: PathBuf,
    /// A name for people.
    #[arg(long, default_value = "")]
    name: String,
    /// What assertions name it by, in 10 to 64 letters, digits, - and _ [default: its RFC 7638 thumbprint].
    #[arg(long, allow_hyphen_values = true)]
    kid: Option<String>,
    /// What the client signs with: RS256, RS384, PS256, ES256 or EdDSA [default: what is usual for such a key].
    #[arg(long, value_name = "ALGORITHM")]
    alg: Option<String>,
    /// When it ends: a moment like 2030-12-31T23:59:59Z, or in Unix seconds.
    #[arg(long, value_name = "MOMENT", value_parser = read_moment)]
    expires: Option<i64>,
    /// It ends when its certificate does.
    #[arg(long, conflicts_with = "expires")]
    expires_with_certificate: bool,
}

impl CredentialCommand {
    /// Whether it changes nothing.
    pub(super) fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. })
    }

    pub(super) async fn run(
        self,
        context: &Context<'_>,
        registrar: &Registrar,
    ) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(context, registrar).await,
            Self::List { client } => {
                let row = registrar.client(&client).await?;
                let credentials = registrar.credentials(&client).await?;
                list(context, &credentials, &credentials_in_use(&row));
                Ok(())
            }
            Self::Use {
                client,
                credentials,
                ..
            } => {
                let change = ClientChange {
                    credentials: Some(credentials),
                    ..ClientChange::default()
                };
                let updated = registrar.update_client(&client, change).await?;
                show_secret(context, &updated);
                Ok(())
            }
            Self::Delete { client, credential } => {
                registrar.delete_credential(&client, &credential).await?;
                let output = context.output;
                output.done(format!("credential {credential} is deleted"));
                Ok(())
            }
        }
    }
}

impl Add {
    async fn run(self, context: &Context<'_>, registrar: &Registrar) -> anyhow::Result<()> {
        let new = NewCredential {
            name: self.name,
            pem: read_pem(&self.file)?,
            kid: self.kid,
            algorithm: self.alg,
            expires_at: self.expires,
            ends_with_certificate: self.expires_with_certificate,
        };
        let added = registrar.add_credential(&self.client, &new).await?;
        let lines = [
            ("id", added.id.clone()),
            ("kid", added.kid.clone()),
            ("algorithm", added.algorithm.clone()),
            ("ends", ends(&added)),
        ];
        context.output.thing(&added, &lines);
        let (client, id) = (&added.client_id, &added.id);
        context.output.note(format!(
            "It counts after: rulemint client credential use {client} {id}"
        ));
        Ok(())
    }
}

/// Reads PEM text.
pub(super) fn read_pem(file: &Path) -> anyhow::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        stdin().read_to_string(&mut text).context("read the key")?;
        return Ok(text);
    }
    fs::read_to_string(file).with_context(|| format!("read the key from {}", file.display()))
}

fn list(context: &Context<'_>, credentials: &[CredentialRow], in_use: &[&str]) {
    let head = ["ID", "NAME", "KID", "ALGORITHM", "ENDS", "IN USE"];
    context.output.things(credentials, &head, |one| {
        let is_used = match in_use.contains(&&*one.id) {
            true => "yes",
            false => "no",
        };
        vec![
            one.id.clone(),
            one.name.clone(),
            one.kid.clone(),
            one.algorithm.clone(),
            ends(one),
            is_used.to_owned(),
        ]
    });
}

fn ends(credential: &CredentialRow) -> String {
    credential.expires_at.map_or("never".to_owned(), moment)
}

fn read_moment(text: &str) -> Result<i64, String> {
    let read = crate::clock::moment(text);
    read.ok_or_else(|| "write a moment like 2030-12-31T23:59:59Z, or Unix seconds".to_owned())
}
