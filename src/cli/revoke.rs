//! `rulemint revoke`

mod afterwards;
mod announce;
mod list;
mod moment;
mod target;

use clap::{Args, Subcommand};
use serde_json::json;

use super::Context;
use super::access::Access;
use crate::revocation::NewRevocation;
use crate::store::RevocationRow;
use afterwards::still_allowed;
pub(super) use announce::{until_all_in_force, until_in_force};
pub(super) use list::about;
pub(super) use moment::Before;
use target::What;

/// Take tokens away, list what is revoked, take that back.
///
/// One token goes, itself or by its jti, or everything that was issued so far to a client, for an API … A running server has it in
/// force when the command ends. To keep new tokens from being issued, delete the client's grant: rulemint grant delete ID
/// --revoke-tokens does both in one moment.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Revoke {
    #[command(subcommand)]
    command: Option<RevokeCommand>,
    #[command(flatten)]
    what: What,
    /// Only what was issued before: now, or a moment like 2026-11-25T12:00:00Z or in Unix seconds [default: now].
    #[arg(long, value_name = "MOMENT", conflicts_with_all = ["jti", "token"])]
    before: Option<Before>,
    /// Why, for whoever reads the list.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Revoke it even if nobody here knows the client, API, key or rule, nor ever did.
    #[arg(long)]
    anyway: bool,
    /// Only say how many tokens it would meet.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Subcommand)]
enum RevokeCommand {
    /// List what is revoked, the newest first.
    List(list::List),
    /// Take a revocation back: what it met and has not expired is good again.
    Undo {
        /// Its number.
        id: i64,
    },
}

impl Revoke {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        match self.command {
            Some(RevokeCommand::List(list)) => list.run(context).await,
            Some(RevokeCommand::Undo { id }) => undo(context, id).await,
            None => self.revoke(context).await,
        }
    }

    async fn revoke(self, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::look(context).await?;
        let (target, expires_at) = self.what.target(self.anyway, context, &access).await?;
        let issued_before = self.before.and_then(Before::moment);
        let (count, ever) = access.revoker.would_meet(&target, issued_before).await?;
        // A token that was shown itself is good and met, even if the ledger has not written it down yet.
        let is_shown = expires_at.is_some();
        let count = count.max(is_shown.into());
        if !(ever || is_shown) {
            context.output.remark(
                "the ledger knows of no token that this meets; if it is on, look for a typing mistake",
            );
        }
        if self.dry_run {
            return would_meet(context, count);
        }
        let new = NewRevocation {
            target,
            issued_before,
            expires_at,
            reason: self.reason,
            actor: access.actor.clone(),
        };
        let gone = access.revoker.revoke(new).await?;
        until_in_force(&access, gone.change).await?;
        let undo = format!("rulemint revoke undo {}", gone.row.id);
        let mut lines = vec![("take it back", undo)];
        let allowed = still_allowed(&access.store, &gone.row).await?;
        lines.extend(allowed.map(|how| ("new tokens", how)));
        show(context, &gone.row, count, lines);
        Ok(())
    }
}

/// How many tokens a revocation would meet, of those that the ledger knows.
pub(super) fn would_meet(context: &Context<'_>, count: i64) -> anyhow::Result<()> {
    let value = json!({ "would_revoke": count });
    let tokens = format!("{count} that have not expired, as far as the ledger knows");
    context.output.thing(&value, &[("tokens", tokens)]);
    Ok(())
}

/// What was revoked, and what there is to know beside that: how to take it back.
pub(super) fn show(
    context: &Context<'_>,
    row: &RevocationRow,
    count: i64,
    beside: Vec<(&'static str, String)>,
) {
    let mut value = json!(row);
    value["tokens"] = count.into();
    let mut lines = vec![("revocation", row.id.to_string()), ("revoked", about(row))];
    let before = Some(list::before(row)).filter(|before| !before.is_empty());
    lines.extend(before.map(|before| ("issued before", before)));
    lines.push(("tokens", format!("{count} that had not expired")));
    lines.extend(beside);
    context.output.thing(&value, &lines);
}

async fn undo(context: &Context<'_>, id: i64) -> anyhow::Result<()> {
    let access = Access::look(context).await?;
    let gone = access.revoker.undo(id, &access.actor).await?;
    until_in_force(&access, gone.change).await?;
    context
        .output
        .done(format!("revocation {id} is undone: {}", about(&gone.row)));
    Ok(())
}
