//! `rulemint rule`

mod bench;
mod case;
mod check;
mod diff;
pub(super) mod engine;
mod file;
mod project;
mod run;
mod status;
mod watch;

use clap::Subcommand;

use super::Context;

#[derive(Subcommand)]
pub(super) enum RuleCommand {
    /// Begin a rule project that builds and passes its own golden cases.
    New(project::New),
    /// Build a project's rule file by its language's usual commands, or bundle a script.
    Build(project::Build),
    /// Say whether a server would take a rule, what it needs, and whether its random values are fresh.
    ///
    /// Of several rules the exit code is the worst, and --json prints a list. Of a script it tells, too, which values it reads and
    /// which of them are not set: in its manifest or, where there is a data directory, among those that all scripts share.
    Check(check::Check),
    /// Run a rule over one event, and show what it changes.
    Run(run::Run),
    /// Run a rule's golden cases.
    Test(case::Test),
    /// Measure a rule's calls, each in a fresh sandbox unless its manifest keeps instances.
    Bench(bench::Bench),
    /// Show what is in a rule file: kind, imports, exports, world, producers, digest.
    Inspect(file::Inspect),
    /// Show what another version of a rule would change in the claims.
    Diff(diff::Diff),
    /// Build, test and deploy a project each time one of its files is saved.
    Watch(watch::Watch),
    /// Put a rule, its manifest and its golden cases into the rules directory.
    Deploy(project::Deploy),
    /// Take a rule, its manifest and its golden cases out of the rules directory.
    Remove(project::Remove),
    /// Show which rules run, which do not, and why.
    Status,
    /// Make the running server look at its rules directory again, and try again what failed before.
    Reload,
    /// Go back to an earlier generation of the rules. It stays until the rules directory changes again, whatever `rule reload` does.
    ///
    /// A second rollback without a number goes further back.
    Rollback {
        /// Its number, as `rule status` lists it [default: the one before the live one that no rollback has left].
        generation: Option<i64>,
    },
    /// Print the contract between rulemint and a rule (WIT).
    Wit,
    /// Print the JSON Schema of an event, a result, a golden case or a manifest.
    Schema(file::Schema),
    /// Make a component of a core module that carries the type of one.
    ///
    /// The server takes such modules as they are; other tools may want components.
    Component(file::Component),
}

impl RuleCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        match self {
            Self::New(new) => new.run(context),
            Self::Build(build) => build.run(context).await,
            Self::Check(check) => check.run(context).await,
            Self::Run(run) => run.run(context).await,
            Self::Test(test) => test.run(context).await,
            Self::Bench(bench) => bench.run(context).await,
            Self::Inspect(inspect) => inspect.run(context),
            Self::Diff(diff) => diff.run(context).await,
            Self::Watch(watch) => watch.run(context).await,
            Self::Deploy(deploy) => deploy.run(context).await,
            Self::Remove(remove) => remove.run(context).await,
            Self::Status => status::status(context).await,
            Self::Reload => status::reload(context).await,
            Self::Rollback { generation } => status::roll_back(generation, context).await,
            Self::Wit => file::print_contract(context),
            Self::Schema(schema) => schema.run(context),
            Self::Component(component) => component.run(),
        }
    }
}
