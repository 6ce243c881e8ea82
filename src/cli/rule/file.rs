//! `rulemint rule inspect`, `wit`, `schema` and `component`: files, without running them.

use std::fs;
use std::path::PathBuf;

use anstream::{print, println};
use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};

use crate::cli::Context;
use crate::document;
use crate::rule::{Answer, Case, Event, Inspection, Manifest, componentize, inspect};
use crate::workbench::Subject;

#[derive(Args)]
pub(in crate::cli) struct Inspect {
    /// A rule file, or a project that was built.
    #[arg(default_value = ".")]
    rule: PathBuf,
    /// Print the world it was built for, too (WIT).
    #[arg(long)]
    wit: bool,
}

impl Inspect {
    pub(super) fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let subject = Subject::open(&self.rule)?;
        let file = subject.file.display();
        let inspection =
            inspect(subject.bytes()).map_err(|problem| anyhow!("{file}: {problem}"))?;
        let mut lines = lines(&inspection);
        lines.retain(|(_, value)| !value.is_empty());
        context.output.thing(&inspection, &lines);
        if let (Some(world), true, false) = (&inspection.world, self.wit, context.output.is_json())
        {
            println!("\n{world}");
        }
        Ok(())
    }
}

fn lines(inspection: &Inspection) -> Vec<(&'static str, String)> {
    let pairs = |pairs: &[(String, String)]| {
        let joined = pairs
            .iter()
            .map(|(name, version)| format!("{name} {version}"));
        joined.collect::<Vec<_>>().join(", ")
    };
    let sections = inspection.custom_sections.iter();
    let sections: Vec<String> = sections
        .map(|(name, bytes)| format!("{name} ({bytes})"))
        .collect();
    vec![
        ("kind", inspection.kind.to_owned()),
        ("digest", format!("sha256:{}", inspection.digest)),
        ("bytes", inspection.bytes.to_string()),
        ("imports", inspection.imports.join("\n")),
        ("exports", inspection.exports.join("\n")),
        ("made by", pairs(&inspection.producers)),
        ("sections", sections.join(", ")),
    ]
}

#[derive(Args)]
pub(in crate::cli) struct Schema {
    /// Of what.
    of: SchemaOf,
}

#[derive(Clone, Copy, ValueEnum)]
enum SchemaOf {
    /// What a program reads from standard input.
    Event,
    /// What a program writes to standard output.
    Result,
    /// A golden case.
    Case,
    /// The manifest beside a rule.
    Manifest,
}

impl Schema {
    pub(super) fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        context.output.value(&match self.of {
            SchemaOf::Event => document::schema::<Event<'static>>(),
            SchemaOf::Result => document::schema::<Answer>(),
            SchemaOf::Case => document::schema::<Case>(),
            SchemaOf::Manifest => document::schema::<Manifest>(),
        });
        Ok(())
    }
}

#[derive(Args)]
pub(in crate::cli) struct Component {
    /// The core module, as cargo leaves it for wasm32-unknown-unknown.
    module: PathBuf,
    /// Where the component goes.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Component {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let (module, output) = (self.module.display(), &self.output);
        let wasm = fs::read(&self.module).with_context(|| format!("read {module}"))?;
        let component = componentize(&wasm).map_err(anyhow::Error::msg)?;
        // A server may be watching: the file appears whole or not at all.
        let draft = output.with_extension("draft");
        let written = fs::write(&draft, component).and_then(|()| fs::rename(&draft, output));
        written.with_context(|| format!("write {}", output.display()))
    }
}

pub(super) fn print_contract(context: &Context<'_>) -> anyhow::Result<()> {
    match context.output.is_json() {
        true => context
            .output
            .value(&serde_json::json!({ "wit": CONTRACT })),
        false => print!("{CONTRACT}"),
    }
    Ok(())
}

const CONTRACT: &str = include_str!("../../../wit/rule.wit");
