//! `rulemint rule status`, `reload` and `rollback`: the rules of a server.

use std::time::Duration;

use anstream::println;
use serde::Serialize;
use tokio::time::sleep;

use crate::cli::Context;
use crate::cli::access::Access;
use crate::cli::exit::{NotThere, Refused};
use crate::cli::output::{BAD, DIM, GOOD, ODD, moment};
use crate::reload::{Report, Rests, RuleReport, RuleState};
use crate::store::ChangeKind;

pub(super) async fn status(context: &Context<'_>) -> anyhow::Result<()> {
    let access = Access::look(context).await?;
    let report = report(&access).await?;
    let served = access.data.is_served();
    let status = Status {
        rests: match served {
            true => rests(&access).await?,
            false => Rests::default(), // It went with the server.
        },
        report,
    };
    match context.output.is_json() {
        true => context.output.value(&status),
        false => show(&status, served),
    }
    Ok(())
}

/// What there is to say about the rules, and which of them rest.
#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    report: Report,
    rests: Rests,
}

async fn rests(access: &Access) -> anyhow::Result<Rests> {
    let body = access.store.report(Rests::TOPIC).await?;
    Ok(match body {
        Some(body) => serde_json::from_str(&body)?,
        None => Rests::default(),
    })
}

pub(super) async fn reload(context: &Context<'_>) -> anyhow::Result<()> {
    let access = Access::look(context).await?;
    let report = ask(&access, ChangeKind::Reload, "").await?;
    let done = format!("generation {} is live", report.generation);
    context.output.done(done);
    Ok(())
}

pub(super) async fn roll_back(
    generation: Option<i64>,
    context: &Context<'_>,
) -> anyhow::Result<()> {
    let access = Access::look(context).await?;
    let to = match generation {
        Some(number) => number,
        None => before_live(&report(&access).await?)?,
    };
    let report = ask(&access, ChangeKind::Rollback, &to.to_string()).await?;
    let live = report.generation;
    let done = format!("generation {live} is live, with the rules of {to}");
    context.output.done(done);
    Ok(())
}

pub(super) async fn report(access: &Access) -> anyhow::Result<Report> {
    let body = access.store.report(Report::TOPIC).await?;
    let nothing = || NotThere("no server has run on this data directory yet".to_owned());
    Ok(serde_json::from_str(&body.ok_or_else(nothing)?)?)
}

fn before_live(report: &Report) -> Result<i64, NotThere> {
    let earlier = report.earlier.first().map(|earlier| earlier.generation);
    earlier.ok_or_else(|| NotThere("there is no earlier generation to go back to".to_owned()))
}

/// Asks the running server for something, and waits for its answer.
pub(super) async fn ask(access: &Access, kind: ChangeKind, key: &str) -> anyhow::Result<Report> {
    if !access.data.is_served() {
        let text = "no server is running on this data directory; it is the server that does this";
        return Err(Refused(text.to_owned()).into());
    }
    let now = access.clock.unix_seconds().cast_signed();
    let wish = access.store.ask(kind, key, access.actor.by(now)).await?;
    for _ in 0..ANSWER_POLLS_MAX {
        sleep(ANSWER_POLL).await;
        let report = report(access).await?;
        if report.wish >= wish {
            return match report.wish_problem {
                None => Ok(report),
                Some(problem) => Err(Refused(problem).into()),
            };
        }
    }
    Err(Refused("the server has not answered; see its log".to_owned()).into())
}

fn show(Status { report, rests }: &Status, served: bool) {
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
                "    {ODD}resting{ODD:#} until {until}, after {failures} failures in a row; the log says which"
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
        RuleState::Kept | RuleState::Missing | RuleState::Disabled => ODD,
        RuleState::Refused => BAD,
    };
    let state = rule.state.as_str();
    println!(
        "{}  {colour}{state}{colour:#}  {DIM}{digest:.12}{DIM:#}  {}",
        rule.name, rule.description
    );
    if let Some(problem) = &rule.problem {
        println!("    {} [{}]", problem.text, problem.code);
    }
}

const ANSWER_POLL: Duration = Duration::from_millis(100);
const ANSWER_POLLS_MAX: u32 = 300;
