//! `rulemint rule run`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anstream::println;
use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::engine;
use crate::cli::Context;
use crate::cli::exit::Refused;
use crate::cli::output::{BAD, DIM, GOOD, ODD};
use crate::rule::{Answer, Applied, ClaimTexts, Fault, Rehearsal, rehearse};
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
            true => context.output.value(&Outcome::of(&rehearsal)),
            false => show(&rehearsal),
        }
        match &rehearsal.answer {
            Ok(Answer::Changes(_)) if rehearsal.applied.is_ok() => Ok(()),
            _ => Err(Refused("no token would come of this".to_owned()).into()),
        }
    }
}

/// For programs. Nothing of it goes through a value in memory, which would round numbers.
#[derive(Serialize)]
struct Outcome<'r> {
    answer: Part<&'r Answer>,
    applied: Part<&'r [Applied]>,
    before: &'r ClaimTexts,
    after: &'r ClaimTexts,
    log: Vec<Line<'r>>,
    took_us: f64,
    memory_bytes: u64,
    applies: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<T> {
    There(T),
    Missing { fault: String },
}

impl<T> Part<T> {
    fn of(result: Result<T, &Fault>) -> Self {
        match result {
            Ok(part) => Self::There(part),
            Err(fault) => Self::Missing {
                fault: fault.to_string(),
            },
        }
    }
}

#[derive(Serialize)]
struct Line<'r> {
    level: &'static str,
    text: &'r str,
}

impl<'r> Outcome<'r> {
    fn of(rehearsal: &'r Rehearsal) -> Self {
        let line = |(level, text): &'r (&'static str, String)| Line { level, text };
        Self {
            answer: Part::of(rehearsal.answer.as_ref()),
            applied: Part::of(rehearsal.applied.as_deref()),
            before: &rehearsal.before,
            after: &rehearsal.after,
            log: rehearsal.log.iter().map(line).collect(),
            took_us: rehearsal.took.as_secs_f64() * 1e6,
            memory_bytes: rehearsal.memory_bytes,
            applies: rehearsal.applies,
        }
    }
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
        (Ok(Answer::Changes(_)), Ok(_)) => {
            show_claims(&texts(&rehearsal.before), &texts(&rehearsal.after));
        }
    }
    let (micros, memory) = (rehearsal.took.as_secs_f64() * 1e6, rehearsal.memory_bytes);
    println!("{DIM}took {micros:.0} us, {memory} bytes of memory{DIM:#}");
}

/// As lines for people: a value stays on its line, and inside of a JSON string there is no line break.
fn texts(claims: &ClaimTexts) -> BTreeMap<String, String> {
    let one_line = |value: &RawValue| value.get().replace(['\n', '\r', '\t'], " ");
    let texts = claims.iter();
    texts
        .map(|(name, value)| (name.clone(), one_line(value)))
        .collect()
}

/// Before and after, claim by claim: `-` is gone, `+` is new.
pub(super) fn show_claims(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
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
