//! Secrets that a script's manifest names: where they are, never what they are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml_edit::{DocumentMut, Item, Table, value};

use super::{RulesDirError, ScriptRule, ScriptRules};
use crate::rule::{Manifest, SecretSource};

impl ScriptRule {
    /// Where its manifest says its secrets are.
    pub fn secrets(&self) -> BTreeMap<String, SecretSource> {
        let read = self.manifest().map(|text| Manifest::parse(text, ""));
        read.and_then(Result::ok).unwrap_or_default().secrets
    }
}

impl ScriptRules {
    /// Has a script's manifest name the files of secrets, which the script then sees. What else it says stays.
    ///
    /// # Errors
    /// When there is no such script, its manifest is no TOML, or nothing can be written.
    pub fn name_secrets(
        &self,
        id: &str,
        files: &BTreeMap<String, PathBuf>,
    ) -> Result<(), RulesDirError> {
        self.edit_manifest(id, |text| with_secrets(text, files))
    }
}

fn with_secrets(text: &str, files: &BTreeMap<String, PathBuf>) -> Result<String, String> {
    let parsed: Result<DocumentMut, _> = text.parse();
    let mut document = parsed.map_err(|problem| problem.to_string())?;
    let mut only_tables = Table::new();
    only_tables.set_implicit(true);
    let secrets = document.entry(SECRETS).or_insert(Item::Table(only_tables));
    let secrets = secrets.as_table_like_mut().ok_or("secrets is no table")?;
    for (name, file) in files {
        let mut source = Table::new();
        source["file"] = value(file.display().to_string());
        source["visible"] = value(true);
        secrets.insert(name, Item::Table(source));
    }
    Ok(document.to_string())
}

const SECRETS: &str = "secrets";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_wrote_stays_beside_a_secret() {
        let files = BTreeMap::from([("KEY".to_owned(), PathBuf::from("/secrets/KEY"))]);
        let with = with_secrets("# Ours.\n[settings]\na = 1 # one\n", &files).unwrap();
        assert!(
            with.starts_with("# Ours.\n[settings]\na = 1 # one\n"),
            "{with}"
        );
        let manifest = Manifest::parse(&with, "f").unwrap();
        assert!(manifest.secrets["KEY"].visible, "{with}");
        assert_eq!(with_secrets(&with, &files).unwrap(), with);
        assert!(with_secrets("secrets = 5\n", &files).is_err());
    }
}
