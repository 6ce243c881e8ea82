//! `rulemint rule new`, `build` and `deploy`: from nothing to a rule that runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::{eprintln, println};
use anyhow::anyhow;
use clap::Args;
use tokio::time::sleep;

use super::engine;
use super::status::{ask, show_rule};
use crate::cli::Context;
use crate::cli::access::{Access, load};
use crate::cli::exit::Refused;
use crate::cli::output::DIM;
use crate::config::Config;
use crate::reload::{Report, RuleReport, RuleState, Standing, Wish};
use crate::rules_dir::Removal;
use crate::store::RuleChange;
use crate::workbench::scaffold::{self, Language};
use crate::workbench::{Subject, build, deploy, script};

#[derive(Args)]
pub(in crate::cli) struct New {
    /// The language: assemblyscript, c, cpp, go, javascript, python, rust, typescript or zig.
    #[arg(short, long, value_name = "LANGUAGE")]
    lang: String,
    /// The project directory to make. Its name is the rule's; rules run in the order of their names, so begin it with a
    /// number: 20-tier.
    name: PathBuf,
}

impl New {
    pub(super) fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let language = Language::named(&self.lang).map_err(|problem| anyhow!(problem))?;
        let made = scaffold::begin(language, &self.name)?;
        if context.output.is_json() {
            context.output.value(&made);
            return Ok(());
        }
        for path in &made {
            println!("{DIM}made{DIM:#}  {}", path.display());
        }
        let name = self.name.display();
        println!(
            "\nNext:\n  rulemint rule build {name}\n  rulemint rule test {name}\n  rulemint rule deploy {name}"
        );
        Ok(())
    }
}

#[derive(Args)]
pub(in crate::cli) struct Build {
    /// The project; or one of Auth0's scripts, which is made one file with the npm packages that it brings along.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// Where the file made of a script goes [default: NAME.bundle.js beside it].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Build {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let is_script = self
            .project
            .extension()
            .is_some_and(|ending| ending == "js");
        let file = match is_script {
            true => self.bundle(context).await?,
            false => build(&Subject::outline(&self.project)?, context)?,
        };
        let bytes = std::fs::metadata(&file).map_or(0, |file| file.len());
        let done = format!("{} is built ({bytes} bytes)", file.display());
        context.output.done(done);
        Ok(())
    }

    async fn bundle(self, context: &Context<'_>) -> anyhow::Result<PathBuf> {
        let subject = Subject::open(&self.project)?;
        let bench = engine::workbench(context)?;
        let analysis = script::analyse(&bench, &subject).await?;
        let analysis =
            analysis.ok_or_else(|| anyhow!("{} is no script", self.project.display()))?;
        if let Some(error) = &analysis.error {
            return Err(Refused(error.said(&self.project.display().to_string())).into());
        }
        let beside = || self.project.with_extension("bundle.js");
        let output = self.output.clone().unwrap_or_else(beside);
        build::bundle(&self.project, &output, &analysis, |command| {
            tell(context, command);
        })?;
        Ok(output)
    }
}

fn tell(context: &Context<'_>, command: &str) {
    if !context.output.is_json() {
        eprintln!("{DIM}$ {command}{DIM:#}");
    }
}

/// Builds a project, its commands in sight.
pub(super) fn build(
    subject: &Subject,
    context: &Context<'_>,
) -> Result<PathBuf, build::BuildError> {
    let quiet = context.output.is_json();
    build::build(subject, quiet, |command| tell(context, command))
}

#[derive(Args)]
pub(in crate::cli) struct Deploy {
    /// A project that was built, or a rule file.
    #[arg(default_value = ".")]
    rule: PathBuf,
    /// The rules directory [default: that of the configuration, `rules`].
    #[arg(long, value_name = "DIR")]
    rules_dir: Option<PathBuf>,
    /// The rule's name there [default: that of the project or file].
    #[arg(long)]
    name: Option<String>,
}

impl Deploy {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let subject = engine::open(&self.rule, context)?;
        let name = self.name.unwrap_or_else(|| subject.name.to_string());
        put(&subject, self.rules_dir.as_deref(), &name, context).await
    }
}

#[derive(Args)]
pub(in crate::cli) struct Remove {
    /// The rule's name in the rules directory: 20-tier.
    name: String,
    /// The rules directory [default: that of the configuration, `rules`].
    #[arg(long, value_name = "DIR")]
    rules_dir: Option<PathBuf>,
}

impl Remove {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let config = load(context, Vec::new())?.config;
        let directory = self.rules_dir.as_deref().unwrap_or(&config.rules.dir);
        let removal = Removal::of(directory, &self.name)?;
        if config.data_dir.is_dir() {
            self.record(&removal, context).await?;
        }
        for path in removal.carry_out()? {
            context.output.note(format!("removed {}", path.display()));
        }
        let name = &self.name;
        let Some((access, _)) = look_again(&config, directory, context).await? else {
            let done = format!("{name} is gone; a running server ends it within seconds");
            context.output.done(done);
            return Ok(());
        };
        let report = until_gone(&access, name).await?;
        let generation = report.generation;
        context
            .output
            .done(format!("{name} is gone; generation {generation} is live"));
        Ok(())
    }

    /// Says in the audit log who takes the rule away. That it is not live any more is told there when it is so.
    async fn record(&self, removal: &Removal, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::open(context).await?;
        let change = RuleChange {
            name: self.name.clone(),
            before: Some(removal.told()?),
            after: None,
        };
        let now = access.clock.unix_seconds().cast_signed();
        let by = access.actor.by(now);
        access.store.record_rule_change(change, by).await?;
        Ok(())
    }
}

/// Puts a rule into place and, where a server watches that place, waits for what it makes of it.
pub(super) async fn put(
    subject: &Subject,
    rules_dir: Option<&Path>,
    name: &str,
    context: &Context<'_>,
) -> anyhow::Result<()> {
    let config = load(context, Vec::new())?.config;
    let rules_dir = rules_dir.unwrap_or(&config.rules.dir);
    let file = deploy::deploy(subject, rules_dir, name)?;
    let Some(rule) = verdict(&config, rules_dir, name, context).await? else {
        let (file, data_dir) = (file.display(), config.data_dir.display());
        context.output.done(format!(
            "{file} is in place. No server has judged it: none runs on the data directory {data_dir} \
             (--data-dir names another) with these rules"
        ));
        return Ok(());
    };
    match context.output.is_json() {
        true => context.output.value(&rule),
        false => show_rule(&rule),
    }
    match rule.state {
        RuleState::Live | RuleState::Disabled => Ok(()),
        RuleState::Kept | RuleState::Missing | RuleState::Refused => {
            let text = format!("the server did not take {name}; see above");
            Err(Refused(text).into())
        }
        RuleState::Pending => {
            let text =
                format!("the server has not decided about {name} yet; see `rulemint rule status`");
            Err(Refused(text).into())
        }
    }
}

/// What a running server of this installation says about the rule, if one runs and serves that directory.
async fn verdict(
    config: &Config,
    rules_dir: &Path,
    name: &str,
    context: &Context<'_>,
) -> anyhow::Result<Option<RuleReport>> {
    let looked = look_again(config, rules_dir, context).await?;
    let mut rules = looked.into_iter().flat_map(|(_, report)| report.rules);
    Ok(rules.find(|rule| rule.name == name))
}

/// Has the running server of this installation look at its rules directory, if one runs and serves that directory.
async fn look_again(
    config: &Config,
    rules_dir: &Path,
    context: &Context<'_>,
) -> anyhow::Result<Option<(Access, Report)>> {
    if !config.data_dir.is_dir() {
        return Ok(None);
    }
    let access = Access::open(context).await?;
    if !access.data.is_served() {
        return Ok(None);
    }
    let report = ask(&access, Wish::Reload).await?;
    let same = Path::new(&report.rules_dir).canonicalize().ok() == rules_dir.canonicalize().ok();
    Ok(same.then_some((access, report)))
}

/// Waits until the server has ended a rule, which it does when its file has been missing for a while.
async fn until_gone(access: &Access, name: &str) -> anyhow::Result<Report> {
    for _ in 0..GONE_POLLS_MAX {
        let report = Standing::read(&access.store).await?.report;
        match report.rules.iter().find(|rule| rule.name == name) {
            None => return Ok(report),
            Some(rule) if rule.required => {
                let text = format!("the server must not run without {name}, and keeps it");
                return Err(Refused(text).into());
            }
            Some(_) => sleep(GONE_POLL).await,
        }
    }
    Err(Refused(format!(
        "the server has not ended {name} yet; see `rulemint rule status`"
    ))
    .into())
}

const GONE_POLL: Duration = Duration::from_millis(100);
const GONE_POLLS_MAX: u32 = 100;
