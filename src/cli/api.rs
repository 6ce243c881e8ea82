//! `rulemint api`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Context;
use super::access::Access;
use super::output::moment;
use super::revoke::until_all_in_force;
use crate::keys::Algorithm;
use crate::registry::{ApiChange, LIFETIME_SECONDS_DEFAULT, NewApi, Registrar, RegistrarError};
use crate::store::{ApiRow, ScopeRow};

#[derive(Subcommand)]
pub(super) enum ApiCommand {
    /// Add an API that tokens can be issued for.
    Add(Add),
    /// Change an API: what is not named stays. Scopes that it loses are taken from the grants for it.
    Update(Update),
    /// List all APIs.
    List,
    /// Show one API.
    Show {
        /// Its identifier or its id.
        api: String,
    },
    /// Delete an API and every grant for it.
    Delete {
        /// Its identifier or its id.
        api: String,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// What tokens will carry as aud: usually the API's URL. It never changes.
    identifier: String,
    /// A name for people [default: the identifier].
    #[arg(long)]
    name: Option<String>,
    /// A scope it knows; may be repeated. A description may follow behind an equals sign.
    #[arg(long = "scope", value_name = "SCOPE[=TEXT]")]
    scopes: Vec<String>,
    /// How long its tokens live, in seconds.
    #[arg(long, default_value_t = LIFETIME_SECONDS_DEFAULT, value_name = "SECONDS")]
    token_lifetime: u32,
    /// How its tokens are signed: ES256, RS256 or EdDSA.
    #[arg(long, default_value_t = Algorithm::default(), value_name = "ALGORITHM")]
    signing_alg: Algorithm,
    /// Give its tokens a place on a status list, for whoever checks them offline.
    #[arg(long)]
    status_list: bool,
}

#[derive(Args)]
pub(super) struct Update {
    /// Its identifier or its id.
    api: String,
    /// A name for people.
    #[arg(long)]
    name: Option<String>,
    /// A scope it is to know as well, or to describe otherwise; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE[=TEXT]")]
    scopes: Vec<String>,
    /// A scope it is to know no more; may be repeated.
    #[arg(long = "remove-scope", value_name = "SCOPE")]
    remove_scopes: Vec<String>,
    /// How long its tokens live, in seconds.
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<u32>,
    /// How its tokens are signed: ES256, RS256 or EdDSA.
    #[arg(long, value_name = "ALGORITHM")]
    signing_alg: Option<Algorithm>,
    /// Whether its tokens have a place on a status list from now on.
    #[arg(long, value_name = "true|false")]
    status_list: Option<bool>,
}

impl Update {
    /// The scopes it knows from now on; `None` where they stay.
    fn scopes_after(&self, before: &ApiRow) -> Option<Vec<ScopeRow>> {
        if self.scopes.is_empty() && self.remove_scopes.is_empty() {
            return None;
        }
        let mut scopes = before.scopes.clone();
        scopes.retain(|scope| !self.remove_scopes.contains(&scope.value));
        for named in self.scopes.iter().map(|text| scope_row(text)) {
            match scopes.iter_mut().find(|scope| scope.value == named.value) {
                Some(known) => known.description = named.description,
                None => scopes.push(named),
            }
        }
        Some(scopes)
    }

    async fn run(self, registrar: &Registrar) -> Result<ApiRow, RegistrarError> {
        let scopes = self.scopes_after(&registrar.api(&self.api).await?);
        let change = ApiChange {
            name: self.name,
            scopes,
            algorithm: self.signing_alg,
            lifetime: self.token_lifetime,
            status_list: self.status_list,
            ..ApiChange::default()
        };
        registrar.update_api(&self.api, change).await
    }
}

impl ApiCommand {
    /// Runs it. What it changes, a running server has in force when it ends.
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::open(context).await?;
        let only_looks = matches!(self, Self::List | Self::Show { .. });
        self.carry_out(context, &access.registrar).await?;
        match only_looks {
            true => Ok(()),
            false => until_all_in_force(&access).await,
        }
    }

    async fn carry_out(self, context: &Context<'_>, registrar: &Registrar) -> anyhow::Result<()> {
        let output = context.output;
        match self {
            Self::Add(add) => {
                let new = NewApi {
                    name: add.name,
                    scopes: add.scopes.iter().map(|scope| scope_row(scope)).collect(),
                    algorithm: add.signing_alg,
                    lifetime: add.token_lifetime,
                    status_list: add.status_list,
                    ..NewApi::named(&add.identifier)
                };
                show(context, &registrar.add_api(new).await?);
            }
            Self::Update(update) => show(context, &update.run(registrar).await?),
            Self::List => {
                let apis: Vec<Value> = registrar.apis().await?.iter().map(api_json).collect();
                output.things(
                    &apis,
                    &["IDENTIFIER", "NAME", "SIGNED WITH", "LIFETIME"],
                    |api| {
                        let text = |key: &str| api[key].as_str().unwrap_or_default().to_owned();
                        let lifetime = format!("{} s", api["token_lifetime"]);
                        vec![
                            text("identifier"),
                            text("name"),
                            text("signing_alg"),
                            lifetime,
                        ]
                    },
                );
            }
            Self::Show { api } => show(context, &registrar.api(&api).await?),
            Self::Delete { api } => {
                registrar.delete_api(&api).await?;
                output.done(format!("API {api} is deleted, and every grant for it"));
            }
        }
        Ok(())
    }
}

fn scope_row(text: &str) -> ScopeRow {
    let (value, description) = text.split_once('=').unwrap_or((text, ""));
    ScopeRow {
        value: value.to_owned(),
        description: description.to_owned(),
    }
}

fn api_json(api: &ApiRow) -> Value {
    json!({
        "id": api.id,
        "identifier": api.identifier,
        "name": api.name,
        "scopes": api.scopes,
        "signing_alg": api.signing_alg,
        "token_lifetime": api.token_lifetime,
        "status_list": api.status_list,
        "is_system": api.is_system,
        "created_at": api.created_at,
    })
}

fn show(context: &Context<'_>, api: &ApiRow) {
    let scope = |scope: &ScopeRow| match scope.description.as_str() {
        "" => scope.value.clone(),
        description => format!("{} ({description})", scope.value),
    };
    let lines = [
        ("identifier", api.identifier.clone()),
        ("id", api.id.clone()),
        ("name", api.name.clone()),
        (
            "scopes",
            api.scopes.iter().map(scope).collect::<Vec<_>>().join(", "),
        ),
        ("signed with", api.signing_alg.clone()),
        ("token lifetime", format!("{} s", api.token_lifetime)),
        (
            "status list",
            if api.status_list { "yes" } else { "no" }.to_owned(),
        ),
        ("since", moment(api.created_at)),
    ];
    context.output.thing(&api_json(api), &lines);
}
