//! The difference between the contract that a component was built against and the one that is offered, as a diff of WIT.

use similar::{ChangeTag, TextDiff};
use wit_component::{DecodedWasm, WitPrinter, decode};
use wit_parser::{PackageId, Resolve};

use crate::rule::compile::componentize;
use crate::rule::identify::{Kind, identify};

/// The lines of the contract that differ: `-` is what the rule wants, `+` what there is. `None` where the component does
/// not say, or nothing of what it uses differs.
pub(super) fn diff(wasm: &[u8], offered: &str) -> Option<String> {
    let wanted = wanted(wasm)?;
    let offered = offered_like(offered, &wanted)?;
    let diff = TextDiff::from_lines(&wanted, &offered);
    let mut lines = Vec::new();
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        lines.push(format!("{sign} {}", change.value().trim()));
    }
    lines.retain(|line| line.len() > 2);
    if lines.is_empty() {
        return None;
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    if more > 0 {
        lines.push(format!("({more} more)"));
    }
    lines.insert(
        0,
        "The contract it wants (-) and the one there is (+):".to_owned(),
    );
    Some(lines.join("\n"))
}

/// What the component says of package `rulemint:rule`, printed.
fn wanted(wasm: &[u8]) -> Option<String> {
    let component = match identify(wasm) == Kind::CoreModule {
        true => componentize(wasm).ok()?,
        false => wasm.to_vec(),
    };
    let DecodedWasm::Component(resolve, _) = decode(&component).ok()? else {
        return None;
    };
    let ours = resolve
        .packages
        .iter()
        .find(|(_, package)| is_ours(&package.name))?;
    print(&resolve, ours.0)
}

fn is_ours(name: &wit_parser::PackageName) -> bool {
    (name.namespace.as_str(), name.name.as_str()) == ("rulemint", "rule")
}

/// The contract, printed the same way, and of it only the interfaces that the other one has: a rule need not use all.
fn offered_like(wit: &str, wanted: &str) -> Option<String> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("rule.wit", wit).ok()?;
    let printed = print(&resolve, package)?;
    let interfaces = |text: &str| -> Vec<String> {
        let blocks = text.split("\n}\n");
        blocks
            .map(|block| format!("{}\n}}\n", block.trim()))
            .collect()
    };
    let head = |block: &str| {
        block
            .lines()
            .find(|line| line.ends_with('{'))
            .map(str::to_owned)
    };
    let wanted: Vec<String> = interfaces(wanted)
        .iter()
        .filter_map(|block| head(block))
        .collect();
    let shared = interfaces(&printed)
        .into_iter()
        .filter(|block| head(block).is_some_and(|head| wanted.contains(&head)));
    Some(shared.collect())
}

fn print(resolve: &Resolve, package: PackageId) -> Option<String> {
    let mut printer = WitPrinter::default();
    printer.emit_docs(false);
    printer.print(resolve, package, &[]).ok()?;
    Some(printer.output.to_string())
}

const LINES_MAX: usize = 40;
