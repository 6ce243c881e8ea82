//! Where values come from: flags, the environment, the file. The only reader of the environment.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Config, FORMATS};
use crate::document::{self, Leaf, Mistake};

/// The variables of the process, or of a test. They may hold secrets: there is no way to print them.
#[derive(Clone)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. Those that are not UTF-8 cannot be ours and are left out.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// These variables and no others.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(variables.into_iter().map(owned).collect())
    }

    /// One variable; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// A value given on the command line.
pub struct Flag {
    /// The flag's name, such as `--listen`.
    pub name: &'static str,
    /// The key it sets, such as `listen`.
    pub path: &'static str,
    /// Its value.
    pub value: Value,
}

/// One key's value and where it came from.
pub struct Effective {
    /// Such as `rules.dir`.
    pub path: String,
    /// Its value; a secret is replaced by a note that there is one.
    pub value: Value,
    /// A flag, a variable, a file, or `default`.
    pub origin: String,
}

/// The configuration and where each value came from.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    origins: BTreeMap<String, String>,
}

impl Loaded {
    /// Every key with its value and origin, in alphabetical order.
    pub fn effective(&self) -> Vec<Effective> {
        let document = serde_json::to_value(&self.config).unwrap_or_default();
        let schema = document::schema::<Config>();
        let describe = |leaf: &Leaf<'_>| Effective {
            value: match leaf.path.as_str() {
                path if SECRETS.contains(&path) && self.origins.contains_key(path) => {
                    "(set, not shown)".into()
                }
                path => document
                    .pointer(&pointer(path))
                    .cloned()
                    .unwrap_or_default(),
            },
            origin: self
                .origins
                .get(&leaf.path)
                .cloned()
                .unwrap_or_else(|| "default".to_owned()),
            path: leaf.path.clone(),
        };
        document::leaves(&schema).iter().map(describe).collect()
    }
}

/// Reads the file, the environment and the flags, in that order of increasing weight.
///
/// Without `file` the default `rulemint.toml` is read if it is there; a file that was asked for must be there.
///
/// # Errors
/// Every mistake in all of them.
pub fn load(
    file: Option<&Path>,
    environment: &Environment,
    flags: Vec<Flag>,
) -> Result<Loaded, Vec<Mistake>> {
    let schema = document::schema::<Config>();
    let mut layers = Layers::default();
    layers.add_file(file, environment);
    layers.add_environment(environment, &document::leaves(&schema));
    layers.add_standard(environment);
    for flag in flags {
        layers.set(flag.path, flag.value, flag.name);
    }
    layers.finish()
}

#[derive(Default)]
struct Layers {
    document: Map<String, Value>,
    /// The origin of each key that was set, by dotted path.
    origins: BTreeMap<String, String>,
    mistakes: Vec<Mistake>,
    file: Option<String>,
}

impl Layers {
    fn add_file(&mut self, asked: Option<&Path>, environment: &Environment) {
        let named = asked
            .map(Path::to_owned)
            .or_else(|| environment.get(FILE).map(PathBuf::from));
        let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let name = path.display().to_string();
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {}
            Err(error) => self.mistakes.push(Mistake {
                place: name,
                problem: format!("cannot be read: {error}"),
            }),
            Ok(text) => match document::parse_toml(&text, &name) {
                Ok(Value::Object(document)) => {
                    note_origins(&document, "", &name, &mut self.origins);
                    self.document = document;
                    self.file = Some(name);
                }
                Ok(_) => unreachable!("a TOML document is a table"),
                Err(mistake) => self.mistakes.push(mistake),
            },
        }
    }

    fn add_environment(&mut self, environment: &Environment, leaves: &[Leaf<'_>]) {
        let known: BTreeMap<String, &Leaf<'_>> = leaves
            .iter()
            .map(|leaf| (variable(&leaf.path), leaf))
            .collect();
        for (name, text) in &environment.0 {
            if !name.starts_with(PREFIX) || is_foreign(name) {
                continue;
            }
            match known.get(name) {
                Some(_) if text.is_empty() => {}
                Some(leaf) => self.set(&leaf.path, parse(text, leaf.schema), name),
                None => self.mistakes.push(unknown_variable(name, known.keys())),
            }
        }
    }

    /// What OpenTelemetry's own variables say, where nothing else was said.
    fn add_standard(&mut self, environment: &Environment) {
        for (name, path) in STANDARD_VARIABLES {
            let is_set = self.origins.contains_key(*path);
            if let Some(text) = environment.get(name).filter(|_| !is_set) {
                self.set(path, text.into(), name);
            }
        }
    }

    fn set(&mut self, path: &str, value: Value, origin: &str) {
        self.origins.insert(path.to_owned(), origin.to_owned());
        let mut table = &mut self.document;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                table.insert(name.to_owned(), value);
                return;
            }
            let below = table
                .entry(name)
                .or_insert_with(|| Value::Object(Map::new()));
            match below.as_object_mut() {
                Some(below) => table = below,
                None => return, // The file has something else there, and that is reported.
            }
        }
    }

    fn finish(mut self) -> Result<Loaded, Vec<Mistake>> {
        let place = |path: &str| match (origin(&self.origins, path), &self.file, path) {
            (Some(origin), file, _) if file.as_ref() != Some(origin) => origin.clone(),
            (_, Some(file), "") => file.clone(),
            (_, Some(file), path) => format!("{file}: {path}"),
            (_, None, path) => path.to_owned(),
        };
        match document::read(&Value::Object(self.document), FORMATS, place) {
            Ok(config) if self.mistakes.is_empty() => Ok(Loaded {
                config,
                origins: self.origins,
            }),
            Ok(_) => Err(self.mistakes),
            Err(more) => {
                self.mistakes.extend(more);
                Err(self.mistakes)
            }
        }
    }
}

/// The origin of a key or of the list it is in: `allowed_hosts[0]` comes from where `allowed_hosts` does.
fn origin<'o>(origins: &'o BTreeMap<String, String>, path: &str) -> Option<&'o String> {
    origins.get(path.split('[').next().unwrap_or(path))
}

fn note_origins(
    table: &Map<String, Value>,
    prefix: &str,
    file: &str,
    origins: &mut BTreeMap<String, String>,
) {
    for (name, value) in table {
        let path = match prefix {
            "" => name.clone(),
            _ => format!("{prefix}.{name}"),
        };
        match value.as_object() {
            Some(below) => note_origins(below, &path, file, origins),
            None => drop(origins.insert(path, file.to_owned())),
        }
    }
}

/// Kubernetes sets the last two kinds in every pod beside a Service that is named rulemint.
fn is_foreign(name: &str) -> bool {
    OTHER_VARIABLES.contains(&name)
        || name.starts_with("RULEMINT_SERVICE_")
        || name.starts_with("RULEMINT_PORT")
}

fn unknown_variable<'k>(name: &str, known: impl Iterator<Item = &'k String>) -> Mistake {
    // What all of them begin with would make every two of them look alike.
    let own = |name: &'k str| name.strip_prefix(PREFIX).unwrap_or(name);
    let given = name.strip_prefix(PREFIX).unwrap_or(name);
    let meant = document::closest(given, known.map(|known| own(known)));
    Mistake {
        place: name.to_owned(),
        problem: match meant {
            Some(meant) => format!("there is no such variable; did you mean {PREFIX}{meant}?"),
            None => "there is no such variable".to_owned(),
        },
    }
}

/// Text from the environment as what the key holds. What does not fit stays text, and the schema says so.
fn parse(text: &str, schema: &Value) -> Value {
    match kind(schema) {
        "integer" => text
            .parse::<i64>()
            .map_or_else(|_| text.into(), Value::from),
        "number" => text
            .parse::<f64>()
            .map_or_else(|_| text.into(), Value::from),
        "boolean" => text
            .parse::<bool>()
            .map_or_else(|_| text.into(), Value::from),
        "list" => text
            .split(',')
            .map(|part| Value::from(part.trim()))
            .collect(),
        _ => text.into(),
    }
}

pub(super) fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.to_uppercase().replace('.', "_"))
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

pub(super) fn kind(schema: &Value) -> &'static str {
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    match kind {
        Some("integer") => "integer",
        Some("number") => "number",
        Some("boolean") => "boolean",
        Some("array") => "list",
        _ => "text",
    }
}

const DEFAULT_FILE: &str = "rulemint.toml";
const FILE: &str = "RULEMINT_CONFIG";
const PREFIX: &str = "RULEMINT_";
const SECRETS: &[&str] = &["admin.client_secret", "telemetry.traces.headers"];

/// Variables that are not configuration: which file to read, and what the client commands use.
const OTHER_VARIABLES: &[&str] = &[FILE, "RULEMINT_CLIENT_SECRET", "RULEMINT_SERVER"];

/// Variables of the OpenTelemetry specification, and the key that each of them sets.
const STANDARD_VARIABLES: &[(&str, &str)] = &[
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.traces.endpoint"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "telemetry.traces.headers"),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", "telemetry.traces.ca"),
    ("OTEL_SERVICE_NAME", "telemetry.traces.service_name"),
];
