//! Decides for each rule which version of it is to run, and says why.

use std::collections::HashSet;
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
        let is_new = |one: &&Found| running(&one.name).is_none() && one.result.is_ok();
        let new: Vec<Identity> = (found.iter().filter(is_new))
            .filter_map(|one| one.identity.clone())
            .collect();
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
        candidates.extend(self.without_a_file(&names, &new));
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
                None => self.requires(name),
            },
            optional: rule.is_some_and(|rule| rule.manifest.on_error == OnError::Skip),
            problem: None,
        }
    }

    pub(super) fn is_required(&self, rule: &Rule) -> bool {
        rule.manifest.required || self.requires(&rule.name)
    }

    /// Whether the configuration requires a rule of this name.
    pub(super) fn requires(&self, name: &str) -> bool {
        self.config.required.iter().any(|required| required == name)
    }
}
