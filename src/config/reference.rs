//! The reference of every key as Markdown: what `docs/configuration.md` holds.

use serde_json::Value;

use super::Config;
use super::source::{kind, variable};
use crate::document::{self, Leaf};

/// Every key with its meaning, the values it takes, its default and its variable.
pub fn reference() -> String {
    let schema = document::schema::<Config>();
    let entries = document::leaves(&schema);
    HEAD.to_owned() + &entries.iter().map(entry).collect::<String>()
}

fn entry(leaf: &Leaf<'_>) -> String {
    let (path, schema) = (&leaf.path, leaf.schema);
    let text = schema["description"].as_str().unwrap_or_default();
    format!(
        "\n## `{path}`\n\n{}\n\n{}; {} · `{}`\n",
        text.replace('\n', " "),
        takes(schema),
        default(schema),
        variable(path)
    )
}

/// What the key takes: `integer, 1 to 10000`.
fn takes(schema: &Value) -> String {
    let choices = document::choices(schema);
    if !choices.is_empty() {
        return format!("`{}`", choices.join("`, `"));
    }
    let bound = |name: &str| schema[name].as_f64();
    match (kind(schema), bound("minimum"), bound("maximum")) {
        (kind, Some(least), Some(most)) => format!("{kind}, {least} to {most}"),
        (kind, None, Some(most)) => format!("{kind}, at most {most}"),
        (kind, Some(least), None) => format!("{kind}, at least {least}"),
        (kind, None, None) => kind.to_owned(),
    }
}

fn default(schema: &Value) -> String {
    match &schema["default"] {
        Value::Null => "not set by default".to_owned(),
        Value::String(text) => format!("default `{text}`"),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            format!("default `{other}`")
        }
    }
}

const HEAD: &str = "\
# Configuration

<!-- Generated from src/config.rs by `rulemint config reference`; a test keeps it so. -->

A value comes from the first of these that has one: a flag, an environment variable, the file (`rulemint.toml`, or the
one that `--config` or `RULEMINT_CONFIG` names), the default. A dot in a key is a table in the file: `rules.dir` is
`dir` in `[rules]`. A list in a variable is parted by commas.

Unknown keys are mistakes. `rulemint config check` reports every mistake at once, and what no server starts with: an address that
other machines reach without TLS, a certificate that is not there. `rulemint config show` prints what applies and where it came from.
";
