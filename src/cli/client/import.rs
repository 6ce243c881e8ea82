//! `rulemint client import`

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::quota;
use crate::cli::Context;
use crate::quota::TokenQuota;
use crate::registry::{ChosenHash, NewClient, NewGrant, Registrar, RegistrarError};

/// Add clients that have secrets already, from a JSON file.
///
/// The file is a list of objects: client_id, name, then client_secret or client_secret_hash (argon2id as a PHC string, or
/// bcrypt) or neither for a new secret, metadata, grant_types, token_quota as in the management API, and grants as [{"audience": URL, "scope": "read write"}].
#[derive(Args)]
pub(in crate::cli) struct Import {
    /// The file; - reads standard input.
    file: PathBuf,
    /// Leave out clients that are there already, instead of ending there.
    #[arg(long)]
    skip_existing: bool,
}

/// A client as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    client_id: Option<String>,
    name: String,
    client_secret: Option<SecretString>,
    client_secret_hash: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    grant_types: Option<Vec<String>>,
    token_quota: Option<TokenQuota>,
    #[serde(default)]
    grants: Vec<WrittenGrant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGrant {
    audience: String,
    /// All of the API's where there is none.
    scope: Option<String>,
}

impl Import {
    pub(super) async fn run(
        self,
        context: &Context<'_>,
        registrar: &Registrar,
    ) -> anyhow::Result<()> {
        let entries = read(&self.file)?;
        // Nothing is written before everything has been understood.
        let hashes: Vec<Option<ChosenHash>> = entries.iter().map(hash).collect::<Result<_, _>>()?;
        let mut imported = Vec::with_capacity(entries.len());
        for (entry, hash) in entries.into_iter().zip(hashes) {
            let name = entry.name.clone();
            let added = add(registrar, entry, hash).await;
            match added {
                Err(RegistrarError::Conflict { what: "client", id }) if self.skip_existing => {
                    context.output.remark(format!("{id} is there already"));
                }
                added => imported.push(added.with_context(|| format!("import client {name:?}"))?),
            }
        }
        let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let head = ["CLIENT ID", "NAME", "NEW SECRET"];
        context.output.things(&imported, &head, |one| {
            ["client_id", "name", "client_secret"]
                .map(|key| text(one, key))
                .to_vec()
        });
        Ok(())
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<Written>> {
    let named = file.display();
    let text = match file.as_os_str() == "-" {
        true => {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map(|_| text)
        }
        false => fs::read_to_string(file),
    };
    let text = text.with_context(|| format!("read the clients from {named}"))?;
    // The message names the place, and never the text around it: there are secrets in it.
    serde_json::from_str(&text).with_context(|| format!("read the clients from {named}"))
}

fn hash(entry: &Written) -> anyhow::Result<Option<ChosenHash>> {
    let said = |why: &str| anyhow!("import client {:?}: {why}", entry.name);
    match (&entry.client_secret, &entry.client_secret_hash) {
        (Some(_), Some(_)) => Err(said("it has client_secret or client_secret_hash, not both")),
        (_, None) => Ok(None),
        (None, Some(text)) => match ChosenHash::import(text) {
            Ok(hash) => Ok(Some(hash)),
            Err(why) => Err(said(&format!("client_secret_hash: {why}"))),
        },
    }
}

async fn add(
    registrar: &Registrar,
    entry: Written,
    hash: Option<ChosenHash>,
) -> Result<Value, RegistrarError> {
    let is_new = hash.is_none() && entry.client_secret.is_none();
    let defaults = NewClient::default();
    let new = NewClient {
        id: entry.client_id,
        name: entry.name,
        secret: entry.client_secret,
        grant_types: entry.grant_types.unwrap_or(defaults.grant_types),
        metadata: entry.metadata,
        attributes: quota::attributes(entry.token_quota),
        ..NewClient::default()
    };
    let (client, secret) = match &hash {
        Some(hash) => (registrar.import_client(new, hash).await?, None),
        None => {
            let added = registrar.add_client(new).await?;
            (added.client, added.secret.filter(|_| is_new))
        }
    };
    for grant in entry.grants {
        let new = NewGrant {
            client_id: client.id.clone(),
            audience: grant.audience,
            scope: grant.scope,
        };
        registrar.add_grant(new).await?;
    }
    let secret = secret.as_ref().map(ExposeSecret::expose_secret);
    Ok(json!({ "client_id": client.id, "name": client.name, "client_secret": secret }))
}
