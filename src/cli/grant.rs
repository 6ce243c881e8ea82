//! `rulemint grant`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Context;
use super::access::Access;
use super::output::moment;
use super::revoke::{show as show_revoked, until_all_in_force, until_in_force};
use crate::registry::{GrantChange, NewGrant};
use crate::revocation::Target;
use crate::store::GrantRow;

#[derive(Subcommand)]
pub(super) enum GrantCommand {
    /// Let a client have tokens for an API.
    Add(Add),
    /// Give a grant other scopes.
    Update {
        /// The grant's id.
        id: String,
        /// A scope, or several with spaces between; may be repeated. They take the place of those it has.
        #[arg(long = "scope", value_name = "SCOPES", required = true)]
        scopes: Vec<String>,
    },
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
    /// Delete a grant: its client gets no further token for that API. Tokens it has live on, unless they are revoked.
    #[command(alias = "remove")]
    Delete {
        /// The grant's id.
        id: String,
        /// Revoke everything that was issued to the client for the API, in the same moment.
        #[arg(long)]
        revoke_tokens: bool,
        /// Why, for whoever reads the list of revocations.
        #[arg(long, value_name = "TEXT", requires = "revoke_tokens")]
        reason: Option<String>,
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
    /// Runs it. What it changes, a running server has in force when it ends.
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::open(context).await?;
        let only_looks = matches!(self, Self::List { .. } | Self::Show { .. });
        self.carry_out(context, &access).await?;
        match only_looks {
            true => Ok(()),
            false => until_all_in_force(&access).await,
        }
    }

    async fn carry_out(self, context: &Context<'_>, access: &Access) -> anyhow::Result<()> {
        let registrar = &access.registrar;
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
            Self::Update { id, scopes } => {
                let change = GrantChange {
                    scope: Some(scopes.join(" ")),
                    ..GrantChange::default()
                };
                show(context, &registrar.update_grant(&id, change).await?);
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
            Self::Delete {
                id,
                revoke_tokens: false,
                ..
            } => {
                registrar.delete_grant(&id).await?;
                output.done(format!("grant {id} is deleted"));
            }
            Self::Delete { id, reason, .. } => {
                delete_with_tokens(context, access, &id, reason).await?
            }
        }
        Ok(())
    }
}

/// Deletes a grant and revokes what was issued under it.
async fn delete_with_tokens(
    context: &Context<'_>,
    access: &Access,
    id: &str,
    reason: Option<String>,
) -> anyhow::Result<()> {
    let revoker = &access.revoker;
    let grant = access.registrar.grant(id).await?;
    let target = Target::Grant {
        client_id: grant.client_id,
        audience: grant.audience,
    };
    let (count, _) = revoker.would_meet(&target, None).await?;
    let gone = revoker.delete_grant(id, reason, &access.actor).await?;
    until_in_force(access, gone.change).await?;
    context.output.note(format!("grant {id} is deleted"));
    let row = &gone.row;
    let undo = format!(
        "rulemint revoke undo {}: the tokens are good again, the grant stays deleted\n\
         rulemint grant add --client {} --audience {}: the client gets new tokens again",
        row.id, row.value, row.audience
    );
    show_revoked(context, row, count, vec![("take it back", undo)]);
    Ok(())
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
