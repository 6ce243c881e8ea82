//! One look at the rules directory, from the files to the live chain.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{error, warn};

use super::keep::{Why, same_rules};
use super::report::{Problem, RuleReport, RuleState};
use super::scan::{Scan, Seen, scan};
use super::workshop::Identity;
use super::{Reloader, StartError, Trigger};
use crate::rule::{Chain, Manifest, OnError, Rule, Source};

/// A rule that is to be in the next chain, or wanted to be.
pub(super) struct Candidate {
    pub(super) rule: Option<Arc<Rule>>,
    pub(super) report: RuleReport,
}

/// The directory changed again while a rule was being built: what was being built is of no use any more.
struct Superseded;

impl Reloader {
    /// Looks at the directory and makes the chain equal to it, as far as that can be.
    pub(super) async fn look(&mut self, triggers: Option<&mut UnboundedReceiver<Trigger>>) {
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
        let cause = match triggers {
            None => "the server started",
            Some(_) if self.seen.as_ref().is_some_and(only_outside) => {
                "a secret or a shared value changed"
            }
            Some(_) => "the rules directory changed",
        };
        self.seen = seen;
        if self.current.holds == Some(scan.digest) {
            self.missing.clear();
            self.renew_held(&scan).await;
            let candidates = self.as_they_are();
            return self.publish(candidates).await;
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

    /// Builds what was found. Nothing goes live once somebody wants to go back: whoever asks means what is live.
    async fn build_unless_undone(
        &mut self,
        scan: &Scan,
        mut triggers: Option<&mut UnboundedReceiver<Trigger>>,
    ) -> Result<Vec<Found>, Superseded> {
        let found = self.build(scan, triggers.as_deref_mut()).await?;
        let is_undone = match triggers {
            Some(triggers) => self.is_to_go_back(triggers).await,
            None => false,
        };
        (!is_undone).then_some(found).ok_or(Superseded)
    }

    /// Reads the directory when none of its files is being written to: one that is younger than the quiet time may
    /// still grow.
    async fn settled_scan(&self) -> io::Result<Scan> {
        let quiet = self.config.debounce_ms.cast_signed();
        for _ in 0..SETTLE_ROUNDS_MAX {
            let scan = self.scan().await?;
            let now = i64::try_from(self.clock.since_epoch().as_millis()).unwrap_or(i64::MAX);
            let age = now - scan.modified_ms;
            if self.seen == Some(scan.seen()) || !(0..quiet).contains(&age) {
                return Ok(scan);
            }
            sleep(Duration::from_millis((quiet - age).unsigned_abs())).await;
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
    async fn build(
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
        match self.config.required.iter().any(|required| required == name) {
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

    /// Decides for each rule which version of it is to run.
    fn assemble(&mut self, found: Vec<Found>) -> Vec<Candidate> {
        let live = self.live.load();
        let running = |name: &str| live.chain.rules().iter().find(|rule| &*rule.name == name);
        let names: HashSet<Arc<str>> = found.iter().map(|one| Arc::clone(&one.name)).collect();
        let identities: Vec<Identity> = found
            .iter()
            .filter_map(|one| one.identity.clone())
            .collect();
        self.workshop.keep_only(live.chain.rules(), &identities);
        let mut candidates: Vec<Candidate> = found
            .into_iter()
            .map(|one| {
                let before = running(&one.name).cloned();
                self.candidate(one, before)
            })
            .collect();
        candidates.extend(self.without_a_file(&names));
        candidates
    }

    /// The rules that run and were not found. One that was missing a while ago already, and all the time since, is not
    /// among them: it ends. However often and why ever the directory is looked at in between, it has that time to come back.
    fn without_a_file(&mut self, found: &HashSet<Arc<str>>) -> Vec<Candidate> {
        let now = self.clock.monotonic();
        let mut missing = HashMap::new();
        let mut candidates = Vec::new();
        for rule in self.live.load().chain.rules() {
            if found.contains(&rule.name) {
                continue;
            }
            if self.is_required(rule) {
                candidates.push(self.missing_candidate(rule));
                continue;
            }
            let since = *self.missing.get(&rule.name).unwrap_or(&now);
            if now.saturating_sub(since) < self.confirm_missing {
                missing.insert(Arc::clone(&rule.name), since);
                candidates.push(self.missing_candidate(rule));
            }
        }
        self.missing = missing;
        candidates
    }

    fn candidate(&self, found: Found, before: Option<Arc<Rule>>) -> Candidate {
        let (rule, state, problem) = match (found.result, before) {
            (Ok(Some(rule)), _) => (Some(rule), RuleState::Live, None),
            (Ok(None), _) => (None, RuleState::Disabled, None),
            (Err(problem), Some(before)) => (Some(before), RuleState::Kept, Some(problem)),
            (Err(problem), None) => (None, RuleState::Refused, Some(problem)),
        };
        let mut report = self.report_of(&found.name, rule.as_ref(), state);
        report.problem = problem;
        report.optional |= found.optional;
        Candidate { rule, report }
    }

    fn missing_candidate(&self, rule: &Arc<Rule>) -> Candidate {
        let text = match self.is_required(rule) {
            true => "its file is gone; it is required, so its last version runs on",
            false => "its file is gone; if it stays away, the rule ends",
        };
        let mut report = self.report_of(&rule.name, Some(rule), RuleState::Missing);
        report.problem = Some(Problem::new("missing", text.to_owned()));
        Candidate {
            rule: Some(Arc::clone(rule)),
            report,
        }
    }

    /// The live chain as it is, with nothing to say against it.
    pub(super) fn as_they_are(&self) -> Vec<Candidate> {
        let live = self.live.load();
        let as_it_is = |rule: &Arc<Rule>| Candidate {
            report: self.report_of(&rule.name, Some(rule), RuleState::Live),
            rule: Some(Arc::clone(rule)),
        };
        live.chain.rules().iter().map(as_it_is).collect()
    }

    fn report_of(&self, name: &str, rule: Option<&Arc<Rule>>, state: RuleState) -> RuleReport {
        RuleReport {
            name: name.to_owned(),
            state,
            digest: rule.map(|rule| rule.digest),
            description: rule.map_or_else(String::new, |rule| rule.manifest.description.clone()),
            required: match rule {
                Some(rule) => self.is_required(rule),
                None => self.config.required.iter().any(|required| required == name),
            },
            optional: rule.is_some_and(|rule| rule.manifest.on_error == OnError::Skip),
            problem: None,
        }
    }

    fn is_required(&self, rule: &Rule) -> bool {
        rule.manifest.required || self.config.required.iter().any(|name| **name == *rule.name)
    }

    /// Replaces the chain, if the next one is another.
    pub(super) async fn go_live(&mut self, candidates: Vec<Candidate>, cause: &str) {
        let rules: Vec<Arc<Rule>> = candidates
            .iter()
            .filter_map(|one| one.rule.clone())
            .collect();
        let next = Chain::new(rules, 0);
        if !same_rules(&self.live.load().chain, next.rules()) {
            let why = Why {
                cause: cause.to_owned(),
                holds: None,
                since: self.clock.unix_seconds().cast_signed(),
            };
            self.swap(next, why).await;
        }
        self.publish(candidates).await;
    }

    /// Puts a chain in force, and writes it down first. A store that fails keeps nobody from changing a rule.
    pub(super) async fn swap(&mut self, mut next: Chain, why: Why) {
        let written: Vec<_> = next
            .rules()
            .iter()
            .map(|rule| self.workshop.kept(rule))
            .collect();
        next.generation = match self.keep.put_chain(&written, &why).await {
            Ok(number) => number,
            Err(problem) => {
                let problem = &problem as &dyn std::error::Error;
                error!(
                    problem,
                    "the rule chain could not be written down; a restart will not know it"
                );
                self.live.load().chain.generation + 1
            }
        };
        self.current = why;
        self.put_in_force(next);
        if let Err(problem) = self.keep.forget_files().await {
            warn!(%problem, "rules that nobody needs could not be deleted");
        }
    }

    pub(super) fn put_in_force(&self, next: Chain) {
        let (last, next) = (Arc::clone(&self.live.load().chain), Arc::new(next));
        self.live.change(|live| live.chain = Arc::clone(&next));
        next.succeed(&last);
    }

    /// At the start nothing runs yet that could go on running: what must not be missing stops the server.
    pub(super) fn check_start(&self) -> Result<(), StartError> {
        let report = self.report.load();
        let mut problems: Vec<String> = Vec::new();
        if let Some(problem) = &report.directory_problem
            && problem.code != Problem::NO_DIRECTORY
        {
            problems.push(problem.text.clone());
        }
        for rule in &report.rules {
            if let (RuleState::Refused, false, Some(problem)) =
                (rule.state, rule.optional, &rule.problem)
            {
                problems.push(format!("{}: {}", rule.name, problem.text));
            }
        }
        for name in &self.config.required {
            if !report.rules.iter().any(|rule| rule.name == *name) {
                problems.push(format!("{name}: it is required and there is no such rule"));
            }
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(StartError::Rules {
                rules_dir: report.rules_dir.clone(),
                problems,
            }),
        }
    }
}

/// A rule file and what became of it.
pub(super) struct Found {
    name: Arc<str>,
    identity: Option<Identity>,
    /// Whether its manifest says that tokens may be issued without it.
    optional: bool,
    /// `None` where its manifest keeps it out of the chain.
    result: Result<Option<Arc<Rule>>, Problem>,
}

fn is_optional(source: &Source) -> bool {
    manifest_of(source).is_some_and(|manifest| manifest.on_error == OnError::Skip)
}

fn is_disabled(source: &Source) -> bool {
    manifest_of(source).is_some_and(|manifest| manifest.disabled)
}

/// The manifest, where there is one without mistakes.
fn manifest_of(source: &Source) -> Option<Manifest> {
    Manifest::parse(source.manifest.as_deref()?, "").ok()
}

const SETTLE_ROUNDS_MAX: u32 = 40;
