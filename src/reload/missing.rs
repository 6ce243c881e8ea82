//! Rules that run and whose files are gone: for a moment, for good, or because they have another name now.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Reloader;
use super::assemble::Candidate;
use super::report::{Problem, RuleState};
use super::workshop::Identity;
use crate::rule::Rule;
use crate::rules_dir::Place;

impl Reloader {
    /// The rules that run and were not found. One that was missing a while ago already, and all the time since, is not
    /// among them: it ends. However often and why ever the directory is looked at in between, it has that time to come back.
    /// One that is there under a name that did not run before ends at once: it would run twice.
    pub(super) fn without_a_file(
        &mut self,
        found: &HashSet<Arc<str>>,
        new: &[Identity],
    ) -> Vec<Candidate> {
        let now = self.clock.monotonic();
        let mut missing = HashMap::new();
        let mut candidates = Vec::new();
        for rule in self.live.load().chain.rules() {
            if found.contains(&rule.name) || self.has_moved(rule, new) {
                continue;
            }
            if self.is_required(rule) || self.keep.is_elsewhere() {
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

    /// Whether a rule is there under another name: its file, or one that differs in its number alone. A name that the
    /// configuration requires is not given up for another.
    fn has_moved(&self, rule: &Rule, new: &[Identity]) -> bool {
        let word = Place::of(&rule.name).word;
        let is_it = |other: &Identity| other.has_file_of(rule) || other.word() == word;
        !self.requires(&rule.name) && new.iter().any(is_it)
    }

    fn missing_candidate(&self, rule: &Arc<Rule>) -> Candidate {
        let text = match (self.keep.is_elsewhere(), self.is_required(rule)) {
            (true, _) => format!(
                "it came from {} and is not in this directory; its last version runs on until it is here, or until a \
                 start with --accept-fewer-rules",
                self.keep.origin
            ),
            (false, true) => {
                "its file is gone; it is required, so its last version runs on".to_owned()
            }
            (false, false) => "its file is gone; if it stays away, the rule ends".to_owned(),
        };
        let mut report = self.report_of(&rule.name, Some(rule), RuleState::Missing);
        report.problem = Some(Problem::new("missing", text));
        Candidate {
            rule: Some(Arc::clone(rule)),
            report,
        }
    }
}
