//! `rulemint apply` and `rulemint export`

mod told;

use std::fs;
use std::path::{Path, PathBuf};

use anstream::println;
use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::Context;
use super::access::{Access, load};
use super::exit::{Differs, Mistakes, NotThere};
use super::rule::engine;
use crate::data_dir::DataDir;
use crate::declared::{
    self, Declared, Export, Hands, Keywords, Plan, Prune, Registered, Script, Server, Unplanned,
};
use crate::document::Mistake;
use crate::registry::rules_configs;
use crate::reload::{Standing, WishError};
use crate::rules_dir::ScriptRules;
use told::{Told, as_mistake, print_left_out};

#[derive(Args)]
pub(super) struct Apply {
    /// What is declared: a directory, or a YAML file, as Auth0's deploy tool writes them.
    #[arg(short, long = "file", value_name = "DIR|FILE")]
    file: PathBuf,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do nothing, and say by the exit code whether anything would have to be done: 0 if not, 5 if so.
    #[arg(long)]
    check: bool,
    /// Delete what is not declared, of the kinds that the files speak of. What this server is managed by stays: clients with
    /// a grant for the management API, and those grants.
    #[arg(long)]
    prune: bool,
    /// With --prune: delete those, too.
    #[arg(long, requires = "prune")]
    prune_managers: bool,
    /// Do nothing if anything would be left out.
    #[arg(long)]
    strict: bool,
    /// Leave out what nobody knows, too, such as a property with a slip in its name or a grant for an API that is nowhere.
    #[arg(long, conflicts_with = "strict")]
    lenient: bool,
    /// A configuration file of Auth0's deploy tool with AUTH0_KEYWORD_REPLACE_MAPPINGS. The variable of that name comes first.
    #[arg(long, value_name = "FILE")]
    keywords: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct ExportCommand {
    /// A directory, or a file that ends with .yaml or .yml.
    #[arg(value_name = "DIR|FILE.yaml")]
    place: PathBuf,
    /// Leave client ids out: whoever applies the files elsewhere gets new ones.
    #[arg(long)]
    without_ids: bool,
    /// Replace what an earlier export has left there.
    #[arg(long)]
    overwrite: bool,
}

impl Apply {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let declared = self.read(context)?;
        let access = match self.check || self.dry_run {
            true => Access::look(context).await,
            false => Access::open(context).await,
        };
        let mistakes = || Mistakes::in_declared(declared.mistakes().to_vec()).into();
        let access = access.map_err(|problem| match declared.mistakes().is_empty() {
            true => problem,
            false => mistakes(),
        })?;
        let places = Places::of(context, &access, &self.file).await?;
        let hands = places.hands(&access);
        let registered = registered(&access, &hands).await?;
        let plan = Plan::of(&declared, &registered, self.prune(), &access.registrar);
        let plan = judge(plan, context).await?;
        if self.strict && !plan.left_out.is_empty() {
            let mistakes = plan.left_out.iter().map(as_mistake).collect();
            return Err(Mistakes::in_declared(mistakes).into());
        }
        let told = Told::of(&plan);
        note_scripts_for_people(&plan, context);
        if self.check || self.dry_run {
            told.print(context, None);
            return match self.check && plan.is_needed() {
                true => Err(Differs("what there is, is not what is declared".to_owned()).into()),
                false => Ok(()),
            };
        }
        let done = plan.carry_out(&hands).await?;
        told.print(context, Some(&done.unseen_secrets));
        Ok(())
    }

    fn prune(&self) -> Prune {
        match (self.prune, self.prune_managers) {
            (false, _) => Prune::Nothing,
            (true, false) => Prune::Undeclared,
            (true, true) => Prune::Managers,
        }
    }

    fn read(&self, context: &Context<'_>) -> anyhow::Result<Declared> {
        let variable = context.environment.get(declared::MAPPINGS);
        let file = match &self.keywords {
            None => None,
            Some(path) => {
                let name = path.display().to_string();
                let text = fs::read_to_string(path).with_context(|| format!("read {name}"))?;
                Some((name, text))
            }
        };
        let file = file
            .as_ref()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        let keywords = Keywords::of(file, variable);
        let keywords = keywords.map_err(|mistake| Mistakes::in_declared(vec![mistake]))?;
        if !self.file.exists() {
            let file = self.file.display();
            return Err(NotThere(format!("{file}: there is no such directory or file")).into());
        }
        let declared = declared::read(&self.file, &keywords);
        let declared = declared.map_err(|mistake| Mistakes::in_declared(vec![mistake]))?;
        Ok(declared.leniently(self.lenient))
    }
}

impl ExportCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::look(context).await?;
        let places = Places::of(context, &access, &self.place).await?;
        let registered = registered(&access, &places.hands(&access)).await?;
        let exported = declared::export(&Export {
            registered: &registered,
            place: &self.place,
            without_ids: self.without_ids,
            overwrite: self.overwrite,
        })?;
        if context.output.is_json() {
            let counts: serde_json::Map<String, Value> = exported
                .counts
                .iter()
                .map(|(section, count)| ((*section).to_owned(), json!(count)))
                .collect();
            let value = json!({ "exported": counts, "left_out": exported.left_out });
            context.output.value(&value);
            return Ok(());
        }
        for (section, count) in &exported.counts {
            println!("{count:>6}  {section}");
        }
        print_left_out(&exported.left_out);
        let place = self.place.display();
        context
            .output
            .done(format!("written to {place}, without any secret"));
        Ok(())
    }
}

/// Looks at each script as the server will: one that cannot be loaded would leave tokens without it. What is wrong with them is
/// told with what is wrong with the rest.
async fn judge(plan: Result<Plan, Unplanned>, context: &Context<'_>) -> anyhow::Result<Plan> {
    let (scripts, mut mistakes) = match &plan {
        Ok(plan) => (&plan.scripts, Vec::new()),
        Err(unplanned) => (&unplanned.scripts, unplanned.mistakes.clone()),
    };
    if !scripts.is_empty() {
        mistakes.extend(judge_scripts(scripts, context).await?);
    }
    match (plan, mistakes.is_empty()) {
        (Ok(plan), true) => Ok(plan),
        _ => Err(Mistakes::in_declared(mistakes).into()),
    }
}

async fn judge_scripts(scripts: &[Script], context: &Context<'_>) -> anyhow::Result<Vec<Mistake>> {
    let bench = engine::workbench(context)?;
    let mut mistakes = Vec::new();
    for script in scripts {
        if let Err(problem) = bench.judge(&script.name, &script.text).await {
            mistakes.push(Mistake {
                place: script.place.clone(),
                problem: problem.to_string(),
            });
        }
    }
    Ok(mistakes)
}

/// Where rules and their secrets are.
struct Places {
    rules_dir: PathBuf,
    secrets_dir: PathBuf,
    scripts: ScriptRules,
}

impl Places {
    /// `declared` is where files that declare things are, which is elsewhere.
    async fn of(context: &Context<'_>, access: &Access, declared: &Path) -> anyhow::Result<Self> {
        let rules_dir = rules_dir(context, access).await?;
        let apart = declared::check_apart(declared, &rules_dir);
        apart.map_err(|mistake| Mistakes::in_declared(vec![mistake]))?;
        let data_dir = std::path::absolute(access.data.path())?;
        Ok(Self {
            scripts: ScriptRules::of(&rules_dir),
            rules_dir,
            secrets_dir: data_dir.join(DataDir::RULE_SECRETS),
        })
    }

    fn hands<'h>(&'h self, access: &'h Access) -> Hands<'h> {
        Hands {
            registrar: &access.registrar,
            scripts: &self.scripts,
            rules_dir: &self.rules_dir,
            secrets_dir: &self.secrets_dir,
            server: access.data.is_served().then(|| Server {
                store: &access.store,
                by: access.actor.by(access.clock.unix_seconds().cast_signed()),
            }),
        }
    }
}

/// The rules directory of the server that runs, whoever started it and how; else the one that the configuration names.
async fn rules_dir(context: &Context<'_>, access: &Access) -> anyhow::Result<PathBuf> {
    let configured = load(context, Vec::new())?.config.rules.dir;
    if !access.data.is_served() {
        return Ok(configured);
    }
    let served = match Standing::read(&access.store).await {
        Ok(standing) => PathBuf::from(standing.report.rules_dir),
        Err(WishError::NeverRan) => return Ok(configured),
        Err(problem) => return Err(problem.into()),
    };
    if std::path::absolute(&configured)? == served {
        return Ok(configured);
    }
    let (served_name, configured_name) = (served.display(), configured.display());
    if !served.is_dir() {
        return Err(NotThere(format!(
            "the running server has its rules in {served_name}, which is not there to this command; the configuration of this \
             command says {configured_name}: make that directory, or run the command where the server runs"
        ))
        .into());
    }
    context.output.remark(format!(
        "the rules directory is that of the running server, {served_name}, and not {configured_name}"
    ));
    Ok(served)
}

async fn registered(access: &Access, hands: &Hands<'_>) -> anyhow::Result<Registered> {
    let settings = rules_configs(&access.store, &access.master).await?;
    Ok(Registered::load(hands, settings).await?)
}

/// Here every token is a machine's.
fn note_scripts_for_people(plan: &Plan, context: &Context<'_>) {
    let names = plan.for_people();
    if !names.is_empty() {
        context.output.remark(format!(
            "{}: at Auth0 these ran when people logged in, and never for tokens of machines; here they run for every token. \
             To have one stay out, declare it with \"enabled\": false (an Action: leave it unbound), or bind it by [when] in \
             its manifest",
            names.join(", ")
        ));
    }
}
