//! Explains why a file does not fit: what it wants, what there is, and what to do.

mod world;

use std::sync::Arc;

use wasmtime::component::Component;

use super::engine::Engine;
use super::lane::{Major, Wants};

/// What a component turned out to be.
pub(super) enum Fits {
    /// A rule against this major of the contract.
    Contract(Arc<dyn Major>, Wants),
    /// A program.
    Program,
}

/// Checks a component's imports and exports by name, before the engine checks their types.
///
/// # Errors
/// A report for the rule's author.
pub(super) fn check(
    component: &Component,
    engine: &Engine,
    (majors, grants_http): (&[Arc<dyn Major>], bool),
) -> Result<Fits, String> {
    let shape = component.component_type();
    let names = |named: Vec<&str>| named.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let imports = names(
        shape
            .imports(engine.wasmtime())
            .map(|(name, _)| name)
            .collect(),
    );
    let exports = names(
        shape
            .exports(engine.wasmtime())
            .map(|(name, _)| name)
            .collect(),
    );
    let has = |beginning: &str| exports.iter().any(|name| name.starts_with(beginning));
    let contract = majors.iter().rev().find(|major| has(major.enrich()));
    let imports_any = |beginning: &str| imports.iter().any(|name| name.starts_with(beginning));
    if imports_any(WASI_HTTP) && !grants_http {
        return Err(GRANT_HTTP.to_owned());
    }
    check_imports(&imports, majors)?;
    if let Some(major) = contract {
        let wants = Wants {
            uses_wasi: imports_any("wasi:"),
            validates_settings: has(&format!("{PACKAGE}settings@{}", major.number())),
            uses_http: grants_http && (imports_any(WASI_HTTP) || imports_any(PLAIN_HTTP)),
            leaves_traces: false,
        };
        return Ok(Fits::Contract(Arc::clone(major), wants));
    }
    match has(RUN) {
        true => Ok(Fits::Program),
        false => Err(without_enrich(&exports, majors)),
    }
}

/// Adds to the engine's own words what it was that did not fit, and what to do: a diff between the world that the rule
/// was built for and the one that is offered.
pub(super) fn explain(
    problem: &wasmtime::Error,
    component: &Component,
    engine: &Engine,
    (majors, wasm): (&[Arc<dyn Major>], &[u8]),
) -> String {
    let shape = component.component_type();
    let mut exports = shape.exports(engine.wasmtime()).map(|(name, _)| name);
    let meant = |major: &&Arc<dyn Major>| exports.any(|name| name.starts_with(major.enrich()));
    let diff = majors
        .iter()
        .find(meant)
        .and_then(|major| world::diff(wasm, major.wit()));
    format!(
        "it was built against another version of the contract: {problem:#}. {ADVICE}{}",
        diff.map(|diff| format!("\n{diff}")).unwrap_or_default()
    )
}

/// The same for a program, which can only want imports that there are not.
pub(super) fn explain_module(problem: &wasmtime::Error) -> String {
    format!(
        "it is a program that wants what is not offered: {problem:#}. A program may import \
         wasi_snapshot_preview1 and nothing else"
    )
}

fn check_imports(imports: &[String], majors: &[Arc<dyn Major>]) -> Result<(), String> {
    if imports.len() > IMPORTS_MAX {
        return Err(format!(
            "it has {} imports; {IMPORTS_MAX} are allowed",
            imports.len()
        ));
    }
    let unknown: Vec<&String> = imports
        .iter()
        .filter(|name| !is_offered(name, majors))
        .collect();
    let Some(first) = unknown.first() else {
        return Ok(());
    };
    let rest = match unknown.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more that are not offered)"),
    };
    let (offer, advice) = (offer(majors), advice_for(first));
    Err(format!(
        "it imports {first}{rest}, which this server does not offer. {offer} {advice}"
    ))
}

fn without_enrich(exports: &[String], majors: &[Arc<dyn Major>]) -> String {
    let other = exports
        .iter()
        .find(|name| name.starts_with("rulemint:rule/enrich"));
    let known: Vec<String> = majors
        .iter()
        .map(|major| format!("{}x", major.enrich()))
        .collect();
    let known = known.join(" and ");
    match other {
        Some(name) => format!("it exports {name}; this server runs {known}. {ADVICE}"),
        None => format!(
            "it does not export {known}, as a rule does, and not {RUN}x either, as a program does; it exports {}. {ADVICE}",
            or_nothing(exports)
        ),
    }
}

fn offer(majors: &[Arc<dyn Major>]) -> String {
    let named = |major: &Arc<dyn Major>| {
        let interfaces = major.interfaces().join(",");
        format!("{PACKAGE}{{{interfaces}}}@{}x", major.number())
    };
    let contracts: Vec<String> = majors.iter().map(named).collect();
    format!("It offers {}, and an inert WASI 0.2.", contracts.join(", "))
}

fn is_offered(import: &str, majors: &[Arc<dyn Major>]) -> bool {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    match interface.split_once('/') {
        Some(("rulemint:rule", name)) => majors
            .iter()
            .any(|major| major.interfaces().contains(&name) && version.starts_with(major.number())),
        Some(("wasi:http", name)) => HTTP_INTERFACES.contains(&name) && version.starts_with("0.2."),
        Some((package, _)) => WASI_PACKAGES.contains(&package) && version.starts_with("0.2."),
        None => false,
    }
}

fn advice_for(import: &str) -> String {
    let what = if import.starts_with("wasi:http") {
        "Of wasi:http a rule may import types and outgoing-handler, version 0.2."
    } else if import.starts_with("wasi:") && import.contains("@0.3") {
        "Build for WASI 0.2 (with componentize-qjs: --sync)."
    } else if import.starts_with("wasi:") {
        "A rule has no files, no network and no command line beyond WASI 0.2."
    } else {
        ADVICE
    };
    what.to_owned()
}

fn or_nothing(names: &[String]) -> String {
    match names.len() {
        0 => "nothing".to_owned(),
        1..=LISTED_MAX => names.join(", "),
        more => format!(
            "{} and {} more",
            names[..LISTED_MAX].join(", "),
            more - LISTED_MAX
        ),
    }
}

const WASI_HTTP: &str = "wasi:http/";
const PLAIN_HTTP: &str = "rulemint:rule/http@";
const HTTP_INTERFACES: &[&str] = &["outgoing-handler", "types"];
const GRANT_HTTP: &str = "it imports wasi:http, and its manifest does not let it send requests. Name the hosts that it may \
     reach in the manifest: [http] hosts = [\"https://api.example\"]";
const PACKAGE: &str = "rulemint:rule/";
/// What a program exports.
const RUN: &str = "wasi:cli/run@0.2.";
const WASI_PACKAGES: &[&str] = &[
    "wasi:cli",
    "wasi:clocks",
    "wasi:filesystem",
    "wasi:io",
    "wasi:random",
    "wasi:sockets",
];
const ADVICE: &str = "Build the rule for the world rulemint:rule/rule of the contract that `rulemint rule wit` prints.";
const IMPORTS_MAX: usize = 1_000;
const LISTED_MAX: usize = 5;
