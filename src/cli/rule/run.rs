//! `rulemint rule run`

use std::path::PathBuf;

use anstream::println;
use anyhow::anyhow;
use clap::Args;
use serde_json::{Value, json};

use super::engine;
use crate::cli::Context;
use crate::cli::exit::Refused;
use crate::cli::output::{BAD, DIM, GOOD, ODD};
use crate::rule::{Answer, Rehearsal, rehearse};
use crate::workbench::compare::Trial;

#[derive(Args)]
pub(in crate::cli) struct Run {
    /// A rule file, or a project that was built.
    #[arg(default_value = ".")]
    rule: PathBuf,
    /// The event, as JSON: any part of it, or a golden case; `-` reads standard input [default: an ordinary request].
    #[arg(short, long, value_name = "FILE")]
    event: Option<PathBuf>,
}

impl Run {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let subject = engine::open(&self.rule, context)?;
        let trial = match &self.event {
            None => Trial::default(),
            Some(path) => {
                let first = engine::trials(path)?.into_iter().next();
                first.ok_or_else(|| anyhow!("{}: there is no event in it", path.display()))?
            }
        };
        let bench = engine::workbench(context)?;
        let rule = engine::load(&bench, &subject, context).await?;
        let rehearsal = rehearse(&rule, &trial.event, trial.settings.as_deref()).await;
        let rehearsal = rehearsal.map_err(|problem| anyhow!("the event: {problem}"))?;
        match context.output.is_json() {
            true => context.output.value(&as_json(&rehearsal)),
            false => show(&rehearsal),
        }
        match &rehearsal.answer {
            Ok(Answer::Changes(_)) if rehearsal.applied.is_ok() => Ok(()),
            _ => Err(Refused("no token would come of this".to_owned()).into()),
        }
    }
}

fn as_json(rehearsal: &Rehearsal) -> Value {
    let fault = |fault: &dyn std::fmt::Display| json!({ "fault": fault.to_string() });
    let log: Vec<Value> = rehearsal
        .log
        .iter()
        .map(|(level, text)| json!({ "level": level, "text": text }))
        .collect();
    json!({
        "answer": rehearsal.answer.as_ref().map_or_else(|problem| fault(problem), |answer| json!(answer)),
        "applied": rehearsal.applied.as_ref().map_or_else(|problem| fault(problem), |changes| json!(changes)),
        "before": rehearsal.before,
        "after": rehearsal.after,
        "log": log,
        "took_us": rehearsal.took.as_secs_f64() * 1e6,
        "memory_bytes": rehearsal.memory_bytes,
        "applies": rehearsal.applies,
    })
}

fn show(rehearsal: &Rehearsal) {
    if !rehearsal.applies {
        println!("{ODD}note:{ODD:#} the manifest's [when] would leave this event to other rules");
    }
    for (level, text) in &rehearsal.log {
        println!("{DIM}{level}{DIM:#}  {text}");
    }
    match (&rehearsal.answer, &rehearsal.applied) {
        (Err(fault), _) => println!("{BAD}failed:{BAD:#} {fault}"),
        (Ok(_), Err(fault)) => println!("{BAD}refused:{BAD:#} {fault}"),
        (Ok(Answer::Denied(denial)), _) => {
            println!(
                "{ODD}denied{ODD:#} ({}): {}",
                denial.code, denial.description
            );
        }
        (Ok(Answer::Invalid(text)), _) => println!("{ODD}invalid:{ODD:#} {text}"),
        (Ok(Answer::Internal(text)), _) => println!("{BAD}internal:{BAD:#} {text}"),
        (Ok(Answer::Changes(_)), Ok(_)) => show_claims(&rehearsal.before, &rehearsal.after),
    }
    let (micros, memory) = (rehearsal.took.as_secs_f64() * 1e6, rehearsal.memory_bytes);
    println!("{DIM}took {micros:.0} us, {memory} bytes of memory{DIM:#}");
}

/// Before and after, claim by claim: `-` is gone, `+` is new.
pub(super) fn show_claims(before: &Value, after: &Value) {
    let empty = serde_json::Map::new();
    let (before, after) = (
        before.as_object().unwrap_or(&empty),
        after.as_object().unwrap_or(&empty),
    );
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old == new => println!("{DIM}  {name}: {old}{DIM:#}"),
            (old, new) => {
                if let Some(old) = old {
                    println!("{BAD}- {name}: {old}{BAD:#}");
                }
                if let Some(new) = new {
                    println!("{GOOD}+ {name}: {new}{GOOD:#}");
                }
            }
        }
    }
}
