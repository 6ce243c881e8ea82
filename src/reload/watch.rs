//! Notices that something may have changed. An event means nothing more than "look again".

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{debug, warn};

use super::Trigger;
use super::read::DirectoryId;
use crate::config::Watch;

/// Watches a rules directory.
pub(super) struct Watcher {
    directory: PathBuf,
    mode: Watch,
    triggers: UnboundedSender<Trigger>,
    events: Option<RecommendedWatcher>,
    /// The directory that is watched; `None` before the first look.
    watched: Option<DirectoryId>,
}

impl Watcher {
    pub(super) fn new(directory: PathBuf, mode: Watch, triggers: UnboundedSender<Trigger>) -> Self {
        let mut watcher = Self {
            directory,
            mode,
            triggers,
            events: None,
            watched: None,
        };
        watcher.renew();
        watcher
    }

    /// Starts afresh when the directory is another one than before, and says whether it did.
    pub(super) fn renew_if_replaced(&mut self, directory: Option<DirectoryId>) -> bool {
        let replaced = self.watched.is_some() && directory != self.watched;
        self.watched = directory.or(self.watched);
        if replaced && directory.is_some() {
            self.renew();
        }
        replaced && directory.is_some()
    }

    /// Starts watching. Where there are no events, polling takes their place.
    fn renew(&mut self) {
        if self.mode != Watch::Auto {
            return;
        }
        match watch(&self.directory, self.triggers.clone()) {
            Ok(watcher) => self.events = Some(watcher),
            Err(problem) => {
                self.events = None;
                if self.directory.exists() {
                    warn!(%problem, "no events of the rules directory; it is polled");
                }
            }
        }
    }

    /// How often to look without having been told.
    pub(super) fn interval(&self, rescan: Duration) -> Option<Duration> {
        match (self.mode, &self.events) {
            (Watch::Off, _) => None,
            (Watch::Auto, Some(_)) => Some(rescan),
            (Watch::Auto | Watch::Poll, _) => Some(rescan.min(POLL_INTERVAL)),
        }
    }
}

/// Watches the directory, never its files: an editor's rename and a Kubernetes swap change no file that was there. The
/// directory above it is watched too, for the directory itself may be replaced.
fn watch(
    directory: &Path,
    triggers: UnboundedSender<Trigger>,
) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let matters = event.as_ref().map_or(true, |event| !is_only_a_read(event));
        if matters {
            debug!(?event, "the rules directory may have changed");
            let _ = triggers.send(Trigger::Look); // Nobody listens any more when the server stops.
        }
    })?;
    watcher.watch(directory, RecursiveMode::NonRecursive)?;
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    if let Some(above) = absolute.parent() {
        // Not being allowed to watch it is no reason to do without the rest.
        let _ = watcher.watch(above, RecursiveMode::NonRecursive);
    }
    Ok(watcher)
}

/// Reading the files is what a look does: it must not bring about the next one.
fn is_only_a_read(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

const POLL_INTERVAL: Duration = Duration::from_secs(5);
