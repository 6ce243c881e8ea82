//! Notices that something may have changed. An event means nothing more than "look again".

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{debug, warn};

use super::Trigger;
use super::scan::Places;
use crate::config::Watch;

/// Watches a rules directory.
pub(super) struct Watcher {
    directory: PathBuf,
    mode: Watch,
    triggers: UnboundedSender<Trigger>,
    events: Option<RecommendedWatcher>,
    /// What is watched; `None` while there is nothing.
    watched: Option<Places>,
}

impl Watcher {
    /// A watcher that has not begun: [`Self::renew_if_replaced`] begins when there is a directory.
    pub(super) fn new(directory: PathBuf, mode: Watch, triggers: UnboundedSender<Trigger>) -> Self {
        let mut watcher = Self {
            directory,
            mode,
            triggers,
            events: None,
            watched: None,
        };
        watcher.renew(); // A directory that is not there yet is waited for.
        watcher
    }

    /// Starts afresh when the directories are others than before, and says whether it did. What changed before that
    /// moment no event will tell: look again.
    pub(super) fn renew_if_replaced(&mut self, places: Option<&Places>) -> bool {
        if places.is_none() || places == self.watched.as_ref() {
            return false;
        }
        self.watched = places.cloned();
        self.renew();
        true
    }

    /// Starts watching. Where there are no events, polling takes their place.
    fn renew(&mut self) {
        if self.mode != Watch::Auto {
            return;
        }
        match watch(&self.directory, self.triggers.clone()) {
            Ok(mut watcher) => {
                for cases in self.watched.iter().flat_map(|places| &places.cases) {
                    // One that cannot be watched is read again with everything else, a little later.
                    let _ = watcher.watch(&self.directory.join(cases), RecursiveMode::NonRecursive);
                }
                self.events = Some(watcher);
            }
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
    let itself = watcher.watch(directory, RecursiveMode::NonRecursive);
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let above = absolute.parent().unwrap_or(&absolute);
    // One of the two is enough: the directory may not be there yet, and the one above may be somebody else's.
    match (itself, watcher.watch(above, RecursiveMode::NonRecursive)) {
        (Err(problem), Err(_)) => Err(problem),
        (Err(problem), Ok(())) if directory.exists() => Err(problem),
        _ => Ok(watcher),
    }
}

/// Reading the files is what a look does: it must not bring about the next one.
fn is_only_a_read(event: &Event) -> bool {
    let EventKind::Access(access) = event.kind else {
        return false;
    };
    access != AccessKind::Close(AccessMode::Write)
}

const POLL_INTERVAL: Duration = Duration::from_secs(5);
