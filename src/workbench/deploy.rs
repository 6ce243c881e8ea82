//! Puts a rule into a rules directory.

use std::path::{Path, PathBuf};

use super::Subject;
use crate::rules_dir::{self, RuleFiles, RulesDirError};

/// Copies a rule under this name. Gives the path of the rule file.
///
/// # Errors
/// When it is there already, the directory is not, or something cannot be written.
pub fn deploy(subject: &Subject, rules_dir: &Path, name: &str) -> Result<PathBuf, DeployError> {
    let file = rules_dir.join(format!("{name}.{}", subject.form().ending()));
    if same_file(&file, &subject.file) {
        return Err(DeployError::InPlace(file));
    }
    let rule = RuleFiles {
        name,
        form: subject.form(),
        bytes: subject.bytes(),
        manifest: subject.manifest_text(),
        cases: &subject.cases,
    };
    Ok(rules_dir::put(rules_dir, &rule)?)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Why a rule cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// It would be copied onto itself.
    #[error("{} is in the rules directory already", .0.display())]
    InPlace(PathBuf),
    /// It cannot be put there.
    #[error(transparent)]
    RulesDir(#[from] RulesDirError),
}
