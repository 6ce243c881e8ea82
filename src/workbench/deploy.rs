//! Puts a rule into a rules directory, so that a server that watches never sees half of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Subject;
use crate::rule::CASES_ENDING;

/// Copies a rule: its golden cases first, then its manifest, and last the file itself, each under another name until it is
/// whole and on the disk. Gives the path of the rule file.
///
/// # Errors
/// When the directory is not there, or something cannot be written.
pub fn deploy(subject: &Subject, rules_dir: &Path, name: &str) -> Result<PathBuf, DeployError> {
    if !rules_dir.is_dir() {
        return Err(DeployError::NoDirectory(rules_dir.to_owned()));
    }
    let file = rules_dir.join(format!("{name}.{}", subject.form().ending()));
    if same_file(&file, &subject.file) {
        return Err(DeployError::InPlace(file));
    }
    let failed = |source| DeployError::Write {
        path: file.clone(),
        source,
    };
    put_cases(subject, &rules_dir.join(format!("{name}{CASES_ENDING}"))).map_err(failed)?;
    put_together(subject, rules_dir, &file).map_err(failed)?;
    Ok(file)
}

/// Takes a rule away: its file, its manifest and its golden cases. Gives what was there.
///
/// # Errors
/// When there is no such rule, or something cannot be deleted.
pub fn remove(rules_dir: &Path, name: &str) -> Result<Vec<PathBuf>, DeployError> {
    let place = |ending: &str| rules_dir.join(format!("{name}{ending}"));
    let parts = [
        place(".wasm"),
        place(".js"),
        place(".toml"),
        place(CASES_ENDING),
    ];
    let there: Vec<PathBuf> = parts.into_iter().filter(|path| path.exists()).collect();
    if there.is_empty() {
        return Err(DeployError::NotThere {
            name: name.to_owned(),
            rules_dir: rules_dir.to_owned(),
        });
    }
    for path in &there {
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
        removed.map_err(|source| DeployError::Write {
            path: path.clone(),
            source,
        })?;
    }
    Ok(there)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The cases that are there now are those of the subject, and no others.
fn put_cases(subject: &Subject, directory: &Path) -> io::Result<()> {
    if subject.cases.files.is_empty() {
        return match fs::remove_dir_all(directory) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => Err(problem),
            _ => Ok(()),
        };
    }
    fs::create_dir_all(directory)?;
    for (name, text) in subject.cases.files.iter() {
        put(&directory.join(name), text.as_bytes())?;
    }
    for entry in fs::read_dir(directory)?.flatten() {
        let name = entry.file_name();
        let is_ours = |(known, _): &(String, String)| name == known.as_str();
        if name.to_string_lossy().ends_with(".json") && !subject.cases.files.iter().any(is_ours) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The manifest and the file appear in the same moment: a server that looks in between would see a manifest without a rule.
/// A manifest that an operator has put there stays where the subject has none.
fn put_together(subject: &Subject, rules_dir: &Path, file: &Path) -> io::Result<()> {
    let manifest = file.with_extension("toml");
    let text = subject.manifest_text();
    let manifest_draft = text.map(|text| draft(&manifest, text.as_bytes()));
    let file_draft = draft(file, subject.bytes())?;
    if let Some(manifest_draft) = manifest_draft {
        fs::rename(manifest_draft?, &manifest)?;
    }
    fs::rename(file_draft, file)?;
    File::open(rules_dir)?.sync_all()
}

/// Writes a file whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::rename(draft(path, bytes)?, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Writes what a file is to be under another name, down to the disk. Hidden files are no rules.
fn draft(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.draft"));
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(draft)
}

/// Why a rule cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// There is no such directory.
    #[error("there is no directory {}: make it, or name another with --rules-dir", .0.display())]
    NoDirectory(PathBuf),
    /// It would be copied onto itself.
    #[error("{} is in the rules directory already", .0.display())]
    InPlace(PathBuf),
    /// There is nothing to remove.
    #[error("there is no rule {name} in {}", rules_dir.display())]
    NotThere {
        /// Its name.
        name: String,
        /// Where it is not.
        rules_dir: PathBuf,
    },
    /// Something cannot be written or deleted.
    #[error("change {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
