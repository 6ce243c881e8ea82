//! `rulemint rule check`

use std::path::PathBuf;
use std::time::Duration;

use anstream::println;
use clap::Args;

use super::engine;
use crate::cli::Context;
use crate::cli::exit::Refused;
use crate::cli::output::{BAD, DIM, GOOD, ODD, size};
use crate::rule::{Analysis, Severity, Wanted};
use crate::workbench::Remark;
use crate::workbench::check::{Checked, check};
use crate::workbench::script;

#[derive(Args)]
pub(in crate::cli) struct Check {
    /// A rule file, or a project that was built. For one of Auth0's scripts this is the migration report.
    #[arg(default_value = ".")]
    rule: PathBuf,
}

impl Check {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let subject = engine::open(&self.rule, context)?;
        let bench = engine::workbench(context)?;
        let checked = check(&bench, &subject).await;
        context.output.thing(&checked, &lines(&checked));
        if !context.output.is_json() {
            show_findings(&checked);
        }
        match checked.is_good() {
            true => Ok(()),
            false => Err(Refused(format!("{} would not run as it is", checked.name)).into()),
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
        lines.extend(script_lines(analysis));
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

fn script_lines(analysis: &Analysis) -> Vec<(&'static str, String)> {
    let mut lines = vec![("dialect", script::dialect(analysis).to_owned())];
    let mut add = |label, mut names: Vec<&str>| {
        names.dedup();
        if !names.is_empty() {
            lines.push((label, names.join(", ")));
        }
    };
    let named = |wanted: &Wanted| wanted.name.clone();
    let read: Vec<String> = analysis
        .configuration
        .iter()
        .chain(&analysis.secrets)
        .map(named)
        .collect();
    let modules = analysis
        .modules
        .iter()
        .filter(|module| !module.is_of_runtime());
    add("modules", modules.map(|module| &*module.request).collect());
    add(
        "hosts",
        analysis.hosts.iter().map(|host| &*host.host).collect(),
    );
    add("reads", read.iter().map(String::as_str).collect());
    lines
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
    if checked.is_good() {
        println!("{GOOD}A server would take it.{GOOD:#}");
    }
}
