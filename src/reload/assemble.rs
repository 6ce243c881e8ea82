//! Decides for each rule which version of it is to run, and says why.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Reloader;
use super::report::{Problem, RuleReport, RuleState};
use super::workshop::Identity;
use crate::rule::{OnError, Rule};

/// A rule file and what became of it.
pub(super) struct Found {
    pub(super) name: Arc<str>,
    pub(super) identity: Option<Identity>,
    /// Whether its manifest says that tokens may be issued without it.
    pub(super) optional: bool,
    /// `None` where its manifest keeps it out of the chain.
    pub(super) result: Result<Option<Arc<Rule>>, Problem>,
}

/// A rule that is to be in the next chain, or wanted to be.
pub(super) struct Candidate {
    pub(super) rule: Option<Arc<Rule>>,
    pub(super) report: RuleReport,
}

impl Reloader {
    /// Decides for each rule which version of it is to run.
    pub(super) fn assemble(&mut self, found: Vec<Found>) -> Vec<Candidate> {
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

    pub(super) fn report_of(
        &self,
        name: &str,
        rule: Option<&Arc<Rule>>,
        state: RuleState,
    ) -> RuleReport {
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
}
