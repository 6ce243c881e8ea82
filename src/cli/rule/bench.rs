//! `rulemint rule bench`

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use super::engine;
use crate::cli::Context;
use crate::rule::Instances;
use crate::workbench::bench::{Spread, measure};
use crate::workbench::compare::Trial;

#[derive(Args)]
pub(in crate::cli) struct Bench {
    /// A rule file, or a project that was built.
    #[arg(default_value = ".")]
    rule: PathBuf,
    /// How many calls.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// At most this long, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Events to call it with in turn, as JSON; `-` reads standard input [default: an ordinary request].
    #[arg(short, long, value_name = "FILE")]
    events: Option<PathBuf>,
}

impl Bench {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let subject = engine::open(&self.rule, context)?;
        let events = match &self.events {
            Some(path) => engine::trials(path)?,
            None => vec![Trial::default()],
        };
        let bench = engine::workbench(context)?;
        let rule = engine::load(&bench, &subject, context).await?;
        let bounds = (self.calls as usize, Duration::from_secs(self.seconds));
        let figures = measure(&bench, &rule, &events, bounds).await;
        let figures = figures.map_err(|problem| anyhow!(problem))?;
        let spread = |spread: Spread| {
            format!(
                "p50 {:.1} us   p99 {:.1} us   max {:.1} us",
                spread.p50, spread.p99, spread.max
            )
        };
        let lines = [
            ("calls", figures.calls.to_string()),
            ("a call", spread(figures.call_us)),
            starting(figures.instances, spread(figures.start_us)),
            ("memory", format!("{} bytes", figures.memory_bytes)),
        ];
        context.output.thing(&figures, &lines);
        Ok(())
    }
}

/// What making a sandbox costs, and whether each call pays for one.
fn starting(instances: Instances, spread: String) -> (&'static str, String) {
    match instances {
        Instances::Fresh => ("making the sandbox", spread),
        Instances::Kept => (
            "a new instance",
            format!("{spread}   (kept: only a call that finds none waiting pays for one)"),
        ),
    }
}
