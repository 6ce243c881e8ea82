//! `rulemint token explain`

use anstream::println;
use clap::Args;
use serde_json::Value;

use super::super::Context;
use super::super::access::Access;
use super::super::exit::NotThere;
use super::super::hide::is_like_token;
use super::super::output::{BAD, DIM, GOOD, moment};
use super::jwt::{decoded_parts, read_token};
use super::revoked::by_what;
use crate::ledger::{Explained, explained};

/// Tell how a token came to be: who asked, which rules ran, what each changed. And whether it was revoked.
///
/// The ledger knows it: under which grant, at which digest of each rule, and how long each took, too.
#[derive(Args)]
pub(in crate::cli) struct Explain {
    /// The token's jti, or the token itself; - reads it from standard input.
    #[arg(allow_hyphen_values = true)]
    jti: String,
}

impl Explain {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let text = read_token(Some(&self.jti))?;
        let jti = match decoded_parts(&text) {
            Ok((_, claims)) => claims["jti"].as_str().unwrap_or_default().to_owned(),
            Err(problem) if is_like_token(&text) => return Err(problem),
            Err(_) => text,
        };
        let access = Access::look(context).await?;
        let is_served = || access.data.is_served();
        let records = explained(&access.store, &jti, is_served).await?;
        if records.is_empty() {
            let text = format!(
                "there is no token with the jti {jti:?} in the ledger; it may be too old, from another \
                 installation, or issued while the ledger was off. If it is the id of a request that was refused, \
                 only the server's log tells of that: look there for its field transaction"
            );
            return Err(NotThere(text).into());
        }
        let output = context.output;
        for record in records {
            match output.is_json() {
                true => output.value(&record),
                false => show(&record),
            }
        }
        Ok(())
    }
}

fn show(told: &Explained) {
    let row = &told.record;
    let revoked = match by_what(&told.revoked_by) {
        by if by.is_empty() => "no".to_owned(),
        by => format!("by {by}"),
    };
    let lines = [
        ("jti", row.jti.clone()),
        ("client", row.client_id.clone()),
        ("grant", row.grant_id.clone()),
        ("audience", row.audience.clone()),
        ("subject", row.subject.clone()),
        ("scope", row.scope.clone()),
        ("issued", moment(row.issued_at)),
        ("expires", moment(row.expires_at)),
        ("revoked", revoked),
        ("request", row.transaction_id.clone()),
        ("signed by", row.kid.clone()),
        ("rules", format!("generation {}", row.generation)),
    ];
    for (name, value) in lines {
        println!("{DIM}{name:<9}{DIM:#}  {value}");
    }
    for rule in &row.rules {
        let colour = if rule.outcome == "ok" { GOOD } else { BAD };
        println!(
            "\n{}  {colour}{}{colour:#}  {} us",
            rule.name, rule.outcome, rule.took_us
        );
        println!("  {DIM}sha256 {}{DIM:#}", rule.digest);
        for change in &rule.changes {
            println!("  {}", sentence(change));
        }
        if rule.changes.is_empty() {
            println!("  changed nothing");
        }
    }
    if row.rules.is_empty() {
        println!("\nNo rule ran.");
    }
}

fn sentence(change: &Value) -> String {
    let text = |key: &str| change[key].as_str().unwrap_or_default();
    match text("op") {
        "set_claim" => format!("set {} = {}", text("name"), text("value")),
        "remove_claim" => format!("removed {}", text("name")),
        "remove_scope" => format!("removed the scope {}", text("scope")),
        "shorten_lifetime" => format!("shortened the lifetime to {} s", change["seconds"]),
        _ => change.to_string(),
    }
}
