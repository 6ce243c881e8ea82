//! `rulemint rule test`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstream::println;
use anyhow::{Context as _, anyhow};
use clap::Args;
use serde::Serialize;

use super::engine;
use crate::cli::Context;
use crate::cli::exit::{NotThere, Refused};
use crate::cli::output::{BAD, GOOD};
use crate::rule::{Case, Rule, run_case};
use crate::workbench::Subject;

#[derive(Args)]
pub(in crate::cli) struct Test {
    /// A rule file, or a project that was built.
    #[arg(default_value = ".")]
    rule: PathBuf,
    /// Golden cases from this directory, instead of those that belong to the rule.
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

/// How one case came out.
#[derive(Serialize)]
struct Outcome {
    case: String,
    description: String,
    passed: bool,
    failure: Option<String>,
}

impl Test {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let subject = engine::open(&self.rule, context)?;
        let cases = match &self.cases {
            Some(directory) => read(directory)?,
            None => subject.all_cases().map_err(|problem| anyhow!(problem))?,
        };
        let bench = engine::workbench(context)?;
        let rule = engine::load(&bench, &subject, context).await?;
        run(&rule, &cases, context).await
    }
}

fn read(directory: &Path) -> anyhow::Result<Vec<(String, Case)>> {
    let cases =
        Subject::cases_in(directory).with_context(|| format!("read {}", directory.display()))?;
    let cases = cases.parse().map_err(|problem| anyhow!(problem))?;
    if cases.is_empty() {
        let text = format!(
            "there are no golden cases in {}: each is a .json file",
            directory.display()
        );
        return Err(NotThere(text).into());
    }
    Ok(cases)
}

/// Runs golden cases, and says how each came out.
pub(super) async fn run(
    rule: &Arc<Rule>,
    cases: &[(String, Case)],
    context: &Context<'_>,
) -> anyhow::Result<()> {
    let mut outcomes = Vec::with_capacity(cases.len());
    for (name, case) in cases {
        let failure = run_case(rule, case)
            .await
            .err()
            .map(|failure| failure.to_string());
        let outcome = Outcome {
            case: name.clone(),
            description: case.description.clone(),
            passed: failure.is_none(),
            failure,
        };
        if !context.output.is_json() {
            show(&outcome);
        }
        outcomes.push(outcome);
    }
    if context.output.is_json() {
        context.output.value(&outcomes);
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    let all = outcomes.len();
    if failed > 0 {
        return Err(Refused(format!("{failed} of {all} golden cases failed")).into());
    }
    match all {
        0 => context.output.note("There are no golden cases."),
        all => context.output.note(format!("All {all} golden cases pass.")),
    }
    Ok(())
}

fn show(outcome: &Outcome) {
    let about = match outcome.description.as_str() {
        "" => &outcome.case,
        description => description,
    };
    match &outcome.failure {
        None => println!("{GOOD}pass{GOOD:#}  {about}"),
        Some(failure) => {
            println!("{BAD}FAIL{BAD:#}  {about} ({})", outcome.case);
            for line in failure.lines() {
                println!("      {line}");
            }
        }
    }
}
