//! Chains that were live before: back after a restart, and back on request. What is said about it all.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use super::assemble::Candidate;
use super::keep::{KeptChain, Why, same_rules, went_back, went_back_to};
use super::previous::previous;
use super::report::{Problem, Report, RuleReport, RuleState};
use super::scan::Scan;
use super::workshop::Identity;
use super::{Reloader, Trigger};
use crate::rule::{Chain, Fingerprint, Rule, Source};
use crate::store::StoreError;
use crate::telemetry::metrics::{LiveRule, ResultLabel};

impl Reloader {
    /// Goes back to an earlier chain, which then holds against the directory as it is now. Which chain is the one before is
    /// only known here: another may have gone live since somebody asked.
    ///
    /// # Errors
    /// Why it cannot, for whoever asked.
    pub(super) async fn roll_back(&mut self, to: Option<i64>) -> Result<(), String> {
        let chain = self.chain_to_go_back_to(to).await?;
        let mut rules = Vec::with_capacity(chain.rules.len());
        for (name, loaded) in self.load_kept(&chain).await {
            rules.push(loaded.map_err(|problem| format!("rule {name}: {problem}"))?);
        }
        let now = self.scan().await.map_err(|problem| problem.to_string())?;
        self.seen = Some(now.seen());
        self.missing.clear();
        let why = Why {
            cause: went_back(chain.row.number),
            holds: Some(now.digest),
            since: self.clock.unix_seconds().cast_signed(),
        };
        self.swap(Chain::new(rules, 0), why).await;
        self.metrics
            .reloads
            .get_or_create(&ResultLabel {
                result: "rolled_back",
            })
            .inc();
        let candidates = self.as_they_are();
        self.publish(candidates).await;
        Ok(())
    }

    /// Whether somebody wants to go back. A wish that is in the store and on its way is waited for, a moment.
    pub(super) async fn is_to_go_back(
        &mut self,
        triggers: &mut UnboundedReceiver<Trigger>,
    ) -> bool {
        while let Ok(trigger) = triggers.try_recv() {
            self.wishes.add(trigger);
        }
        let newest = self.keep.store.newest_rollback().await.unwrap_or_default();
        let end = Instant::now() + WISH_ARRIVES;
        while newest > self.rollback_seen && self.wishes.rollback.is_none() {
            match timeout_at(end, triggers.recv()).await {
                Ok(Some(trigger)) => self.wishes.add(trigger),
                Ok(None) | Err(_) => break,
            }
        }
        self.rollback_seen = self.rollback_seen.max(newest);
        self.wishes.rollback.is_some()
    }

    async fn chain_to_go_back_to(&self, to: Option<i64>) -> Result<KeptChain, String> {
        let failed = |problem: StoreError| problem.to_string();
        let to = match to {
            Some(to) => to,
            None => {
                let live = self.live.load().chain.generation;
                let chains = self.keep.chains().await.map_err(failed)?;
                previous(&chains, live).ok_or(NOTHING_BEFORE)?
            }
        };
        let chain = self.keep.chain(to).await.map_err(failed)?;
        chain.ok_or_else(|| format!("there is no generation {to} to go back to: name one that `rulemint rule status` lists"))
    }

    /// After a rollback the chain holds against the directory, but not against secrets that have changed since.
    pub(super) async fn renew_held(&mut self, scan: &Scan) {
        let Ok(Some(held)) = self.keep.last().await else {
            return;
        };
        let mut rules = Vec::with_capacity(held.rules.len());
        for (name, loaded) in self.load_kept(&held).await {
            match loaded {
                Ok(rule) => rules.push(rule),
                Err(problem) => {
                    return warn!(rule = &*name, problem, "the rule runs on as it was");
                }
            }
        }
        if !same_rules(&self.live.load().chain, &rules) {
            self.swap(Chain::new(rules, 0), self.current.clone()).await;
        }
        let found: Vec<Identity> = scan.found.values().flatten().map(Identity::of).collect();
        let live = self.live.load();
        self.workshop.keep_only(live.chain.rules(), &found);
    }

    pub(super) async fn load_kept(
        &mut self,
        chain: &KeptChain,
    ) -> Vec<(Arc<str>, Result<Arc<Rule>, String>)> {
        let mut loaded = Vec::with_capacity(chain.rules.len());
        for kept in &chain.rules {
            let result = match self.keep.source(kept) {
                None => Err("its file was not kept".to_owned()),
                Some(mut source) => {
                    source.outside = self.fingerprint(&source).await;
                    let identity = Identity::of(&source);
                    match self.workshop.known(&identity) {
                        Some(known) => known.map_err(|problem| problem.text),
                        None => {
                            let built = self.workshop.loader.load(&source).await;
                            let built = built.map_err(|problem| {
                                Problem::new(problem.code(), problem.to_string())
                            });
                            self.workshop.learn(identity, &built);
                            built.map_err(|problem| problem.text)
                        }
                    }
                }
            };
            loaded.push((Arc::clone(&kept.name), result));
        }
        loaded
    }

    async fn fingerprint(&self, source: &Source) -> Fingerprint {
        let (loader, form) = (Arc::clone(&self.workshop.loader), source.form);
        let manifest = source.manifest.clone();
        let looked = spawn_blocking(move || loader.fingerprint(form, manifest.as_deref())).await;
        looked.unwrap_or_default()
    }

    /// Says how the rules stand, wherever a person would look. What was said before is not said again.
    pub(super) async fn publish(&mut self, candidates: Vec<Candidate>) {
        let before = self.report.load_full();
        let rules = candidates.into_iter().map(|candidate| candidate.report);
        let report = self.report_with(rules.collect(), &before).await;
        self.say(&before, &report);
        self.post(report).await;
    }

    /// How it stands, with these rules, and with what was answered before to whoever asked for something.
    pub(super) async fn report_with(&self, rules: Vec<RuleReport>, before: &Report) -> Report {
        let generation = self.live.load().chain.generation;
        Report {
            rules_dir: self.keep.rules_dir.clone(),
            generation,
            since: self.current.since,
            cause: self.current.cause.clone(),
            rolled_back: self.current.holds.is_some(),
            rolled_back_to: went_back_to(&self.current.cause),
            rules,
            directory_problem: None,
            earlier: self.keep.earlier(generation).await.unwrap_or_default(),
            wish: before.wish,
            wish_problem: before.wish_problem.clone(),
        }
    }

    /// The directory cannot be read: everything stays as it is.
    pub(super) async fn report_directory(&mut self, problem: &io::Error) {
        self.seen = None;
        self.places = None;
        self.missing.clear(); // Nobody can say whether a file is there.
        let problem = Some(self.problem_of_directory(problem));
        let before = self.report.load_full();
        if before.directory_problem == problem {
            return;
        }
        if before.rules_dir.is_empty() {
            let candidates = self.as_they_are();
            self.publish(candidates).await;
        }
        let mut report = Report::clone(&self.report.load());
        report.directory_problem = problem;
        self.say(&before, &report);
        self.post(report).await;
    }

    fn problem_of_directory(&self, problem: &io::Error) -> Problem {
        if problem.kind() != io::ErrorKind::NotFound {
            return Problem::new("directory", format!("it cannot be read: {problem}"));
        }
        let runs_on = !self.live.load().chain.rules().is_empty();
        let text = match (runs_on, self.keep.is_elsewhere()) {
            (false, _) => "it is not there; make it and put rules into it".to_owned(),
            (true, false) => {
                "it is not there; what was live last runs on. Put it back with its rules in it"
                    .to_owned()
            }
            (true, true) => format!(
                "it is not there; what was live last runs on, which came from {}. Put its rules here, or name their \
                 directory (--rules-dir)",
                self.keep.origin
            ),
        };
        Problem::new(Problem::NO_DIRECTORY, text)
    }

    /// Tells whoever asked for something that it was done, or why not.
    pub(super) async fn answer_wish(&mut self, wish: i64, problem: Option<String>) {
        let mut report = Report::clone(&self.report.load());
        report.wish = wish;
        report.wish_problem = problem;
        self.post(report).await;
    }

    /// Puts a report where `/readyz`, `/metrics` and the commands find it.
    async fn post(&self, report: Report) {
        self.metrics.generation.set(report.generation);
        self.metrics.generation_since.set(report.since);
        self.metrics.rule_problems.set(report.problems() as i64);
        let live = self.live.load();
        self.metrics.rules.set(live.chain.rules().len() as i64);
        let versions = live.chain.rules().iter().map(|rule| LiveRule {
            name: &rule.name,
            digest: rule.digest.to_string(),
            lane: rule.lane(),
            version: rule.description().map_or("", |said| &said.version),
        });
        self.metrics.set_live_rules(versions);
        let report = Arc::new(report);
        self.report.store(Arc::clone(&report));
        self.write_down(&report).await;
    }

    /// Puts a report where the commands find it.
    pub(super) async fn write_down(&self, report: &Report) {
        let body = serde_json::to_string(report).expect("a report is JSON");
        let now = self.clock.unix_seconds().cast_signed();
        if let Err(problem) = self
            .keep
            .store
            .write_report(Report::TOPIC, &body, now)
            .await
        {
            warn!(%problem, "the state of the rules could not be written down for the commands");
        }
    }

    fn say(&self, before: &Report, now: &Report) {
        if now.generation != before.generation {
            let live = now.rules.iter().filter(|rule| rule.digest.is_some());
            let rules: Vec<&str> = live.map(|rule| rule.name.as_str()).collect();
            info!(
                generation = now.generation,
                cause = now.cause,
                rules = rules.join(", "),
                "the rules are live"
            );
            self.metrics
                .reloads
                .get_or_create(&ResultLabel { result: "swapped" })
                .inc();
        }
        for rule in &now.rules {
            let Some(problem) = &rule.problem else {
                continue;
            };
            let known = before.rules.iter().any(|old| {
                old.name == rule.name && old.state == rule.state && old.problem == rule.problem
            });
            if !known {
                let what = match rule.state {
                    RuleState::Kept => "the file cannot go live; its last good version runs on",
                    RuleState::Missing => "the rule runs on",
                    RuleState::Refused
                    | RuleState::Live
                    | RuleState::Disabled
                    | RuleState::Pending => "the file cannot be a rule",
                };
                warn!(
                    rule = rule.name,
                    code = problem.code,
                    "{what}: {}",
                    problem.text
                );
                self.metrics
                    .reloads
                    .get_or_create(&ResultLabel { result: "kept" })
                    .inc();
            }
        }
        if let Some(problem) = &now.directory_problem
            && before.directory_problem.as_ref() != Some(problem)
        {
            warn!(
                rules_dir = now.rules_dir,
                "the rules directory: {}", problem.text
            );
        }
    }
}

const NOTHING_BEFORE: &str = "there is no earlier generation to go back to that has not been left by a rollback already; \
    name one that `rulemint rule status` lists";
/// How long a wish may take from the store to here: more than the store is polled for.
const WISH_ARRIVES: Duration = Duration::from_secs(1);
