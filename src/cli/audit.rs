//! `rulemint audit`

use std::collections::BTreeSet;

use anstream::println;
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::Context;
use super::access::Access;
use super::change::{change_line, value_line};
use super::output::{DIM, moment};
use super::revoke::Before;
use crate::store::{AuditFilter, AuditObject, AuditRow, AuditWindow, audit_operation};

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// List who changed what, the newest first.
    List(List),
    /// Delete old entries. One entry stays that says who deleted how many.
    Forget {
        /// Those from before this moment, like 2026-11-25T12:00:00Z or in Unix seconds.
        #[arg(long, value_name = "MOMENT")]
        before: Before,
    },
}

#[derive(Args)]
pub(super) struct List {
    /// Only from this moment on, like 2026-11-25T12:00:00Z or in Unix seconds.
    #[arg(long, value_name = "MOMENT")]
    since: Option<Before>,
    /// Only before this moment.
    #[arg(long, value_name = "MOMENT")]
    until: Option<Before>,
    /// Only what this client or this user did.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Only this: add, update, delete, rotate_secret, revoke, undo, go_live ...
    #[arg(long, value_name = "OPERATION", value_parser = audit_operation)]
    operation: Option<String>,
    /// Only what was done to things of a kind, or to one: client, or client:ID, which finds revocations of it too.
    #[arg(long, value_name = "KIND[:ID]")]
    object: Option<AuditObject>,
    /// Only the call with this X-Correlation-ID.
    #[arg(long, value_name = "ID")]
    correlation_id: Option<String>,
    /// List the oldest first, which is how to copy the log.
    #[arg(long)]
    oldest_first: bool,
    /// Only entries older than this one, by its number: the next page.
    #[arg(long, value_name = "ID", conflicts_with = "oldest_first")]
    older_than: Option<i64>,
    /// Only entries newer than this one, by its number: the next page of --oldest-first.
    #[arg(long, value_name = "ID", requires = "oldest_first")]
    newer_than: Option<i64>,
    /// How many.
    #[arg(long, default_value_t = 100, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl AuditCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::look(context).await?;
        match self {
            Self::List(list) => list.run(&access, context).await,
            Self::Forget { before } => forget(before, &access, context).await,
        }
    }
}

impl List {
    async fn run(self, access: &Access, context: &Context<'_>) -> anyhow::Result<()> {
        let now = access.clock.unix_seconds().cast_signed();
        let filter = AuditFilter {
            since: self.since.map(|since| since.seconds(now)),
            until: self.until.map(|until| until.seconds(now)),
            actor: self.actor,
            operation: self.operation,
            correlation_id: self.correlation_id,
            ..AuditFilter::default()
        };
        let window = AuditWindow {
            behind: self.older_than.or(self.newer_than),
            limit: self.limit,
            newest_first: !self.oldest_first,
        };
        let filter = filter.about(self.object);
        let rows = access.store.audit(&filter, window).await?;
        match context.output.is_json() {
            true => context.output.value(&rows),
            false => rows.iter().for_each(show),
        }
        if rows.is_empty() {
            context.output.note("No entries.");
        }
        Ok(())
    }
}

/// A line that says who did what, and below it one for each property that changed.
fn show(entry: &AuditRow) {
    let peer = entry.peer.as_deref();
    println!(
        "{:>6}  {}  {} {} {}  {DIM}by {} {}{}{DIM:#}",
        entry.id,
        moment(entry.created_at),
        entry.operation,
        entry.object_kind,
        entry.object_id,
        entry.actor_kind,
        entry.actor,
        peer.map(|peer| format!(" from {peer}")).unwrap_or_default(),
    );
    for change in changes(entry) {
        println!("        {change}");
    }
}

fn changes(entry: &AuditRow) -> Vec<String> {
    let (before, after) = (
        properties(entry.before.as_deref()),
        properties(entry.after.as_deref()),
    );
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let line = |name: &String| match entry.before {
        None => value_line(name, &after[name]),
        Some(_) => change_line(name, side(&before, name), side(&after, name)),
    };
    names.into_iter().map(line).collect()
}

/// What one side of an entry says. It is an object, unless another version wrote it.
fn properties(text: Option<&str>) -> Map<String, Value> {
    let value = text.map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.into()));
    match value {
        None => Map::new(),
        Some(Value::Object(properties)) => properties,
        Some(value) => Map::from_iter([("value".to_owned(), value)]),
    }
}

fn side<'s>(properties: &'s Map<String, Value>, name: &str) -> &'s Value {
    properties.get(name).unwrap_or(&Value::Null)
}

async fn forget(before: Before, access: &Access, context: &Context<'_>) -> anyhow::Result<()> {
    let now = access.clock.unix_seconds().cast_signed();
    let by = access.actor.by(now);
    let count = access.store.forget_audit(before.seconds(now), by).await?;
    context.output.done(format!("{count} entries are deleted"));
    Ok(())
}
