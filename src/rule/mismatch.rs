//! Explains why a component does not fit: what it wants, what there is, and what to do.

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use super::engine::Engine;

/// Checks a component's imports and exports by name, before the engine checks their types.
///
/// # Errors
/// A report for the rule's author.
pub(super) fn check(component: &Component, engine: &Engine) -> Result<Fits, String> {
    let shape = component.component_type();
    let imports: Vec<String> = shape
        .imports(engine.wasmtime())
        .map(|(name, _)| name.to_owned())
        .collect();
    let exports: Vec<String> = shape
        .exports(engine.wasmtime())
        .map(|(name, _)| name.to_owned())
        .collect();
    check_imports(&imports)?;
    check_exports(&exports)?;
    Ok(Fits {
        validates_settings: exports.iter().any(|name| name.starts_with(SETTINGS)),
        uses_wasi: imports.iter().any(|name| name.starts_with("wasi:")),
    })
}

/// What there is to know about a component that fits.
pub(super) struct Fits {
    /// It imports some of WASI.
    pub(super) uses_wasi: bool,
    /// It exports `rulemint:rule/settings`.
    pub(super) validates_settings: bool,
}

/// Adds to the engine's own words what it was that did not fit, and what to do.
pub(super) fn explain(problem: &wasmtime::Error, component: &Component, engine: &Engine) -> String {
    let shape = component.component_type();
    let ours = shape
        .imports(engine.wasmtime())
        .filter(|(name, _)| name.starts_with(PACKAGE));
    let mut wants = Vec::new();
    for (name, item) in ours {
        if let ComponentItem::ComponentInstance(instance) = item.ty {
            let functions = instance
                .exports(engine.wasmtime())
                .map(|(function, _)| function);
            wants.push(format!(
                "{name} with {}",
                functions.collect::<Vec<_>>().join(", ")
            ));
        }
    }
    format!(
        "it was built against another version of the contract: {problem:#}. It wants {}. {OFFER} {ADVICE}",
        or_nothing(&wants)
    )
}

fn check_imports(imports: &[String]) -> Result<(), String> {
    if imports.len() > IMPORTS_MAX {
        return Err(format!(
            "it has {} imports; {IMPORTS_MAX} are allowed",
            imports.len()
        ));
    }
    let unknown: Vec<&String> = imports.iter().filter(|name| !is_offered(name)).collect();
    let Some(first) = unknown.first() else {
        return Ok(());
    };
    let rest = match unknown.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more that are not offered)"),
    };
    let advice = advice_for(first);
    Err(format!(
        "it imports {first}{rest}, which this server does not offer. {OFFER} {advice}"
    ))
}

fn check_exports(exports: &[String]) -> Result<(), String> {
    if exports.iter().any(|name| name.starts_with(ENRICH)) {
        return Ok(());
    }
    let other = exports
        .iter()
        .find(|name| name.starts_with("rulemint:rule/enrich"));
    Err(match other {
        Some(name) => format!("it exports {name}; this server runs {ENRICH}x. {ADVICE}"),
        None => format!(
            "it does not export {ENRICH}0.0, which every rule must; it exports {}. {ADVICE}",
            or_nothing(exports)
        ),
    })
}

fn is_offered(import: &str) -> bool {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    match interface.split_once('/') {
        Some(("rulemint:rule", name)) => {
            OUR_INTERFACES.contains(&name) && version.starts_with("1.")
        }
        Some((package, _)) => WASI_PACKAGES.contains(&package) && version.starts_with("0.2."),
        None => false,
    }
}

fn advice_for(import: &str) -> String {
    let what = if import.starts_with("wasi:http") {
        "Outbound HTTP is not among what a rule may do in this version."
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

const PACKAGE: &str = "rulemint:rule/";
const ENRICH: &str = "rulemint:rule/enrich@1.";
const SETTINGS: &str = "rulemint:rule/settings@1.";
const OUR_INTERFACES: &[&str] = &["types", "host", "cache"];
const WASI_PACKAGES: &[&str] = &[
    "wasi:cli",
    "wasi:clocks",
    "wasi:filesystem",
    "wasi:io",
    "wasi:random",
    "wasi:sockets",
];
const OFFER: &str = "It offers rulemint:rule/{types,host,cache}@1.0.0 and an inert WASI 0.2.";
const ADVICE: &str = "Build the rule for the world rulemint:rule/rule of the contract that `rulemint rule wit` prints.";
const IMPORTS_MAX: usize = 1_000;
const LISTED_MAX: usize = 5;
