//! `rulemint token explain`

use anstream::println;
use clap::Args;
use serde_json::{Value, json};

use super::super::Context;
use super::super::access::Access;
use super::super::exit::NotThere;
use super::super::output::{BAD, DIM, GOOD, moment};
use super::inspect::{decoded_parts, read_token};
use crate::ledger::{RuleRecord, rule_records};
use crate::store::IssuedRow;

/// Looks a token up in the ledger: who asked, under which grant, which rules ran at which digest, what each of them
/// changed and how long each took.
#[derive(Args)]
pub(in crate::cli) struct Explain {
    /// The token's jti, or the token itself; - reads it from standard input.
    jti: String,
}

impl Explain {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let text = read_token(Some(&self.jti))?;
        let jti = match decoded_parts(&text) {
            Ok((_, claims)) => claims["jti"].as_str().unwrap_or_default().to_owned(),
            Err(_) => text,
        };
        let access = Access::open(context).await?;
        let rows = access.store.issued(&jti).await?;
        if rows.is_empty() {
            let text = format!(
                "there is no token with the jti {jti:?} in the ledger; it may be too old, from another \
                 installation, or issued while the ledger was off"
            );
            return Err(NotThere(text).into());
        }
        for row in &rows {
            let rules = rule_records(row)?;
            match context.output.is_json() {
                true => context.output.value(&whole(row, &rules)),
                false => show(row, &rules),
            }
        }
        Ok(())
    }
}

fn whole(row: &IssuedRow, rules: &[RuleRecord]) -> Value {
    json!({
        "jti": row.jti,
        "client_id": row.client_id,
        "grant_id": row.grant_id,
        "audience": row.audience,
        "subject": row.subject,
        "scope": row.scope,
        "issued_at": row.issued_at,
        "expires_at": row.expires_at,
        "transaction_id": row.transaction_id,
        "generation": row.generation,
        "kid": row.kid,
        "rules": rules,
    })
}

fn show(row: &IssuedRow, rules: &[RuleRecord]) {
    let lines = [
        ("jti", row.jti.clone()),
        ("client", row.client_id.clone()),
        ("grant", row.grant_id.clone()),
        ("audience", row.audience.clone()),
        ("subject", row.subject.clone()),
        ("scope", row.scope.clone()),
        ("issued", moment(row.issued_at)),
        ("expires", moment(row.expires_at)),
        ("request", row.transaction_id.clone()),
        ("signed by", row.kid.clone()),
        ("rules", format!("generation {}", row.generation)),
    ];
    for (name, value) in lines {
        println!("{DIM}{name:<9}{DIM:#}  {value}");
    }
    for rule in rules {
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
    if rules.is_empty() {
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
