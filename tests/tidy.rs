//! Keeps the house as its plan draws it: layers, lengths, names, and documents that tell the truth about files.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "tidy/circles.rs"]
mod circles;

use std::fs;
use std::path::{Path, PathBuf};

use circles::Imports;

/// Which crates only some of the modules may know.
const KNOWN_ONLY_TO: &[(&str, &[&str])] = &[
    ("axum", &["http", "manage", "server"]),
    ("clap", &["cli", "main"]),
    ("flate2", &["rule", "status_list"]),
    ("hyper", &["rule", "server"]),
    ("jsonwebtoken", &["client", "sign"]),
    ("notify", &["reload", "workbench"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_proto", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("rcgen", &["keys", "server"]),
    ("rustls", &["cli", "rule", "server", "trust"]),
    ("sqlx", &["store"]),
    ("wasmparser", &["rule"]),
    ("wasmtime", &["rule"]),
    ("wasmtime_wasi", &["rule"]),
    ("wasmtime_wasi_http", &["rule"]),
    ("wasmtime_wizer", &["rule"]),
    ("wit_component", &["rule"]),
    ("x509_parser", &["keys"]),
];
const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
/// Names that refuse nothing, and so grow without end.
const NAMES_REFUSED: &[&str] = &[
    "common", "core", "helper", "helpers", "imp", "manager", "misc", "mod", "models", "types",
    "util", "utils",
];

/// A source file: its path from the root of the checkout, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn of(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The module of the crate it belongs to: `http` for `src/http/token.rs`.
    fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Its lines of code, with their numbers: no comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self
            .text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a directory whose name ends so.
fn files_below(directory: &Path, ending: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with("node_modules") {
                sources.extend(files_below(&path, ending));
            }
        } else if path.to_str().unwrap().ends_with(ending) {
            let text = fs::read_to_string(&path).unwrap();
            let path = path
                .strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            sources.push(Source { path, text });
        }
    }
    sources
}

fn rust_files() -> Vec<Source> {
    let places = ["src", "tests", "benches", "rules", "javascript/engine"];
    places
        .iter()
        .flat_map(|place| files_below(&root().join(place), ".rs"))
        .collect()
}

fn of_the_crate() -> Vec<Source> {
    files_below(&root().join("src"), ".rs")
}

/// Fails with every violation there is, each on a line of its own.
#[track_caller]
fn expect_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// The layers that `src/lib.rs` draws, from the top: blank lines part them.
fn layers(lib: &str) -> Vec<Vec<&str>> {
    let mut layers = vec![Vec::new()];
    for line in lib.lines().filter(|line| !line.starts_with("//")) {
        match line
            .strip_prefix("pub mod ")
            .and_then(|rest| rest.strip_suffix(';'))
        {
            Some(module) => layers.last_mut().unwrap().push(module),
            None => layers.push(Vec::new()),
        }
    }
    layers.retain(|layer| !layer.is_empty());
    layers
}

fn upward(source: &Source, layers: &[Vec<&str>]) -> Vec<String> {
    let height = |module: &str| layers.iter().position(|layer| layer.contains(&module));
    let Some(own) = height(source.module()) else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    for (number, line) in source.code() {
        for used in line.split("crate::").skip(1) {
            let used = used
                .split(|c: char| !c.is_ascii_lowercase() && c != '_')
                .next()
                .unwrap();
            let is_up = height(used).is_some_and(|used| used <= own);
            if is_up && used != source.module() {
                violations.push(format!(
                    "{}:{number}: {} must not use {used}: see the map in src/lib.rs",
                    source.path,
                    source.module()
                ));
            }
        }
    }
    violations
}

fn foreign(source: &Source) -> Vec<String> {
    let names = |line: &str, of: &str| {
        let mut ends = line.match_indices(of).map(|(at, _)| (at, at + of.len()));
        let is_word =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        ends.any(|(start, end)| {
            line[end..].starts_with("::") && !is_word(line[..start].chars().next_back())
        })
    };
    let mut violations = Vec::new();
    for (number, line) in source.code() {
        for (known, places) in KNOWN_ONLY_TO {
            if names(line, known) && !places.contains(&source.module()) {
                let places = places.join(" and ");
                violations.push(format!(
                    "{}:{number}: only {places} may know {known}",
                    source.path
                ));
            }
        }
    }
    violations
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines, and {FILE_LINES_MAX} are allowed: split it by idea",
        source.path
    )]
}

/// rustfmt puts a function's closing brace under its first letter: that is where it ends.
fn long_functions(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut violations = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_function =
            words.contains(&"fn") && !line.trim_start().starts_with("//") && !line.ends_with(';');
        let end = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|line| *line == end);
        if let Some(length) = length.filter(|length| is_function && *length > FUNCTION_LINES_MAX) {
            violations.push(format!(
                "{}:{}: a function of {length} lines; {FUNCTION_LINES_MAX} are allowed",
                source.path,
                start + 1
            ));
        }
    }
    violations
}

fn bad_name(source: &Source) -> Vec<String> {
    let parts = source.path.trim_end_matches(".rs").split('/');
    let refused = parts.filter(|part| NAMES_REFUSED.contains(part));
    refused
        .map(|part| format!("{}: {part} says nothing about what is inside", source.path))
        .collect()
}

fn without_purpose(source: &Source) -> Vec<String> {
    match source.text.starts_with("//!") {
        true => Vec::new(),
        false => vec![format!(
            "{}: a file begins with //! and what it is for",
            source.path
        )],
    }
}

fn broken_links(page: &Source) -> Vec<String> {
    let directory = root().join(&page.path).parent().unwrap().to_owned();
    let targets = page
        .text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    let missing =
        local.filter(|target| !directory.join(target.split('#').next().unwrap()).exists());
    missing
        .map(|target| format!("{}: there is no {target}", page.path))
        .collect()
}

fn all_of<'s>(sources: &'s [Source], check: impl Fn(&'s Source) -> Vec<String>) -> Vec<String> {
    sources.iter().flat_map(check).collect()
}

#[test]
fn modules_only_use_those_below_them() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let layers = layers(&lib);
    assert!(layers.len() > 10, "{layers:?}");
    expect_none(&all_of(&of_the_crate(), |source| upward(source, &layers)));
    let bad = Source::of("src/grant/x.rs", "use crate::rule::Rule;");
    assert_eq!(upward(&bad, &layers).len(), 1);
}

#[test]
fn files_import_each_other_one_way() {
    expect_none(&Imports::of(&of_the_crate()).circles());
    let circle = [
        Source::of("src/grant.rs", "mod a;\nmod b;\npub use b::B;"),
        Source::of("src/grant/a.rs", "use super::B;\nuse super::c;"),
        Source::of("src/grant/b.rs", "fn b() { super::a::call(); }"),
        Source::of("src/grant/c.rs", "use crate::store::Store;"),
    ];
    assert_eq!(Imports::of(&circle).circles().len(), 2);
}

#[test]
fn every_module_is_on_the_map() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let missing = |module: &&str| !lib.contains(&format!("[`{module}`]"));
    let missing: Vec<&str> = layers(&lib).into_iter().flatten().filter(missing).collect();
    assert!(
        missing.is_empty(),
        "put {missing:?} on the map in src/lib.rs"
    );
}

#[test]
fn each_outside_crate_is_known_where_it_belongs() {
    expect_none(&all_of(&of_the_crate(), foreign));
    let bad = Source::of(
        "src/grant.rs",
        "use axum::Router;\nuse crate::x; // axum\nlet y = sqlx::query(z);",
    );
    assert_eq!(foreign(&bad).len(), 2);
}

#[test]
fn files_are_short() {
    expect_none(&all_of(&rust_files(), too_long));
    assert_eq!(
        too_long(&Source::of("src/x.rs", &"\n".repeat(401))).len(),
        1
    );
}

#[test]
fn functions_are_short() {
    expect_none(&all_of(&rust_files(), long_functions));
    let bad = format!("    fn long() {{\n{}    }}\n", "        x();\n".repeat(71));
    assert_eq!(long_functions(&Source::of("src/x.rs", &bad)).len(), 1);
}

#[test]
fn names_say_what_is_inside() {
    expect_none(&all_of(&rust_files(), bad_name));
    assert_eq!(bad_name(&Source::of("src/http/utils.rs", "")).len(), 1);
}

#[test]
fn every_file_says_what_it_is_for() {
    expect_none(&all_of(&rust_files(), without_purpose));
    assert_eq!(
        without_purpose(&Source::of("src/x.rs", "use std::fs;")).len(),
        1
    );
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut pages = files_below(&root().join("docs"), ".md");
    for place in [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "rules/README.md",
        "benches/README.md",
    ] {
        pages.push(Source::of(
            place,
            &fs::read_to_string(root().join(place)).unwrap(),
        ));
    }
    expect_none(&all_of(&pages, broken_links));
    let bad = Source::of(
        "README.md",
        "see [it](docs/nowhere.md) and [that](https://x.example)",
    );
    assert_eq!(broken_links(&bad).len(), 1);
}
