//! `rulemint rule watch`

use std::path::PathBuf;

use anstream::eprintln;
use anyhow::anyhow;
use clap::Args;

use super::{case, engine, project};
use crate::cli::Context;
use crate::cli::output::{BAD, DIM};
use crate::workbench::watch::Changes;
use crate::workbench::{Subject, Workbench};

#[derive(Args)]
pub(in crate::cli) struct Watch {
    /// The project.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// The rules directory [default: that of the configuration, `rules`].
    #[arg(long, value_name = "DIR")]
    rules_dir: Option<PathBuf>,
    /// Build and test only.
    #[arg(long)]
    no_deploy: bool,
}

impl Watch {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let output = Subject::outline(&self.project)?.file;
        let mut changes = Changes::of(&self.project, &output)?;
        let bench = engine::workbench(context)?;
        loop {
            if let Err(problem) = self.round(&bench, context).await {
                eprintln!("{BAD}error:{BAD:#} {problem:#}");
            }
            eprintln!(
                "{DIM}waiting for a change in {} (Ctrl-C ends this){DIM:#}",
                self.project.display()
            );
            changes.wait_for_one()?;
        }
    }

    /// Build, test, deploy: as far as it goes.
    async fn round(&self, bench: &Workbench, context: &Context<'_>) -> anyhow::Result<()> {
        let outline = Subject::outline(&self.project)?;
        project::build(&outline, context)?;
        let subject = Subject::open(&self.project)?;
        let rule = engine::load(bench, &subject, context).await?;
        let cases = subject.all_cases().map_err(|problem| anyhow!(problem))?;
        case::run(&rule, &cases, context).await?;
        if self.no_deploy {
            return Ok(());
        }
        project::put(&subject, self.rules_dir.as_deref(), &subject.name, context).await
    }
}
