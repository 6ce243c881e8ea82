//! `rulemint client`

mod credential;
mod import;
mod quota;
mod secret;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::json;

use super::Context;
use super::access::Access;
use super::output::moment;
use super::revoke::until_all_in_force;
use crate::quota::TokenQuota;
use crate::registry::{AddedClient, ClientChange, NewClient, NewCredential, Registrar};
use crate::store::{ClientRow, GrantRow};

#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Add a client. Its secret, if it has one, is shown once.
    Add(Add),
    Import(import::Import),
    /// Change a client: what is not named stays.
    Update(Update),
    /// List all clients.
    List,
    /// Show one client and its grants.
    Show {
        /// The client id.
        id: String,
    },
    /// Delete a client, its secrets and its grants.
    Delete {
        /// The client id.
        id: String,
    },
    /// Say that a client is an API itself: it may ask (introspect) about tokens that were issued for that API.
    Serve {
        /// The client id.
        id: String,
        /// The API, by its identifier or id.
        api: String,
        /// It is not, or not any more.
        #[arg(long)]
        stop: bool,
    },
    #[command(subcommand)]
    Credential(credential::CredentialCommand),
    /// Give a client a new secret. It is shown once.
    RotateSecret {
        /// The client id.
        id: String,
        /// For how long the old secret stays good, in seconds.
        #[arg(long, default_value_t = 0, value_name = "SECONDS")]
        overlap: u32,
        /// Read the new secret from standard input, instead of making one.
        #[arg(long)]
        secret_stdin: bool,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// A name for people.
    #[arg(long)]
    name: String,
    /// Its client id [default: a made-up one].
    #[arg(long)]
    id: Option<String>,
    /// Something that rules may know about it; may be repeated.
    #[arg(long = "metadata", value_name = "KEY=VALUE", value_parser = key_value)]
    metadata: Vec<(String, String)>,
    /// It has no secret. Such a client gets no token for itself.
    #[arg(long)]
    public: bool,
    /// Read its secret from standard input, instead of making one: 8 or more characters that somebody chose.
    #[arg(long, conflicts_with = "public")]
    secret_stdin: bool,
    /// It proves itself by this public key, instead of a secret: a PEM file with the key, or with a certificate of it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["public", "secret_stdin"])]
    public_key: Option<PathBuf>,
    /// The most tokens it may have: per_hour=10,per_day=50, either or both, and enforce=false to count only.
    #[arg(long, value_name = "LIMITS", value_parser = quota::read)]
    token_quota: Option<TokenQuota>,
}

#[derive(Args)]
pub(super) struct Update {
    /// The client id.
    id: String,
    /// A name for people.
    #[arg(long)]
    name: Option<String>,
    /// Something that rules may know about it; may be repeated. What is not named stays.
    #[arg(long = "metadata", value_name = "KEY=VALUE", value_parser = key_value)]
    metadata: Vec<(String, String)>,
    /// Something that rules are to know no more; may be repeated.
    #[arg(long = "remove-metadata", value_name = "KEY")]
    remove_metadata: Vec<String>,
    /// The most tokens it may have: per_hour=10,per_day=50, either or both, and enforce=false to count only.
    #[arg(long, value_name = "LIMITS", value_parser = quota::read)]
    token_quota: Option<TokenQuota>,
    /// It may have as many tokens as it likes.
    #[arg(long, conflicts_with = "token_quota")]
    remove_token_quota: bool,
}

impl Update {
    fn change(self) -> ClientChange {
        let kept = self.metadata.into_iter();
        let kept = kept.map(|(key, value)| (key, Some(value)));
        let removed = self.remove_metadata.into_iter().map(|key| (key, None));
        ClientChange {
            name: self.name,
            metadata: kept.chain(removed).collect(),
            attributes: match self.remove_token_quota {
                true => quota::removed(),
                false => quota::attributes(self.token_quota),
            },
            ..ClientChange::default()
        }
    }
}

impl Add {
    async fn run(self, context: &Context<'_>, registrar: &Registrar) -> anyhow::Result<()> {
        let given = self.secret_stdin.then(secret::read).transpose()?;
        let is_given = given.is_some();
        let pem = self.public_key.as_deref().map(credential::read_pem);
        let credential = pem.transpose()?.map(|pem| NewCredential {
            pem,
            ..NewCredential::default()
        });
        let new = NewClient {
            id: self.id,
            name: self.name,
            public: self.public,
            secret: given,
            credentials: credential.into_iter().collect(),
            metadata: self.metadata.into_iter().collect(),
            attributes: quota::attributes(self.token_quota),
            ..NewClient::default()
        };
        let mut added = registrar.add_client(new).await?;
        added.secret = added.secret.filter(|_| !is_given);
        show_secret(context, &added);
        Ok(())
    }
}

impl ClientCommand {
    /// Runs it. What it changes, a running server has in force when it ends.
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::open(context).await?;
        let only_looks = match &self {
            Self::Credential(command) => command.only_looks(),
            Self::List | Self::Show { .. } => true,
            Self::Add(_)
            | Self::Import(_)
            | Self::Update(_)
            | Self::Delete { .. }
            | Self::Serve { .. }
            | Self::RotateSecret { .. } => false,
        };
        self.carry_out(context, &access.registrar).await?;
        match only_looks {
            true => Ok(()),
            false => until_all_in_force(&access).await,
        }
    }

    async fn carry_out(self, context: &Context<'_>, registrar: &Registrar) -> anyhow::Result<()> {
        let output = context.output;
        match self {
            Self::Add(add) => add.run(context, registrar).await?,
            Self::Import(import) => import.run(context, registrar).await?,
            Self::Credential(command) => command.run(context, registrar).await?,
            Self::Update(update) => {
                let id = update.id.clone();
                let client = registrar.update_client(&id, update.change()).await?.client;
                let grants = registrar.grants(Some(&id)).await?;
                let served = registrar.served_apis(&id).await?;
                show(context, &client, &grants, &served);
            }
            Self::List => list(context, registrar.clients().await?),
            Self::Serve {
                id,
                api,
                stop: false,
            } => {
                let api = registrar.serve_api(&id, &api).await?;
                output.done(format!("client {id} may ask about tokens for {api}"));
            }
            Self::Serve { id, api, .. } => {
                registrar.stop_serving_api(&id, &api).await?;
                output.done(format!("client {id} no longer serves {api}"));
            }
            Self::Show { id } => {
                let client = registrar.client(&id).await?;
                let grants = registrar.grants(Some(&id)).await?;
                let served = registrar.served_apis(&id).await?;
                show(context, &client, &grants, &served);
            }
            Self::Delete { id } => {
                registrar.delete_client(&id).await?;
                output.done(format!("client {id} is deleted, and its grants with it"));
            }
            Self::RotateSecret {
                id,
                overlap,
                secret_stdin,
            } => {
                let given = secret_stdin.then(secret::read).transpose()?;
                let is_given = given.is_some();
                let mut rotated = registrar.replace_secret(&id, overlap, given).await?;
                rotated.secret = rotated.secret.filter(|_| !is_given);
                show_secret(context, &rotated);
            }
        }
        Ok(())
    }
}

fn list(context: &Context<'_>, clients: Vec<ClientRow>) {
    let clients: Vec<_> = clients.into_iter().map(Shown).collect();
    let head = ["CLIENT ID", "NAME", "PROVES ITSELF BY", "SINCE"];
    context.output.things(&clients, &head, |Shown(one)| {
        let since = moment(one.created_at);
        let auth_method = one.auth_method.clone();
        vec![one.id.clone(), one.name.clone(), auth_method, since]
    });
}

/// A client as it is printed.
struct Shown(ClientRow);

impl serde::Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        client_json(&self.0).serialize(serializer)
    }
}

fn client_json(client: &ClientRow) -> serde_json::Value {
    json!({
        "client_id": client.id,
        "name": client.name,
        "auth_method": client.auth_method,
        "grant_types": client.grant_types,
        "metadata": client.metadata,
        "token_quota": client.attributes.get(TokenQuota::NAME),
        "created_at": client.created_at,
    })
}

fn show(context: &Context<'_>, client: &ClientRow, grants: &[GrantRow], served: &[String]) {
    let grant = |grant: &GrantRow| format!("{} ({})", grant.audience, grant.scope.join(" "));
    let mut whole = client_json(client);
    whole["grants"] = grants
        .iter()
        .map(|grant| json!({ "id": grant.id, "audience": grant.audience, "scope": grant.scope }))
        .collect();
    whole["serves"] = served.into();
    let metadata = client
        .metadata
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let lines = [
        ("client id", client.id.clone()),
        ("name", client.name.clone()),
        ("proves itself by", client.auth_method.clone()),
        ("grant types", client.grant_types.join(" ")),
        ("metadata", metadata.collect::<Vec<_>>().join(" ")),
        (
            "grants",
            grants.iter().map(grant).collect::<Vec<_>>().join(", "),
        ),
        ("serves", served.join(", ")),
        ("token quota", quota::words(client)),
        ("since", moment(client.created_at)),
    ];
    context.output.thing(&whole, &lines);
}

fn show_secret(context: &Context<'_>, added: &AddedClient) {
    let secret = added
        .secret
        .as_ref()
        .map(|secret| secret.expose_secret().to_owned());
    let mut whole = client_json(&added.client);
    whole["client_secret"] = secret.clone().into();
    let mut lines = vec![
        ("client id", added.client.id.clone()),
        ("name", added.client.name.clone()),
    ];
    if let Some(secret) = secret {
        lines.push(("client secret", secret));
    }
    context.output.thing(&whole, &lines);
    if added.secret.is_some() {
        context
            .output
            .note("Keep the secret now: it is not shown again.");
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is not KEY=VALUE")),
    }
}
