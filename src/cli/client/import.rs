//! `rulemint client import`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
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
/// bcrypt) or neither for a new secret, metadata, grant_types, token_quota as in the management API, and grants as
/// [{"audience": URL, "scope": "read write"}]. All of it is checked before the first client is added. One without a
/// client_id is a new client at each run.
#[derive(Args)]
pub(in crate::cli) struct Import {
    /// The file; - reads standard input.
    file: PathBuf,
    /// Leave clients that are there already as they are, but for grants that they lack, instead of refusing the file.
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

/// A client that the file adds, checked against the file and the installation.
struct Understood {
    /// Whether a client with this id is there, and gets no more than the grants it lacks.
    is_there: bool,
    new: NewClient,
    /// Of a secret that another system kept.
    hash: Option<ChosenHash>,
    /// For which APIs, by their identifiers, with which scopes.
    grants: BTreeMap<String, Option<String>>,
}

impl Import {
    pub(super) async fn run(
        self,
        context: &Context<'_>,
        registrar: &Registrar,
    ) -> anyhow::Result<()> {
        let clients = self.understood(registrar).await?;
        let mut imported = Vec::with_capacity(clients.len());
        let result = add_all(registrar, context, clients, &mut imported).await;
        // Whatever came in between: secrets that were made are told, for nobody can see them again.
        if result.is_ok() || !imported.is_empty() {
            show(context, &imported);
        }
        result
    }

    /// All that the file holds. Nothing is written before everything has been understood.
    async fn understood(&self, registrar: &Registrar) -> anyhow::Result<Vec<Understood>> {
        let mut ids = BTreeSet::new();
        let mut clients = Vec::new();
        for entry in read(&self.file)? {
            let name = entry.name.clone();
            if let Some(twice) = entry.client_id.clone().filter(|id| !ids.insert(id.clone())) {
                bail!("import client {name:?}: the file has the client_id {twice:?} twice");
            }
            let hash = hash(&entry)?;
            let client = understand(registrar, entry, hash).await;
            let client = client.with_context(|| format!("import client {name:?}"))?;
            if let Some(id) = client.new.id.as_ref().filter(|_| client.is_there) {
                let (what, id) = ("client", id.clone());
                if !self.skip_existing {
                    let conflict = RegistrarError::Conflict { what, id };
                    return Err(conflict).with_context(|| format!("import client {name:?}"));
                }
            }
            clients.push(client);
        }
        Ok(clients)
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

async fn understand(
    registrar: &Registrar,
    entry: Written,
    hash: Option<ChosenHash>,
) -> anyhow::Result<Understood> {
    let mut grants = BTreeMap::new();
    for WrittenGrant { audience, scope } in entry.grants {
        let audience = registrar.check_grant(&audience, scope.as_deref()).await?;
        if grants.insert(audience.clone(), scope).is_some() {
            bail!("it has two grants for {audience}: put all scopes into one");
        }
    }
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
    new.check()?;
    let is_there = match &new.id {
        Some(id) => exists(registrar, id).await?,
        None => false,
    };
    Ok(Understood {
        is_there,
        new,
        hash,
        grants,
    })
}

async fn exists(registrar: &Registrar, id: &str) -> Result<bool, RegistrarError> {
    match registrar.client(id).await {
        Ok(_) => Ok(true),
        Err(RegistrarError::NotFound { .. }) => Ok(false),
        Err(problem) => Err(problem),
    }
}

async fn add_all(
    registrar: &Registrar,
    context: &Context<'_>,
    clients: Vec<Understood>,
    imported: &mut Vec<Value>,
) -> anyhow::Result<()> {
    for mut client in clients {
        let doing = format!("import client {:?}", client.new.name);
        let grants = std::mem::take(&mut client.grants);
        let there = client.new.id.take_if(|_| client.is_there);
        let is_there = there.is_some();
        let id = match there {
            Some(id) => id,
            None => {
                let added = add(registrar, client).await;
                let (id, told) = added.with_context(|| doing.clone())?;
                imported.push(told);
                id
            }
        };
        let added = add_missing(registrar, &id, grants).await;
        let added = added.with_context(|| doing.clone())?;
        if is_there {
            context.output.remark(already(&id, &added));
        }
    }
    Ok(())
}

fn already(id: &str, grants: &[String]) -> String {
    match grants {
        [] => format!("{id} is there already"),
        some => format!("{id} is there already; grants added: {}", some.join(" ")),
    }
}

async fn add(registrar: &Registrar, client: Understood) -> Result<(String, Value), RegistrarError> {
    let is_new = client.new.secret.is_none();
    let (added, secret) = match &client.hash {
        Some(hash) => (registrar.import_client(client.new, hash).await?, None),
        None => {
            let added = registrar.add_client(client.new).await?;
            (added.client, added.secret.filter(|_| is_new))
        }
    };
    let secret = secret.as_ref().map(ExposeSecret::expose_secret);
    let told = json!({ "client_id": added.id, "name": added.name, "client_secret": secret });
    Ok((added.id, told))
}

/// Adds the grants that the client lacks, and names their APIs. Those it has stay as they are.
async fn add_missing(
    registrar: &Registrar,
    client_id: &str,
    grants: BTreeMap<String, Option<String>>,
) -> Result<Vec<String>, RegistrarError> {
    let there = registrar.grants(Some(client_id)).await?;
    let mut added = Vec::new();
    for (audience, scope) in grants {
        if there.iter().any(|grant| grant.audience == audience) {
            continue;
        }
        let new = NewGrant {
            client_id: client_id.to_owned(),
            audience,
            scope,
        };
        added.push(registrar.add_grant(new).await?.audience);
    }
    Ok(added)
}

fn show(context: &Context<'_>, imported: &[Value]) {
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let head = ["CLIENT ID", "NAME", "NEW SECRET"];
    context.output.things(imported, &head, |one| {
        ["client_id", "name", "client_secret"]
            .map(|key| text(one, key))
            .to_vec()
    });
}
