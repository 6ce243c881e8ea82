//! Copies a running installation, says whether one is sound, and puts a copy back.
//!
//! A backup is a directory with what cannot be made again: the store, the master key, the last good rules, the server's own
//! certificate; and a list of it all with digests, so that a damaged or half-made one is never taken for whole.

mod content;
mod examine;
mod problem;
mod restore;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use examine::{Examined, examine};
pub use problem::BackupError;
pub use restore::{Restored, Wish, restore};

use crate::data_dir::DataDir;
use crate::master_key::MasterKey;
use crate::store::Store;
use content::{Content, copy_tree, make_private};

/// What goes into a backup besides the store and the last good rules.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// Leave out the master key: whoever restores it needs it from elsewhere.
    pub without_master_key: bool,
    /// The rules directory, if it is to be copied as well.
    pub rules_dir: Option<PathBuf>,
}

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Where it is.
    pub directory: PathBuf,
    /// How many files it has.
    pub files: usize,
    /// How large they are together.
    pub bytes: u64,
    /// Whether the master key is among them.
    pub has_master_key: bool,
}

/// Makes a backup, beside a running server if there is one. What was acknowledged before is in it.
///
/// # Errors
/// When something cannot be read or written, or the destination is there already.
pub async fn back_up(
    data: &DataDir,
    destination: &Path,
    extent: &Extent,
    now: i64,
) -> Result<Backup, BackupError> {
    let draft = draft_of(destination)?;
    let store = Store::open_as_is(&data.store()).await?;
    if !extent.without_master_key {
        copy_file(data, MasterKey::FILE_NAME, &draft)?;
    }
    // Rules that are kept while the store is copied are in it; those that are forgotten meanwhile were copied before.
    copy_below(data, &draft, KEPT_RULES)?;
    store.copy_to(&draft.join(DataDir::STORE_FILE)).await?;
    copy_below(data, &draft, KEPT_RULES)?;
    copy_below(data, &draft, "tls")?;
    copy_below(data, &draft, DataDir::RULE_SECRETS)?;
    if let Some(rules_dir) = &extent.rules_dir {
        copy_tree(rules_dir, &draft.join(RULES_DIR))?;
    }
    let content = Content::of(&draft, store.schema_version().await?, now)?;
    content.write(&draft)?;
    store.close().await;
    publish(&draft, destination)?;
    Ok(Backup {
        directory: destination.to_owned(),
        files: content.files.len(),
        bytes: content.bytes(),
        has_master_key: !extent.without_master_key,
    })
}

/// The directory that becomes the backup when it is whole.
fn draft_of(destination: &Path) -> Result<PathBuf, BackupError> {
    let in_the_way = || BackupError::Exists(destination.to_owned());
    match fs::symlink_metadata(destination) {
        Ok(_) => return Err(in_the_way()),
        Err(problem) if problem.kind() == ErrorKind::NotFound => {}
        Err(problem) => return Err(BackupError::file(destination)(problem)),
    }
    let name = destination.file_name().ok_or_else(in_the_way)?;
    let mut draft = name.to_owned();
    draft.push(".partial");
    let draft = destination.with_file_name(draft);
    match fs::remove_dir_all(&draft) {
        Err(problem) if problem.kind() != ErrorKind::NotFound => {
            return Err(BackupError::file(&draft)(problem));
        }
        _ => make_private(&draft)?,
    }
    Ok(draft)
}

fn copy_file(data: &DataDir, name: &str, to: &Path) -> Result<(), BackupError> {
    let from = data.path().join(name);
    let copied = fs::copy(&from, to.join(name));
    copied.map(drop).map_err(BackupError::file(&from))
}

fn copy_below(data: &DataDir, to: &Path, name: &str) -> Result<(), BackupError> {
    copy_tree(&data.path().join(name), &to.join(name))
}

/// Puts the draft on disk, and then gives it its name.
fn publish(draft: &Path, destination: &Path) -> Result<(), BackupError> {
    content::flush_tree(draft)?;
    fs::rename(draft, destination).map_err(BackupError::file(destination))?;
    let parent = match destination.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let flushed = File::open(parent).and_then(|parent| parent.sync_all());
    flushed.map_err(BackupError::file(parent))
}

/// Below a backup: the list of what it holds.
const LIST_FILE: &str = "backup.json";
/// Below the data directory and below a backup: the bytes of the last good rules.
const KEPT_RULES: &str = "rules";
/// Below a backup: the rules directory.
const RULES_DIR: &str = "rules-dir";
