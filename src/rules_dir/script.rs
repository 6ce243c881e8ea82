//! The scripts of a rules directory as Auth0's tools know Rules: by id, name, order, and whether they are enabled.
//!
//! The files are all there is: the order is the number in front of a name, `title` and `disabled` are keys of the manifest,
//! and the id follows from the rest of the name. So whoever copies the directory has everything, and a file that was put
//! there by hand is a rule like any other.

mod check;
mod prepared;

pub use prepared::Prepared;

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::manifest::edited;
use super::read::OpenDir;
use super::write::{Lock, parts, put_together};
use super::{Place, RulesDirError};
use crate::rule::{CASES_ENDING, Digest, Manifest};
use check::{SCRIPT_BYTES_MAX, check_free, check_name, check_order, check_script, last};

/// A script in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptRule {
    /// `rul_…`, which stays when name and order change.
    pub id: String,
    /// What people and tools call it.
    pub name: String,
    /// The name of its file, without the ending.
    pub file: String,
    /// Its number in the chain, if its file has one.
    pub order: Option<u16>,
    /// Whether its manifest lets it run.
    pub enabled: bool,
    /// The JavaScript.
    pub script: String,
    manifest: Option<String>,
}

/// A script to be added.
pub struct NewScript {
    /// What people and tools call it.
    pub name: String,
    /// The JavaScript: a Rule, a Hook or an Action.
    pub script: String,
    /// Its number in the chain; behind all others where there is none.
    pub order: Option<u16>,
    /// Whether it is to run.
    pub enabled: bool,
    /// What else its manifest is to say; where there is none, one that an operator has put there stays.
    pub manifest: Option<String>,
}

/// What is to change in a script; what is `None` stays.
#[derive(Default)]
pub struct ScriptChange {
    /// What people and tools call it.
    pub name: Option<String>,
    /// The JavaScript.
    pub script: Option<String>,
    /// Its number in the chain.
    pub order: Option<u16>,
    /// Whether it is to run.
    pub enabled: Option<bool>,
    /// All that its manifest is to say, beside name and state.
    pub manifest: Option<String>,
}

/// The scripts of one rules directory. Everything blocks: call it where that is allowed.
#[derive(Clone)]
pub struct ScriptRules {
    rules_dir: PathBuf,
}

impl ScriptRules {
    /// Those of this directory.
    pub fn of(rules_dir: &Path) -> Self {
        Self {
            rules_dir: rules_dir.to_owned(),
        }
    }

    /// All scripts, in the order they run. A directory that is not there has none.
    ///
    /// # Errors
    /// When the directory or a file in it cannot be read.
    pub fn all(&self) -> Result<Vec<ScriptRule>, RulesDirError> {
        let open = match OpenDir::open(&self.rules_dir) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened.map_err(|problem| self.unreadable("", problem.to_string()))?,
        };
        let names = open.names();
        let names = names.map_err(|problem| self.unreadable("", problem.to_string()))?;
        let is_script = |name: &&str| !name.starts_with('.') && !name.is_empty();
        let mut stems: Vec<&str> = names
            .iter()
            .filter_map(|name| name.strip_suffix(".js"))
            .filter(is_script)
            .collect();
        stems.sort_unstable();
        let words: Vec<String> = stems.iter().map(|stem| Place::of(stem).word).collect();
        let mut all = Vec::with_capacity(stems.len());
        for (stem, word) in stems.iter().zip(&words) {
            let is_alone = words.iter().filter(|other| *other == word).count() == 1;
            let has_manifest = names.contains(&format!("{stem}.toml"));
            let text = self.text(&open, &format!("{stem}.js"))?;
            let manifest = match has_manifest {
                true => Some(self.text(&open, &format!("{stem}.toml"))?),
                false => None,
            };
            // Two files of the same word can only be told apart by all of their names.
            let known_by = if is_alone { word } else { *stem };
            all.push(ScriptRule::of(stem, known_by, (text, manifest)));
        }
        Ok(all)
    }

    /// Changes the manifest of a script, which is written where there is none.
    pub(super) fn edit_manifest(
        &self,
        id: &str,
        edit: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<(), RulesDirError> {
        let _alone = self.lock()?;
        let rule = self.one(id)?;
        let edited = edit(rule.manifest().unwrap_or_default()).map_err(|problem| {
            let file = &rule.file;
            RulesDirError::Conflict(format!("{file}.toml is no TOML, mend it first: {problem}"))
        })?;
        let file = self.file(&rule.file);
        let put = put_together(&file, rule.script.as_bytes(), Some(&edited));
        put.map_err(|source| RulesDirError::on_write(file, source))
    }

    /// One script, by its id.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn one(&self, id: &str) -> Result<ScriptRule, RulesDirError> {
        let found = self.all()?.into_iter().find(|rule| rule.id == id);
        found.ok_or_else(|| self.not_there(id))
    }

    /// Adds a script. It comes alive as any file that is put there.
    ///
    /// # Errors
    /// When name or order are taken, a value cannot be what it is, or nothing can be written.
    pub fn add(&self, new: &NewScript) -> Result<ScriptRule, RulesDirError> {
        let (prepared, added) = self.prepare_adding(new)?;
        prepared.carry_out()?;
        Ok(added)
    }

    /// All that adding a script takes, but for doing it.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn prepare_adding(&self, new: &NewScript) -> Result<(Prepared, ScriptRule), RulesDirError> {
        let mut prepared = Prepared::nothing(&self.rules_dir, self.lock()?);
        let all = self.all()?;
        check_name(&new.name)?;
        check_script(&new.script)?;
        check_free(&all, (Some(&new.name), new.order))?;
        let order = match new.order {
            Some(order) => order,
            None => last(&all)?,
        };
        let place = Place {
            order: Some(order),
            word: self.free_word(&all, order, &new.name),
        };
        let title = title(&new.name, &place.word);
        let manifest =
            edited(new.manifest.as_deref(), title, !new.enabled).map_err(RulesDirError::Invalid)?;
        let added = ScriptRule::at(&place, &all, (new.script.clone(), manifest));
        prepared.write(&self.file(&added.file), added.clone())?;
        Ok((prepared, added))
    }

    /// Changes a script. Another order gives its files other names; its id stays.
    ///
    /// # Errors
    /// When there is none, name or order are taken, a value cannot be what it is, or nothing can be written.
    pub fn update(&self, id: &str, change: &ScriptChange) -> Result<ScriptRule, RulesDirError> {
        let (prepared, changed) = self.prepare_change(id, change)?;
        prepared.carry_out()?;
        Ok(changed)
    }

    /// All that changing a script takes, but for doing it. The new files are there before the old ones go: a crash in between
    /// leaves a rule twice, which is seen, and not none.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub fn prepare_change(
        &self,
        id: &str,
        change: &ScriptChange,
    ) -> Result<(Prepared, ScriptRule), RulesDirError> {
        let mut prepared = Prepared::nothing(&self.rules_dir, self.lock()?);
        let mut others = self.all()?;
        let before = self.take(&mut others, id)?;
        change.name.as_deref().map_or(Ok(()), check_name)?;
        change.script.as_deref().map_or(Ok(()), check_script)?;
        check_free(&others, (change.name.as_deref(), change.order))?;
        let after = before.changed(change, &others)?;
        let there = parts(&self.rules_dir, &before.file);
        if after.file == before.file {
            let is_going = |part: &PathBuf| part.extension().is_some_and(|e| e == "toml");
            let going = there.into_iter().filter(is_going);
            prepared.going = going.filter(|_| after.manifest.is_none()).collect();
        } else {
            if !parts(&self.rules_dir, &after.file).is_empty() {
                let why = format!("there are files of a rule {} already", after.file);
                return Err(RulesDirError::Conflict(why));
            }
            let cases = |name: &str| self.rules_dir.join(format!("{name}{CASES_ENDING}"));
            let (from, to) = (cases(&before.file), cases(&after.file));
            prepared.going = there.into_iter().filter(|part| *part != from).collect();
            prepared.cases = from.is_dir().then_some((from, to));
        }
        prepared.write(&self.file(&after.file), after.clone())?;
        prepared.before = Some(before);
        Ok((prepared, after))
    }

    /// Deletes a script, its manifest and its golden cases.
    ///
    /// # Errors
    /// When there is none, or it cannot be deleted.
    pub fn delete(&self, id: &str) -> Result<(), RulesDirError> {
        self.prepare_deletion(id)?.carry_out()
    }

    /// All that deleting a script takes, but for doing it.
    ///
    /// # Errors
    /// As [`Self::delete`].
    pub fn prepare_deletion(&self, id: &str) -> Result<Prepared, RulesDirError> {
        let mut prepared = Prepared::nothing(&self.rules_dir, self.lock()?);
        let before = self.one(id)?;
        prepared.going = parts(&self.rules_dir, &before.file);
        prepared.before = Some(before);
        Ok(prepared)
    }

    fn take(&self, all: &mut Vec<ScriptRule>, id: &str) -> Result<ScriptRule, RulesDirError> {
        let found = all.iter().position(|rule| rule.id == id);
        let found = found.ok_or_else(|| self.not_there(id))?;
        Ok(all.remove(found))
    }

    fn not_there(&self, id: &str) -> RulesDirError {
        RulesDirError::NotThere {
            name: id.to_owned(),
            rules_dir: self.rules_dir.clone(),
        }
    }

    /// A word that gives the rule an id and files of its own.
    fn free_word(&self, all: &[ScriptRule], order: u16, name: &str) -> String {
        let word = Place::word_of(name);
        let is_free = |word: &String| {
            let place = Place {
                order: Some(order),
                word: word.clone(),
            };
            let taken = all.iter().any(|rule| Place::of(&rule.file).word == *word);
            !taken && parts(&self.rules_dir, &place.to_string()).is_empty()
        };
        let numbered = (2..).map(|number: u32| format!("{word}-{number}"));
        let mut candidates = std::iter::once(word.clone()).chain(numbered);
        candidates.find(is_free).unwrap_or(word)
    }

    fn lock(&self) -> Result<Lock, RulesDirError> {
        if self.rules_dir.join("..data").exists() {
            return Err(RulesDirError::ReadOnly {
                path: self.rules_dir.clone(),
                why: "it is a volume of Kubernetes: change the ConfigMap that it comes from",
            });
        }
        Lock::on(&self.rules_dir)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.rules_dir.join(format!("{name}.js"))
    }

    fn text(&self, open: &OpenDir, name: &str) -> Result<String, RulesDirError> {
        let read = open.read(name, SCRIPT_BYTES_MAX as u64);
        let read = read.map_err(|problem| self.unreadable(name, problem.to_string()))?;
        let text = String::from_utf8(read.bytes);
        text.map_err(|_| self.unreadable(name, "it is not UTF-8".to_owned()))
    }

    fn unreadable(&self, name: &str, why: String) -> RulesDirError {
        let path = self.rules_dir.join(name);
        RulesDirError::Read { path, why }
    }
}

impl NewScript {
    /// Checks all that can be checked before it is added.
    ///
    /// # Errors
    /// When a value cannot be what it is.
    pub fn check(&self) -> Result<(), RulesDirError> {
        check_name(&self.name)?;
        check_script(&self.script)?;
        check_order(self.order)
    }
}

impl ScriptRule {
    pub(super) fn manifest(&self) -> Option<&str> {
        self.manifest.as_deref()
    }

    /// What a script will be at a place among these others.
    fn at(place: &Place, others: &[Self], text: (String, Option<String>)) -> Self {
        let stem = place.to_string();
        let is_alone = (others.iter()).all(|other| Place::of(&other.file).word != place.word);
        let known_by = if is_alone { &place.word } else { &stem };
        Self::of(&stem, known_by, text)
    }

    /// What a change makes of it.
    fn changed(&self, change: &ScriptChange, others: &[Self]) -> Result<Self, RulesDirError> {
        let mut place = Place::of(&self.file);
        place.order = change.order.or(place.order);
        let name = change.name.as_deref().unwrap_or(&self.name);
        let enabled = change.enabled.unwrap_or(self.enabled);
        let title = title(name, &place.word);
        let said = change.manifest.as_deref().or(self.manifest.as_deref());
        let manifest = edited(said, title, !enabled).map_err(|problem| {
            let file = &self.file;
            RulesDirError::Conflict(format!("{file}.toml is no TOML, mend it first: {problem}"))
        })?;
        let script = change.script.as_ref().unwrap_or(&self.script);
        Ok(Self::at(&place, others, (script.clone(), manifest)))
    }

    fn of(stem: &str, known_by: &str, (script, manifest): (String, Option<String>)) -> Self {
        let place = Place::of(stem);
        let read = manifest.as_deref().map(|text| Manifest::parse(text, ""));
        let said = read.and_then(Result::ok).unwrap_or_default();
        Self {
            id: id_of(known_by),
            name: match said.title.is_empty() {
                true => place.word,
                false => said.title,
            },
            file: stem.to_owned(),
            order: place.order,
            enabled: !said.disabled,
            script,
            manifest,
        }
    }
}

/// Auth0's ids are `rul_` and 16 letters and digits.
fn id_of(known_by: &str) -> String {
    let digest = STANDARD.encode(Digest::of(known_by.as_bytes()).as_bytes());
    let plain = digest.chars().filter(char::is_ascii_alphanumeric);
    format!("rul_{}", plain.take(ID_CHARS).collect::<String>())
}

/// What the manifest has to say, where the file's name does not say it.
fn title<'n>(name: &'n str, word: &str) -> Option<&'n str> {
    (name != word).then_some(name)
}

const ID_CHARS: usize = 16;

#[cfg(test)]
mod tests;
