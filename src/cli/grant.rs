//! `rulemint grant`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Context;
use super::access::Access;
use super::output::moment;
use crate::registry::NewGrant;
use crate::store::GrantRow;

#[derive(Subcommand)]
pub(super) enum GrantCommand {
    /// Let a client have tokens for an API.
    Add(Add),
    /// List all grants.
    List {
        /// Only those of this client.
        #[arg(long, value_name = "CLIENT_ID")]
        client: Option<String>,
    },
    /// Show one grant.
    Show {
        /// The grant's id.
        id: String,
    },
    /// Delete a grant: its client gets no further token for that API. Tokens it has live on.
    Delete {
        /// The grant's id.
        id: String,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// The client id.
    #[arg(long, value_name = "CLIENT_ID")]
    client: String,
    /// The API, by its identifier.
    #[arg(long, value_name = "API")]
    audience: String,
    /// A scope, or several with spaces between; may be repeated [default: all of the API's].
    #[arg(long = "scope", value_name = "SCOPES")]
    scopes: Vec<String>,
}

impl GrantCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let registrar = Access::open(context).await?.registrar;
        let output = context.output;
        match self {
            Self::Add(add) => {
                let new = NewGrant {
                    client_id: add.client,
                    audience: add.audience,
                    scope: (!add.scopes.is_empty()).then(|| add.scopes.join(" ")),
                };
                show(context, &registrar.add_grant(new).await?);
            }
            Self::List { client } => {
                let grants = registrar.grants(client.as_deref()).await?;
                let grants: Vec<Value> = grants.iter().map(grant_json).collect();
                output.things(
                    &grants,
                    &["ID", "CLIENT ID", "AUDIENCE", "SCOPES"],
                    |grant| {
                        let text = |key: &str| grant[key].as_str().unwrap_or_default().to_owned();
                        let scope = grant["scope"].as_array().into_iter().flatten();
                        let scope: Vec<&str> = scope.filter_map(Value::as_str).collect();
                        vec![
                            text("id"),
                            text("client_id"),
                            text("audience"),
                            scope.join(" "),
                        ]
                    },
                );
            }
            Self::Show { id } => show(context, &registrar.grant(&id).await?),
            Self::Delete { id } => {
                registrar.delete_grant(&id).await?;
                output.done(format!("grant {id} is deleted"));
            }
        }
        Ok(())
    }
}

fn grant_json(grant: &GrantRow) -> Value {
    json!({
        "id": grant.id,
        "client_id": grant.client_id,
        "audience": grant.audience,
        "scope": grant.scope,
        "created_at": grant.created_at,
    })
}

fn show(context: &Context<'_>, grant: &GrantRow) {
    let lines = [
        ("id", grant.id.clone()),
        ("client id", grant.client_id.clone()),
        ("audience", grant.audience.clone()),
        ("scopes", grant.scope.join(" ")),
        ("since", moment(grant.created_at)),
    ];
    context.output.thing(&grant_json(grant), &lines);
}
