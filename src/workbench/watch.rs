//! Notices that a file of a project was saved. What building leaves behind is no change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::subject::{PROJECT_CASES, PROJECT_MANIFEST};
use crate::rule::Digest;

/// The changes of a project, one after the other.
pub struct Changes {
    project: PathBuf,
    output: PathBuf,
    /// The project when it was last looked at.
    seen: Digest,
    events: Receiver<notify::Result<notify::Event>>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Begins to watch. `output` is what building makes.
    ///
    /// # Errors
    /// When the project cannot be watched or read.
    pub fn of(project: &Path, output: &Path) -> Result<Self, WatchError> {
        let (sender, events) = channel();
        let mut watcher = notify::recommended_watcher(sender)?;
        watcher.watch(project, RecursiveMode::Recursive)?;
        Ok(Self {
            seen: content(project, output)?,
            project: project.to_owned(),
            output: output.to_owned(),
            events,
            _watcher: watcher,
        })
    }

    /// Waits until the content of a file is another than at the last return, and nothing has happened for a moment.
    ///
    /// # Errors
    /// When the project cannot be read any more.
    pub fn wait_for_one(&mut self) -> Result<(), WatchError> {
        loop {
            let now = content(&self.project, &self.output)?;
            if now != self.seen {
                self.seen = now;
                return Ok(());
            }
            drop(self.events.recv().map_err(|_| WatchError::Ended)?);
            self.wait_until_quiet();
        }
    }

    fn wait_until_quiet(&self) {
        while !matches!(
            self.events.recv_timeout(QUIET),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)
        ) {}
    }
}

/// A source file of a project that is newer than what was built of it, if there is one.
pub fn newer_source(project: &Path, output: &Path) -> Option<PathBuf> {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let built = changed(output)?;
    let mut files = Vec::new();
    collect(project, output, &mut files).ok()?;
    let (manifest, cases) = (project.join(PROJECT_MANIFEST), project.join(PROJECT_CASES));
    files.into_iter().find(|path| {
        let is_source = *path != manifest && !path.starts_with(&cases);
        is_source && changed(path).is_some_and(|changed| changed > built)
    })
}

/// Stands for the content of every source file.
fn content(project: &Path, output: &Path) -> io::Result<Digest> {
    let mut files = Vec::new();
    collect(project, output, &mut files)?;
    files.sort();
    let mut all = Vec::new();
    for path in files {
        all.extend_from_slice(path.as_os_str().as_encoded_bytes());
        // A file that is gone again in this moment is another change, which brings another event.
        let bytes = fs::read(&path).unwrap_or_default();
        all.extend_from_slice(Digest::of(&bytes).as_bytes());
    }
    Ok(Digest::of(&all))
}

fn collect(directory: &Path, output: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || BUILT.contains(&&*name) || path == output {
            continue;
        }
        match path.is_dir() {
            true => collect(&path, output, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

/// Why a project cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The operating system does not tell of changes.
    #[error("watch the project")]
    Notify(#[from] notify::Error),
    /// The project cannot be read.
    #[error("read the project")]
    Read(#[from] io::Error),
    /// Nothing more will come.
    #[error("the operating system has stopped telling of changes")]
    Ended,
}

/// Directories that tools make.
const BUILT: &[&str] = &[
    "target",
    "node_modules",
    "build",
    "types",
    "dist",
    "__pycache__",
    "zig-cache",
    "zig-out",
];
const QUIET: Duration = Duration::from_millis(200);
