//! One look at the rules directory, from the files to the live chain.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::warn;

use super::assemble::Found;
use super::report::Problem;
use super::scan::{Scan, Seen, scan};
use super::workshop::Identity;
use super::{Reloader, Trigger};
use crate::rule::{Manifest, OnError, Rule, Source};

/// The directory changed again while a rule was being built: what was being built is of no use any more.
pub(super) struct Superseded;

impl Reloader {
    /// Looks at the directory and makes the chain equal to it, as far as that can be.
    pub(super) async fn look(&mut self, triggers: &mut UnboundedReceiver<Trigger>) {
        let scan = match self.settled_scan().await {
            Ok(scan) => scan,
            Err(problem) => return self.report_directory(&problem).await,
        };
        self.places = Some(scan.places.clone());
        let seen = Some(scan.seen());
        let unchanged = self.seen == seen && self.missing.is_empty();
        let cleared = self.report.load().directory_problem.is_some();
        if unchanged && !cleared {
            return;
        }
        let only_outside = |before: &Seen| before.0 == scan.digest && before.1 != scan.seen().1;
        let cause = match self.seen.as_ref().is_some_and(only_outside) {
            true => "a secret or a shared value changed",
            false => "the rules directory changed",
        };
        self.seen = seen;
        if self.holds_against(&scan) {
            return self.hold(&scan).await;
        }
        match self.build_unless_undone(&scan, triggers).await {
            Ok(found) => {
                let candidates = self.assemble(found);
                self.go_live(candidates, cause).await;
            }
            Err(Superseded) => {
                self.seen = None;
                self.wishes.look = true;
            }
        }
    }

    /// Whether what was found is what somebody went back from.
    pub(super) fn holds_against(&self, scan: &Scan) -> bool {
        self.current.holds == Some(scan.digest)
    }

    /// The chain that was gone back to stays.
    pub(super) async fn hold(&mut self, scan: &Scan) {
        self.missing.clear();
        self.renew_held(scan).await;
        if self.keep.is_elsewhere() {
            self.keep.arrive();
            self.amend().await;
        }
        let candidates = self.as_they_are();
        self.publish(candidates).await;
    }

    /// Builds what was found. Nothing goes live once somebody wants to go back: whoever asks means what is live.
    async fn build_unless_undone(
        &mut self,
        scan: &Scan,
        triggers: &mut UnboundedReceiver<Trigger>,
    ) -> Result<Vec<Found>, Superseded> {
        self.tell_pending(scan).await;
        let found = self.build(scan, Some(&mut *triggers)).await?;
        let is_undone = self.is_to_go_back(triggers).await;
        (!is_undone).then_some(found).ok_or(Superseded)
    }

    /// Reads the directory when none of its files is being written to: one that is younger than the quiet time may
    /// still grow, and whoever writes through this program may be in the middle of it. Nobody is waited for without end.
    pub(super) async fn settled_scan(&self) -> io::Result<Scan> {
        let quiet = self.config.debounce_ms.cast_signed();
        for _ in 0..SETTLE_ROUNDS_MAX {
            let scan = self.scan().await?;
            let now = i64::try_from(self.clock.since_epoch().as_millis()).unwrap_or(i64::MAX);
            let age = now - scan.modified_ms;
            let is_quiet = self.seen == Some(scan.seen()) || !(0..quiet).contains(&age);
            match (scan.is_whole, is_quiet) {
                (true, true) => return Ok(scan),
                (true, false) => sleep(Duration::from_millis((quiet - age).unsigned_abs())).await,
                (false, _) => sleep(WRITER_PAUSE).await,
            }
        }
        self.scan().await
    }

    pub(super) async fn scan(&self) -> io::Result<Scan> {
        let directory = self.config.dir.clone();
        let loader = Arc::clone(&self.workshop.loader);
        let look = move || Ok(scan(&directory)?.look_outside(&loader));
        spawn_blocking(look).await.map_err(io::Error::other)?
    }

    /// Builds every rule that was found, one after the other.
    pub(super) async fn build(
        &mut self,
        scan: &Scan,
        mut triggers: Option<&mut UnboundedReceiver<Trigger>>,
    ) -> Result<Vec<Found>, Superseded> {
        let mut found = Vec::with_capacity(scan.found.len());
        for (name, source) in &scan.found {
            let result = match source {
                Err(problem) => Err(problem.clone()),
                Ok(source) if is_disabled(source) => self.left_out(name),
                Ok(source) => self
                    .build_one(source, triggers.as_deref_mut())
                    .await?
                    .map(Some),
            };
            found.push(Found {
                name: Arc::clone(name),
                identity: source.as_ref().ok().map(Identity::of),
                optional: source.as_ref().is_ok_and(is_optional),
                result,
            });
        }
        Ok(found)
    }

    /// What becomes of a rule that its manifest disables. Nobody takes a rule out that the server must not run without.
    fn left_out(&self, name: &str) -> Result<Option<Arc<Rule>>, Problem> {
        match self.requires(name) {
            false => Ok(None),
            true => {
                let text =
                    "its manifest disables it, and the configuration requires it (rules.required)";
                Err(Problem::new("disabled", text.to_owned()))
            }
        }
    }

    async fn build_one(
        &mut self,
        source: &Source,
        triggers: Option<&mut UnboundedReceiver<Trigger>>,
    ) -> Result<Result<Arc<Rule>, Problem>, Superseded> {
        let identity = Identity::of(source);
        if let Some(known) = self.workshop.known(&identity) {
            return Ok(known);
        }
        let loader = Arc::clone(&self.workshop.loader);
        let loaded = match triggers {
            None => loader.load(source).await,
            Some(triggers) => tokio::select! {
                loaded = loader.load(source) => loaded,
                () = self.superseded(source, triggers) => return Err(Superseded),
            },
        };
        let result = loaded.map_err(|problem| Problem::new(problem.code(), problem.to_string()));
        if result.is_ok()
            && let Err(problem) = self.keep.put_file(source)
        {
            warn!(rule = &*source.name, %problem, "the rule could not be kept for a restart");
        }
        self.workshop.learn(identity, &result);
        Ok(result)
    }

    /// Resolves when the file that is being built is no longer what is in the directory, or not wanted.
    async fn superseded(&mut self, source: &Source, triggers: &mut UnboundedReceiver<Trigger>) {
        loop {
            match triggers.recv().await {
                Some(trigger) => self.wishes.add(trigger),
                None => std::future::pending().await,
            }
            if self.wishes.rollback.is_some() {
                return;
            }
            let Ok(scan) = self.scan().await else {
                continue;
            };
            let now = scan.found.get(&source.name);
            let same = |found: &Result<Source, Problem>| {
                found
                    .as_ref()
                    .is_ok_and(|found| Identity::of(found) == Identity::of(source))
            };
            if !now.is_some_and(same) {
                return;
            }
        }
    }
}

fn is_optional(source: &Source) -> bool {
    manifest_of(source).is_some_and(|manifest| manifest.on_error == OnError::Skip)
}

/// Whether its manifest keeps it out of the chain.
pub(super) fn is_disabled(source: &Source) -> bool {
    manifest_of(source).is_some_and(|manifest| manifest.disabled)
}

/// The manifest, where there is one without mistakes.
fn manifest_of(source: &Source) -> Option<Manifest> {
    Manifest::parse(source.manifest.as_deref()?, "").ok()
}

const SETTLE_ROUNDS_MAX: u32 = 40;
/// Writing a rule takes some milliseconds.
const WRITER_PAUSE: Duration = Duration::from_millis(25);
