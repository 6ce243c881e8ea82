//! `rulemint rule diff`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anstream::println;
use anyhow::anyhow;
use clap::Args;
use serde_json::Value;

use super::engine;
use super::run::show_claims;
use crate::cli::Context;
use crate::cli::exit::Differs;
use crate::workbench::Subject;
use crate::workbench::compare::{compare, load_both};

#[derive(Args)]
pub(in crate::cli) struct Diff {
    /// The version that runs now: a rule file, or a project that was built.
    old: PathBuf,
    /// The other version. Without a manifest of its own it gets the old one's.
    new: PathBuf,
    /// Events, as JSON: a list, or one a line, or a single one; `-` reads standard input. Of a directory, such as that of
    /// golden cases, every .json file.
    #[arg(short, long, value_name = "FILE")]
    events: PathBuf,
}

impl Diff {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let (old, new) = (Subject::open(&self.old)?, Subject::open(&self.new)?);
        let events = engine::trials(&self.events)?;
        let bench = engine::workbench(context)?;
        let (old, new) = load_both(&bench, &old, &new).await?;
        let compared = compare(&old, &new, &events).await;
        let differences = compared.map_err(|problem| anyhow!(problem))?;
        if context.output.is_json() {
            context.output.value(&differences);
        } else {
            for difference in &differences {
                println!("event {}:", difference.event);
                show_claims(&texts(&difference.old), &texts(&difference.new));
            }
        }
        let (differing, all) = (differences.len(), events.len());
        if differing > 0 {
            return Err(Differs(format!("{differing} of {all} events come out otherwise")).into());
        }
        context
            .output
            .note(format!("All {all} events come out the same."));
        Ok(())
    }
}

fn texts(outcome: &Value) -> BTreeMap<String, String> {
    let members = outcome.as_object().into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect()
}
