//! `rulemint api`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Context;
use super::access::Access;
use super::output::moment;
use crate::keys::Algorithm;
use crate::registry::{LIFETIME_SECONDS_DEFAULT, NewApi};
use crate::store::{ApiRow, ScopeRow};

#[derive(Subcommand)]
pub(super) enum ApiCommand {
    /// Add an API that tokens can be issued for.
    Add(Add),
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
}

impl ApiCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let registrar = Access::open(context).await?.registrar;
        let output = context.output;
        match self {
            Self::Add(add) => {
                let new = NewApi {
                    name: add.name,
                    scopes: add.scopes.iter().map(|scope| scope_row(scope)).collect(),
                    algorithm: add.signing_alg,
                    lifetime: add.token_lifetime,
                    ..NewApi::named(&add.identifier)
                };
                show(context, &registrar.add_api(new).await?);
            }
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
        ("since", moment(api.created_at)),
    ];
    context.output.thing(&api_json(api), &lines);
}
