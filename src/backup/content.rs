//! What is in a backup, by name and digest.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{BackupError, LIST_FILE};

/// The list of what a backup holds.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Content {
    /// How the rest is to be read.
    pub(super) format: u32,
    /// Which version made it.
    pub(super) rulemint: String,
    /// Unix seconds.
    pub(super) made_at: i64,
    /// The newest migration of its store.
    pub(super) schema: i64,
    /// Every file, by its path below the backup.
    pub(super) files: BTreeMap<String, Listed>,
}

/// One file of it.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Listed {
    bytes: u64,
    sha256: String,
}

impl Content {
    /// Lists what is below a directory.
    pub(super) fn of(directory: &Path, schema: i64, now: i64) -> Result<Self, BackupError> {
        let mut files = BTreeMap::new();
        for path in files_below(directory)? {
            let listed = Listed::of(&directory.join(&path)).map_err(BackupError::file(&path))?;
            files.insert(path.to_string_lossy().into_owned(), listed);
        }
        Ok(Self {
            format: FORMAT,
            rulemint: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: now,
            schema,
            files,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|listed| listed.bytes).sum()
    }

    pub(super) fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let path = directory.join(LIST_FILE);
        let text = serde_json::to_string_pretty(self).expect("strings and numbers are JSON");
        fs::write(&path, text).map_err(BackupError::file(&path))
    }

    /// Reads the list of a backup.
    pub(super) fn read(backup: &Path) -> Result<Self, BackupError> {
        let not_one = |source| BackupError::NotOne {
            path: backup.to_owned(),
            source,
        };
        let text = fs::read_to_string(backup.join(LIST_FILE)).map_err(not_one)?;
        let content: Self = serde_json::from_str(&text).map_err(|it| not_one(it.into()))?;
        match content.format == FORMAT {
            true => Ok(content),
            false => Err(BackupError::Newer {
                path: backup.to_owned(),
                version: content.rulemint,
            }),
        }
    }

    /// Says which files below a directory are not what the list says, or are not in it.
    pub(super) fn damage(&self, directory: &Path) -> Result<Vec<String>, BackupError> {
        let mut damage = Vec::new();
        for path in files_below(directory)? {
            let name = path.to_string_lossy();
            if name != LIST_FILE && !self.files.contains_key(&*name) {
                damage.push(format!("{name} is not in its list"));
            }
        }
        for (name, listed) in &self.files {
            match Listed::of(&directory.join(name)) {
                Ok(found) if found == *listed => {}
                Ok(_) => damage.push(format!("{name} is not what was written")),
                Err(problem) => damage.push(format!("{name} cannot be read: {problem}")),
            }
        }
        Ok(damage)
    }
}

impl Listed {
    fn of(path: &Path) -> io::Result<Self> {
        let (mut file, mut digest) = (File::open(path)?, Context::new(&SHA256));
        let (mut bytes, mut buffer) = (0, vec![0; BUFFER_BYTES]);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
            bytes += read as u64;
        }
        Ok(Self {
            bytes,
            sha256: hex::encode(digest.finish()),
        })
    }
}

/// The regular files below a directory, by their paths from there.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let path = directory.join(&relative);
        for entry in fs::read_dir(&path).map_err(BackupError::file(&path))? {
            let name = entry.map_err(BackupError::file(&path))?.file_name();
            let relative = relative.join(name);
            match directory.join(&relative).is_dir() {
                true => open.push(relative),
                false => found.push(relative),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies the files below a directory that is there; links are followed, as the server follows them. One that goes away
/// meanwhile is left out.
pub(super) fn copy_tree(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.is_dir() {
        return Ok(());
    }
    make_private(to)?;
    for entry in fs::read_dir(from).map_err(BackupError::file(from))? {
        let name = entry.map_err(BackupError::file(from))?.file_name();
        let (source, target) = (from.join(&name), to.join(&name));
        let is_mechanism = name.to_string_lossy().starts_with("..");
        if is_mechanism {
            continue; // How Kubernetes swaps a volume: its files are beside it, as links.
        }
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else if source.is_file() {
            match fs::copy(&source, &target) {
                Err(problem) if problem.kind() != io::ErrorKind::NotFound => {
                    return Err(BackupError::file(&source)(problem));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Makes a directory that is its owner's alone; one that is there is left as it is.
pub(super) fn make_private(path: &Path) -> Result<(), BackupError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(BackupError::file(path))
}

/// Sees to it that everything below a directory is on disk.
pub(super) fn flush_tree(directory: &Path) -> Result<(), BackupError> {
    let flush = |path: &Path| File::open(path).and_then(|opened| opened.sync_all());
    for entry in fs::read_dir(directory).map_err(BackupError::file(directory))? {
        let path = entry.map_err(BackupError::file(directory))?.path();
        match path.is_dir() {
            true => flush_tree(&path)?,
            false => flush(&path).map_err(BackupError::file(&path))?,
        }
    }
    flush(directory).map_err(BackupError::file(directory))
}

const FORMAT: u32 = 1;
const BUFFER_BYTES: usize = 64 * 1024;
