//! `rulemint rule status`, `reload` and `rollback`: the rules of a server.

use anstream::println;

use crate::cli::Context;
use crate::cli::access::Access;
use crate::cli::exit::Refused;
use crate::cli::output::{BAD, DIM, GOOD, ODD, moment};
use crate::reload::{Report, Rests, RuleReport, RuleState, Standing, Wish};

pub(super) async fn status(context: &Context<'_>) -> anyhow::Result<()> {
    let access = Access::look(context).await?;
    let mut standing = Standing::read(&access.store).await?;
    let served = access.data.is_served();
    if !served {
        standing.rests = Rests::default(); // They went with the server.
    }
    match context.output.is_json() {
        true => context.output.value(&standing),
        false => show(&standing, served),
    }
    Ok(())
}

pub(super) async fn reload(context: &Context<'_>) -> anyhow::Result<()> {
    let access = Access::look(context).await?;
    let report = ask(&access, Wish::Reload).await?;
    let done = format!("generation {} is live", report.generation);
    context.output.done(done);
    Ok(())
}

pub(super) async fn roll_back(
    generation: Option<i64>,
    context: &Context<'_>,
) -> anyhow::Result<()> {
    let access = Access::look(context).await?;
    let report = ask(&access, Wish::RollBack(generation)).await?;
    let (live, to) = (report.generation, report.rolled_back_to.unwrap_or_default());
    let done = format!("generation {live} is live, with the rules of {to}");
    context.output.done(done);
    Ok(())
}

/// Asks the running server for something, and waits for its answer.
pub(super) async fn ask(access: &Access, wish: Wish) -> anyhow::Result<Report> {
    if !access.data.is_served() {
        let text = "no server is running on this data directory; it is the server that does this";
        return Err(Refused(text.to_owned()).into());
    }
    let now = access.clock.unix_seconds().cast_signed();
    Ok(wish.make(&access.store, access.actor.by(now)).await?)
}

fn show(Standing { report, rests }: &Standing, served: bool) {
    println!("{DIM}rules{DIM:#}       {}", report.rules_dir);
    if report.generation == 0 {
        println!("{DIM}generation{DIM:#}  0, no rule has been live yet");
    } else {
        println!(
            "{DIM}generation{DIM:#}  {}, {}",
            report.generation, report.cause
        );
        println!("{DIM}since{DIM:#}       {}", moment(report.since));
    }
    if !served {
        println!(
            "{ODD}No server is running on this data directory: this is how it stood last.{ODD:#}"
        );
    }
    if report.rolled_back {
        println!(
            "{ODD}Rolled back: what is in the directory waits until the directory changes.{ODD:#}"
        );
    }
    if let Some(problem) = &report.directory_problem {
        println!("{BAD}the directory:{BAD:#} {}", problem.text);
    }
    println!();
    for rule in &report.rules {
        show_rule(rule);
        if let Some(rest) = rests.0.get(&rule.name) {
            let (failures, until) = (rest.failures, moment(rest.until));
            println!(
                "    {ODD}resting{ODD:#} until {until}, after {failures} failures in a row; the last: {}",
                rest.reason
            );
        }
    }
    if report.rules.is_empty() {
        println!("No rules.");
    }
    if !report.earlier.is_empty() {
        println!("\nEarlier, for `rulemint rule rollback`:");
    }
    for earlier in &report.earlier {
        let (number, since) = (earlier.generation, moment(earlier.since));
        println!(
            "  {number:>4}  {since}  {}  {DIM}{}{DIM:#}",
            earlier.rules.join(" "),
            earlier.cause
        );
    }
}

pub(super) fn show_rule(rule: &RuleReport) {
    let digest = rule
        .digest
        .map(|digest| digest.to_string())
        .unwrap_or_default();
    let colour = match rule.state {
        RuleState::Live => GOOD,
        RuleState::Kept | RuleState::Missing | RuleState::Disabled | RuleState::Pending => ODD,
        RuleState::Refused => BAD,
    };
    let state = rule.state.as_str();
    let mut line = format!("{}  {colour}{state}{colour:#}", rule.name);
    if !digest.is_empty() {
        line = format!("{line}  {DIM}{digest:.12}{DIM:#}");
    }
    if !rule.description.is_empty() {
        line = format!("{line}  {}", rule.description);
    }
    println!("{line}");
    if rule.state == RuleState::Pending {
        println!("    the server is still building it");
    }
    if let Some(problem) = &rule.problem {
        println!("    {} [{}]", problem.text, problem.code);
    }
}
