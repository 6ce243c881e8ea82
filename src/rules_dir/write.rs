//! Writes the files of a rule, each whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

use super::RulesDirError;
use crate::rule::{CASES_ENDING, Cases, Digest, Form};

/// What makes a rule.
pub struct RuleFiles<'f> {
    /// Its name: that of its file, without the ending.
    pub name: &'f str,
    /// How it is written.
    pub form: Form,
    /// The rule file.
    pub bytes: &'f [u8],
    /// The manifest. Where there is none, one that an operator has put there stays.
    pub manifest: Option<&'f str>,
    /// Its golden cases: no others stay.
    pub cases: &'f Cases,
}

/// Puts a rule in: its golden cases first, then its manifest, and last the file itself, each under another name until it is
/// whole and on the disk. Gives the path of the rule file.
///
/// # Errors
/// When the directory is not there, or something cannot be written.
pub fn put(rules_dir: &Path, rule: &RuleFiles<'_>) -> Result<PathBuf, RulesDirError> {
    let _alone = Lock::on(rules_dir)?;
    let name = rule.name;
    let file = rules_dir.join(format!("{name}.{}", rule.form.ending()));
    let failed = |source| RulesDirError::on_write(file.clone(), source);
    let cases = rules_dir.join(format!("{name}{CASES_ENDING}"));
    put_cases(rule.cases, &cases).map_err(failed)?;
    put_together(&file, rule.bytes, rule.manifest).map_err(failed)?;
    Ok(file)
}

/// A rule that is about to be taken away: its file, its manifest and its golden cases. Nobody else writes to the directory, and
/// no server looks at it, until this is carried out or dropped.
pub struct Removal {
    parts: Vec<PathBuf>,
    _alone: Lock,
}

impl Removal {
    /// Looks for what there is of a rule.
    ///
    /// # Errors
    /// When there is no such rule, or no such directory.
    pub fn of(rules_dir: &Path, name: &str) -> Result<Self, RulesDirError> {
        let alone = Lock::on(rules_dir)?;
        let parts = parts(rules_dir, name);
        if parts.is_empty() {
            return Err(RulesDirError::NotThere {
                name: name.to_owned(),
                rules_dir: rules_dir.to_owned(),
            });
        }
        Ok(Self {
            parts,
            _alone: alone,
        })
    }

    /// What the audit log says of it: the files, and which rule that is.
    ///
    /// # Errors
    /// When the rule file cannot be read.
    pub fn told(&self) -> Result<Value, RulesDirError> {
        let mut told = json!({ "files": self.parts });
        if let Some(file) = self.parts.iter().find(|path| is_rule(path)) {
            let bytes = fs::read(file).map_err(|problem| RulesDirError::Read {
                path: file.clone(),
                why: problem.to_string(),
            })?;
            told["sha256"] = Digest::of(&bytes).to_string().into();
        }
        Ok(told)
    }

    /// Takes it away. Gives what was there.
    ///
    /// # Errors
    /// When something cannot be deleted.
    pub fn carry_out(self) -> Result<Vec<PathBuf>, RulesDirError> {
        take_away(&self.parts)?;
        Ok(self.parts)
    }
}

fn is_rule(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "wasm" || ending == "js")
}

/// Keeps everybody else who writes through this module out of a directory, for as long as it lives.
pub(super) struct Lock(#[expect(dead_code, reason = "closing it is what unlocks")] File);

impl Lock {
    pub(super) fn on(rules_dir: &Path) -> Result<Self, RulesDirError> {
        if !rules_dir.is_dir() {
            return Err(RulesDirError::NoDirectory(rules_dir.to_owned()));
        }
        let failed = |source| RulesDirError::on_write(rules_dir.to_owned(), source);
        let directory = File::open(rules_dir).map_err(failed)?;
        flock(&directory, FlockOperation::LockExclusive).map_err(|errno| failed(errno.into()))?;
        Ok(Self(directory))
    }
}

/// What there is of a rule.
pub(super) fn parts(rules_dir: &Path, name: &str) -> Vec<PathBuf> {
    let endings = [".wasm", ".js", ".toml", CASES_ENDING];
    let places = endings.map(|ending| rules_dir.join(format!("{name}{ending}")));
    places.into_iter().filter(|path| path.exists()).collect()
}

pub(super) fn take_away(parts: &[PathBuf]) -> Result<(), RulesDirError> {
    for path in parts {
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
        removed.map_err(|source| RulesDirError::on_write(path.clone(), source))?;
    }
    match parts.first().and_then(|path| path.parent()) {
        Some(directory) => {
            sync(directory).map_err(|source| RulesDirError::on_write(directory.to_owned(), source))
        }
        None => Ok(()),
    }
}

/// The cases that are there now are these, and no others.
fn put_cases(cases: &Cases, directory: &Path) -> io::Result<()> {
    if cases.files.is_empty() {
        return match fs::remove_dir_all(directory) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => Err(problem),
            _ => Ok(()),
        };
    }
    fs::create_dir_all(directory)?;
    for (name, text) in cases.files.iter() {
        put_file(&directory.join(name), text.as_bytes())?;
    }
    for entry in fs::read_dir(directory)?.flatten() {
        let name = entry.file_name();
        let is_ours = |(known, _): &(String, String)| name == known.as_str();
        if name.to_string_lossy().ends_with(".json") && !cases.files.iter().any(is_ours) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The manifest and the file appear in the same moment: a server that looks in between would see a manifest without a rule.
/// A manifest that an operator has put there stays where none is given.
pub(super) fn put_together(file: &Path, bytes: &[u8], manifest: Option<&str>) -> io::Result<()> {
    for (draft, place) in drafts(file, bytes, manifest)? {
        fs::rename(draft, place)?;
    }
    file.parent().map_or(Ok(()), sync)
}

/// Writes a manifest and a file under other names. Gives those and the right ones, in the order they have to appear in.
pub(super) fn drafts(
    file: &Path,
    bytes: &[u8],
    manifest: Option<&str>,
) -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let mut drafts = Vec::new();
    if let Some(text) = manifest {
        let manifest_file = file.with_extension("toml");
        drafts.push((draft(&manifest_file, text.as_bytes())?, manifest_file));
    }
    drafts.push((draft(file, bytes)?, file.to_owned()));
    Ok(drafts)
}

/// Writes a file whole or not at all.
fn put_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::rename(draft(path, bytes)?, path)?;
    path.parent().map_or(Ok(()), sync)
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

pub(super) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
