//! Secrets that a script's manifest names: where they are, never what they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, value};

use super::manifest::edited;
use super::{RulesDirError, ScriptRule, ScriptRules};
use crate::rule::{Manifest, SecretSource};

impl ScriptRule {
    /// Where its manifest says its secrets are.
    pub fn secrets(&self) -> BTreeMap<String, SecretSource> {
        let read = self.manifest().map(|text| Manifest::parse(text, ""));
        read.and_then(Result::ok).unwrap_or_default().secrets
    }

    /// What its manifest says that means the same elsewhere: not its name and its state, which are told beside it, and not the
    /// secrets below a directory that is this installation's own. One that cannot be read comes as it is.
    pub fn portable_manifest(&self, own: &Path) -> Option<String> {
        let text = self.manifest()?;
        let portable = portable(text, own).unwrap_or_else(|_| text.to_owned());
        (!portable.trim().is_empty()).then_some(portable)
    }

    /// A manifest that came from elsewhere, with the secrets of this one that are below a directory of this installation.
    ///
    /// # Errors
    /// When it is no TOML.
    pub fn manifest_from(&self, text: &str, own: &Path) -> Result<String, String> {
        let text = portable(text, own)?;
        let current = self.manifest().and_then(|text| text.parse().ok());
        let kept = current.map_or_else(BTreeMap::new, |current| below(&current, own));
        match kept.is_empty() {
            true => Ok(text),
            false => with_secrets(&text, &kept),
        }
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

fn portable(text: &str, own: &Path) -> Result<String, String> {
    let text = edited(Some(text), None, false)?.unwrap_or_default();
    let parsed: Result<DocumentMut, _> = text.parse();
    let mut document = parsed.map_err(|problem| problem.to_string())?;
    let own = below(&document, own);
    if let Some(secrets) = document.get_mut(SECRETS).and_then(Item::as_table_like_mut) {
        for name in own.keys() {
            secrets.remove(name);
        }
        if secrets.is_empty() {
            document.remove(SECRETS);
        }
    }
    Ok(document.to_string())
}

/// The secrets whose files are below a directory.
fn below(document: &DocumentMut, directory: &Path) -> BTreeMap<String, PathBuf> {
    let secrets = document.get(SECRETS).and_then(Item::as_table_like);
    let secrets = secrets.into_iter().flat_map(|secrets| secrets.iter());
    let file = |(name, source): (&str, &Item)| {
        let file = PathBuf::from(source.get("file")?.as_str()?);
        file.starts_with(directory).then(|| (name.to_owned(), file))
    };
    secrets.filter_map(file).collect()
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

    #[test]
    fn what_is_this_installations_own_is_not_portable() {
        let written = "# Ours.\n[settings]\na = 1 # one\n\n[secrets.OTHER]\nvariable = \"OTHER\"\n";
        let files = BTreeMap::from([("KEY".to_owned(), PathBuf::from("/data/secrets/id/KEY"))]);
        let with = with_secrets(written, &files).unwrap();
        let own = Path::new("/data/secrets");
        assert_eq!(portable(&with, own).unwrap(), written);
        assert_eq!(portable(&with, Path::new("/other")).unwrap(), with);
        let only = with_secrets("", &files).unwrap();
        assert_eq!(
            portable(&format!("disabled = true\n{only}"), own).unwrap(),
            ""
        );
        assert!(portable("a = = b", own).is_err());
    }
}
