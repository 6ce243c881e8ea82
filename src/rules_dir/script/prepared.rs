//! A change of a script that is ready to be made: its files are written down to the disk under other names. So it can be
//! recorded before it is made, and there is little left then that can fail.

use std::fs;
use std::path::{Path, PathBuf};

use super::ScriptRule;
use crate::rules_dir::RulesDirError;
use crate::rules_dir::write::{Lock, drafts, sync, take_away};

/// A change of a script that has not been made. Nobody else writes to the directory, and no server looks at it, until this is
/// carried out or dropped.
pub struct Prepared {
    /// The script as it is, if it is there.
    pub before: Option<ScriptRule>,
    /// The script as it will be, if it will be there.
    pub after: Option<ScriptRule>,
    rules_dir: PathBuf,
    /// Where golden cases are, and where they will be.
    pub(in crate::rules_dir) cases: Option<(PathBuf, PathBuf)>,
    /// What was written, and what its name will be.
    drafts: Vec<(PathBuf, PathBuf)>,
    /// What goes when the rest is in place.
    pub(in crate::rules_dir) going: Vec<PathBuf>,
    _alone: Lock,
}

impl Prepared {
    /// No change yet.
    pub(in crate::rules_dir) fn nothing(rules_dir: &Path, alone: Lock) -> Self {
        Self {
            before: None,
            after: None,
            rules_dir: rules_dir.to_owned(),
            cases: None,
            drafts: Vec::new(),
            going: Vec::new(),
            _alone: alone,
        }
    }

    /// Writes the script as it will be, for a file of this name.
    pub(in crate::rules_dir) fn write(
        &mut self,
        file: &Path,
        after: ScriptRule,
    ) -> Result<(), RulesDirError> {
        let written = drafts(file, after.script.as_bytes(), after.manifest());
        self.drafts = written.map_err(|source| RulesDirError::on_write(file.to_owned(), source))?;
        self.after = Some(after);
        Ok(())
    }

    /// Makes the change: what is new is there before what is old goes.
    ///
    /// # Errors
    /// When a file cannot be renamed or deleted.
    pub fn carry_out(mut self) -> Result<(), RulesDirError> {
        let drafts = std::mem::take(&mut self.drafts);
        for (from, to) in self.cases.take().into_iter().chain(drafts) {
            fs::rename(from, &to).map_err(|source| RulesDirError::on_write(to, source))?;
        }
        take_away(&self.going)?;
        let synced = sync(&self.rules_dir);
        synced.map_err(|source| RulesDirError::on_write(self.rules_dir.clone(), source))
    }
}

impl Drop for Prepared {
    /// Whoever did not carry it out leaves nothing behind.
    fn drop(&mut self) {
        for (draft, _) in &self.drafts {
            drop(fs::remove_file(draft));
        }
    }
}
