//! `rulemint config`

use anstream::println;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

use super::Context;
use super::access::load;
use super::exit::Mistakes;
use crate::config::{Effective, reference};
use crate::server::check;

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Report every mistake in the file and the environment, and what a server would not start with.
    Check,
    /// Print every key with its value and where that came from.
    Show,
    /// Print the reference of every key, as Markdown.
    Reference,
}

impl ConfigCommand {
    pub(super) fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        match self {
            Self::Check => {
                let config = load(context, Vec::new())?.config;
                check(&config).map_err(Mistakes::in_configuration)?;
                context.output.done("the configuration is in order");
            }
            Self::Show => {
                let keys: Vec<Key> = load(context, Vec::new())?
                    .effective()
                    .into_iter()
                    .map(Key::from)
                    .collect();
                context
                    .output
                    .things(&keys, &["KEY", "VALUE", "FROM"], |key| {
                        vec![key.key.clone(), shown(&key.value), key.from.clone()]
                    });
            }
            Self::Reference => println!("{}", reference().trim_end()),
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Key {
    key: String,
    value: Value,
    from: String,
}

impl From<Effective> for Key {
    fn from(effective: Effective) -> Self {
        Self {
            key: effective.path,
            value: effective.value,
            from: effective.origin,
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}
