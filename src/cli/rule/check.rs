//! `rulemint rule check`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::println;
use clap::Args;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::engine;
use crate::cli::Context;
use crate::cli::access::Access;
use crate::cli::exit::{NotThere, Refused};
use crate::cli::output::{BAD, DIM, GOOD, ODD, size};
use crate::registry::rules_configs;
use crate::rule::{Analysis, Form, Severity};
use crate::workbench::check::{Checked, check};
use crate::workbench::script::{self, SharedNames, Value};
use crate::workbench::{Remark, Subject, Workbench};

#[derive(Args)]
pub(in crate::cli) struct Check {
    /// Rule files, projects that were built, or directories with rule files in them. For one of Auth0's scripts this is the
    /// migration report.
    #[arg(default_value = ".", value_name = "RULE")]
    rules: Vec<PathBuf>,
}

impl Check {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let mut rules = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            match Subject::files_in(rule)? {
                Some(files) => rules.extend(files),
                None => rules.push(rule.clone()),
            }
        }
        let checker = Checker {
            bench: engine::workbench(context)?,
            shared: OnceCell::new(),
            context,
        };
        match rules.as_slice() {
            [rule] if rules == self.rules => checker.check_one(rule).await,
            rules => checker.check_all(rules).await,
        }
    }
}

/// Checks one rule after another.
struct Checker<'c> {
    bench: Workbench,
    /// The names of the values that scripts share. Looked up when the first script wants them.
    shared: OnceCell<Option<SharedNames>>,
    context: &'c Context<'c>,
}

impl Checker<'_> {
    async fn check_one(&self, rule: &Path) -> anyhow::Result<()> {
        let checked = self.check(&engine::open(rule, self.context)?).await;
        match self.context.output.is_json() {
            true => self.context.output.value(&checked),
            false => self.show(&checked),
        }
        match checked.is_good() {
            true => Ok(()),
            false => Err(Refused(format!("{} would not run as it is", checked.name)).into()),
        }
    }

    async fn check_all(&self, rules: &[PathBuf]) -> anyhow::Result<()> {
        let mut all = Vec::with_capacity(rules.len());
        for rule in rules {
            let checked = match engine::open(rule, self.context) {
                Ok(subject) => self.check(&subject).await,
                Err(problem) => Checked::unread(rule, &problem),
            };
            if !self.context.output.is_json() {
                self.show(&checked);
                println!();
            }
            all.push(checked);
        }
        if self.context.output.is_json() {
            self.context.output.value(&all);
        }
        verdict(&all, self.context)
    }

    async fn check(&self, subject: &Subject) -> Checked {
        let shared = match subject.form() {
            Form::Wasm => None,
            Form::Script => self.shared.get_or_init(|| self.share()).await.as_ref(),
        };
        check(&self.bench, subject, shared).await
    }

    /// Has scripts share here what they share on the server, where there is an installation to look into.
    async fn share(&self) -> Option<SharedNames> {
        let values = shared_values(self.context).await?;
        let names = values.keys().cloned().collect();
        self.bench.share(values);
        Some(names)
    }

    fn show(&self, checked: &Checked) {
        self.context.output.thing(checked, &lines(checked));
        show_findings(checked);
    }
}

fn verdict(all: &[Checked], context: &Context<'_>) -> anyhow::Result<()> {
    let bad = all.iter().filter(|checked| !checked.is_good());
    let bad: Vec<&str> = bad.map(|checked| checked.name.as_str()).collect();
    let (count, names) = (all.len(), bad.join(", "));
    match bad.len() {
        0 => context
            .output
            .note(format!("A server would take all {count} of them.")),
        bad => {
            let text = format!("{bad} of {count} rules would not run as they are: {names}");
            return Err(Refused(text).into());
        }
    }
    Ok(())
}

async fn shared_values(context: &Context<'_>) -> Option<BTreeMap<String, SecretString>> {
    let look = async {
        let access = Access::look(context).await?;
        anyhow::Ok(rules_configs(&access.store, &access.master).await?)
    };
    match look.await {
        Ok(values) => Some(values),
        Err(problem) if problem.is::<NotThere>() => None,
        Err(problem) => {
            let text = format!("which values scripts share is not known: {problem}");
            context.output.remark(text);
            None
        }
    }
}

fn lines(checked: &Checked) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("rule", checked.name.clone()),
        ("size", size(checked.bytes as u64)),
    ];
    if !checked.lane.is_empty() {
        lines.push(("kind", checked.lane.to_owned()));
        lines.push((
            "cases",
            format!("{} of {} pass", checked.cases.0, checked.cases.1),
        ));
    }
    if let Some(analysis) = &checked.script {
        lines.extend(script_lines(analysis, checked));
    }
    if !checked.imports.is_empty() {
        lines.push(("imports", by_module(&checked.imports)));
    }
    if let Some(description) = &checked.description {
        let said = format!("{} {}", description.description, description.version);
        lines.push((
            "says",
            format!("{said} (calls: {})", description.calls.join(", ")),
        ));
    }
    if let Some(same) = &checked.repeatability {
        let verdict = match (same.is_deterministic, same.fresh.is_empty()) {
            (true, _) => "the same event gives the same answer".to_owned(),
            (false, false) => format!("fresh every time: {}", same.fresh.join(", ")),
            (false, true) => "the same event gives different answers".to_owned(),
        };
        lines.push(("repeats", format!("{verdict} ({} calls)", same.calls)));
    }
    if let Some(needs) = &checked.needs {
        let load = Duration::from_millis(needs.load_ms);
        let call = needs.call_us.map_or_else(String::new, |spread| {
            let call = Duration::from_nanos((spread.max * 1e3) as u64);
            let memory = size(needs.memory_bytes);
            format!("{memory} of memory, at most {call:.1?} a call; ")
        });
        let needs = format!("{call}{load:.1?} to load");
        lines.push(("needs", needs));
    }
    lines
}

fn script_lines(analysis: &Analysis, checked: &Checked) -> Vec<(&'static str, String)> {
    let mut lines = vec![("dialect", script::dialect(analysis).to_owned())];
    let mut add = |label, mut names: Vec<&str>| {
        names.dedup();
        if !names.is_empty() {
            lines.push((label, names.join(", ")));
        }
    };
    let modules = analysis
        .modules
        .iter()
        .filter(|module| !module.is_of_runtime());
    add("modules", modules.map(|module| &*module.request).collect());
    add(
        "hosts",
        analysis.hosts.iter().map(|host| &*host.host).collect(),
    );
    let reads: Vec<String> = checked.values.iter().map(read).collect();
    add("reads", reads.iter().map(String::as_str).collect());
    lines
}

fn read(value: &Value) -> String {
    let given_by = match value.given_by {
        Some("settings") => "a setting",
        Some("secrets") => "a secret",
        Some(_) => "shared",
        None => "not set",
    };
    format!("{} ({given_by})", value.name)
}

/// The functions of each module on one line: a core module imports dozens.
fn by_module(imports: &[String]) -> String {
    let mut modules: Vec<(&str, Vec<&str>)> = Vec::new();
    for import in imports {
        let (module, function) = import.split_once(' ').unwrap_or((import, ""));
        match modules.iter_mut().find(|(known, _)| *known == module) {
            Some((_, functions)) if functions.contains(&function) => {}
            Some((_, functions)) => functions.push(function),
            None => modules.push((module, vec![function])),
        }
    }
    let line = |(module, functions): &(&str, Vec<&str>)| match functions.as_slice() {
        [""] => (*module).to_owned(),
        functions => format!("{module}: {}", functions.join(", ")),
    };
    modules.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn show_findings(checked: &Checked) {
    for Remark { level, text } in &checked.notes {
        let (level, colour) = match level {
            Severity::Error => ("error", BAD),
            Severity::Warning => ("warning", ODD),
            Severity::Note => ("note", DIM),
        };
        println!("{colour}{level}:{colour:#} {text}");
    }
    for problem in &checked.problems {
        println!("{BAD}problem:{BAD:#} {problem}");
    }
    match (checked.is_good(), checked.is_hardly_tried) {
        (false, _) => {}
        (true, false) => println!("{GOOD}A server would take it.{GOOD:#}"),
        (true, true) => println!(
            "{ODD}A server would take it. Whether it ever lets a token through has not been seen.{ODD:#}"
        ),
    }
}
