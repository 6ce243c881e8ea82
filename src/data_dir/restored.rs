//! Puts a restored installation in the place of what was there: all of it or nothing, wherever the process ends.
//!
//! The directory itself may be the root of a volume, so it cannot be swapped. What is restored is made ready below it;
//! one rename decides, and whatever is left to do then is done by the next process that opens the installation.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{DataDir, DataDirError, make_private};

impl DataDir {
    /// Where a restored installation is put together. What an earlier attempt left is gone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn staging(&self) -> Result<PathBuf, DataDirError> {
        let staged = self.0.join(STAGED);
        self.tried(remove(&staged).and_then(|()| make_private(&staged)))?;
        Ok(staged)
    }

    /// Removes what is in [`staging`](Self::staging), if anything is.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn give_up_staging(&self) -> Result<(), DataDirError> {
        self.tried(remove(&self.0.join(STAGED)))
    }

    /// Whether nothing has been kept in it yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_empty(&self) -> Result<bool, DataDirError> {
        Ok(self.tried(contents(&self.0))?.is_empty())
    }

    /// Puts what is in [`staging`](Self::staging) in place. Says where what was there before is now, if anything was.
    ///
    /// # Errors
    /// When a file cannot be moved. From the first move on, the next call of [`settle`](Self::settle) goes on.
    pub fn take_over(&self) -> Result<Option<PathBuf>, DataDirError> {
        let (staged, ready) = (self.0.join(STAGED), self.0.join(READY));
        let decided = make_private(&staged.join(REPLACED))
            .and_then(|()| flush(&staged))
            .and_then(|()| fs::rename(&staged, &ready))
            .and_then(|()| flush(&self.0));
        self.tried(decided)?;
        self.settle()
    }

    /// Goes on with a restoration that was decided and not finished.
    ///
    /// # Errors
    /// When a file cannot be moved.
    pub fn settle(&self) -> Result<Option<PathBuf>, DataDirError> {
        let (ready, placing) = (self.0.join(READY), self.0.join(PLACING));
        if ready.exists() {
            self.tried(set_aside(&self.0, &ready.join(REPLACED)))?;
            self.tried(fs::rename(&ready, &placing).and_then(|()| flush(&self.0)))?;
        }
        match placing.exists() {
            true => self.tried(place(&placing, &self.0)),
            false => Ok(None),
        }
    }

    fn tried<T>(&self, done: io::Result<T>) -> Result<T, DataDirError> {
        done.map_err(|source| DataDirError::Unusable {
            path: self.0.clone(),
            source,
        })
    }
}

fn set_aside(data: &Path, replaced: &Path) -> io::Result<()> {
    for name in contents(data)? {
        fs::rename(data.join(&name), replaced.join(&name))?;
    }
    flush(replaced)
}

/// Moves what is new to its place, and then keeps what it replaced under a name of its own.
fn place(placing: &Path, data: &Path) -> io::Result<Option<PathBuf>> {
    for name in contents(placing)? {
        fs::rename(placing.join(&name), data.join(&name))?;
    }
    flush(data)?;
    let replaced = placing.join(REPLACED);
    let kept = match replaced.exists() && !contents(&replaced)?.is_empty() {
        true => {
            let free = |number: &u32| !data.join(format!("{REPLACED}-{number}")).exists();
            let number = (1..).find(free).unwrap_or_default();
            let kept = data.join(format!("{REPLACED}-{number}"));
            fs::rename(&replaced, &kept)?;
            Some(kept)
        }
        false => None,
    };
    remove(placing)?;
    flush(data)?;
    Ok(kept)
}

/// What belongs to the installation, by name: neither locks nor what restorations left.
fn contents(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_ours = [STAGED, READY, PLACING, "server.lock", "setup.lock"].contains(&&*name);
        if !is_ours && !name.starts_with(REPLACED) {
            names.push(name);
        }
    }
    Ok(names)
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => Err(problem),
        _ => Ok(()),
    }
}

/// A name is on disk when its directory is.
fn flush(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

const STAGED: &str = "restore.staged";
const READY: &str = "restore.ready";
const PLACING: &str = "restore.placing";
const REPLACED: &str = "replaced";

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> (tempfile::TempDir, DataDir) {
        let place = tempfile::tempdir().unwrap();
        let data = DataDir::open(&place.path().join("data")).unwrap();
        for (name, text) in files {
            let path = data.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (place, data)
    }

    fn read(data: &DataDir, name: &str) -> Option<String> {
        fs::read_to_string(data.path().join(name)).ok()
    }

    #[test]
    fn what_is_restored_replaces_all_that_was_there_which_is_kept() {
        let (_place, data) = directory(&[("a", "old"), ("b", "old"), ("server.lock", "")]);
        fs::write(data.staging().unwrap().join("a"), "new").unwrap();
        let kept = data.take_over().unwrap();
        assert_eq!(kept, Some(data.path().join("replaced-1")));
        assert_eq!(read(&data, "a").as_deref(), Some("new"));
        assert_eq!(read(&data, "b"), None);
        assert_eq!(read(&data, "replaced-1/a").as_deref(), Some("old"));
        assert_eq!(read(&data, "replaced-1/b").as_deref(), Some("old"));
    }

    #[test]
    fn an_empty_directory_has_nothing_to_keep() {
        let (_place, data) = directory(&[("setup.lock", "")]);
        assert!(data.is_empty().unwrap());
        fs::write(data.staging().unwrap().join("a"), "new").unwrap();
        assert_eq!(data.take_over().unwrap(), None);
        assert!(!data.is_empty().unwrap());
    }

    #[test]
    fn one_that_ended_before_it_was_decided_changes_nothing() {
        let (_place, data) = directory(&[("a", "old"), ("restore.staged/a", "new")]);
        assert_eq!(data.settle().unwrap(), None);
        assert_eq!(read(&data, "a").as_deref(), Some("old"));
    }

    #[test]
    fn one_that_ended_while_it_set_things_aside_goes_on() {
        let (_place, data) = directory(&[
            ("b", "old"),
            ("restore.ready/a", "new"),
            ("restore.ready/replaced/a", "old"),
        ]);
        data.settle().unwrap();
        assert_eq!(read(&data, "a").as_deref(), Some("new"));
        assert_eq!(read(&data, "replaced-1/a").as_deref(), Some("old"));
        assert_eq!(read(&data, "replaced-1/b").as_deref(), Some("old"));
    }

    #[test]
    fn one_that_ended_while_it_put_things_in_place_goes_on() {
        let (_place, data) = directory(&[
            ("a", "new"),
            ("restore.placing/b", "new"),
            ("restore.placing/replaced/a", "old"),
            ("replaced-1/a", "older"),
        ]);
        data.settle().unwrap();
        let both = (read(&data, "a"), read(&data, "b"));
        assert_eq!(both, (Some("new".to_owned()), Some("new".to_owned())));
        assert_eq!(read(&data, "replaced-2/a").as_deref(), Some("old"));
        assert_eq!(data.settle().unwrap(), None);
    }
}
