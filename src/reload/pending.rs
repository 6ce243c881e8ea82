//! Tells of rules that are found and not built yet: building one can take long.

use std::sync::Arc;

use super::Reloader;
use super::report::{RuleReport, RuleState};
use super::scan::Scan;
use super::step::is_disabled;
use super::workshop::Identity;

impl Reloader {
    /// Lets the commands know of rules of which nothing runs and nothing is known yet. What the server itself goes by stays
    /// as it is until they are built, or are not to be.
    pub(super) async fn tell_pending(&self, scan: &Scan) {
        let pending = self.pending(scan);
        if pending.is_empty() {
            return;
        }
        let before = self.report.load_full();
        let is_start = before.rules_dir.is_empty();
        let mut rules: Vec<RuleReport> = match is_start {
            true => self
                .as_they_are()
                .into_iter()
                .map(|one| one.report)
                .collect(),
            false => before.rules.clone(),
        };
        rules.retain(|rule| pending.iter().all(|name| **name != *rule.name));
        let reports = pending
            .iter()
            .map(|name| self.report_of(name, None, RuleState::Pending));
        rules.extend(reports);
        rules.sort_by(|one, other| one.name.cmp(&other.name));
        let report = self.report_with(rules, &before).await;
        self.write_down(&report).await;
    }

    fn pending(&self, scan: &Scan) -> Vec<Arc<str>> {
        let live = self.live.load();
        let runs = |name: &str| live.chain.rules().iter().any(|rule| &*rule.name == name);
        let found = scan.found.iter().filter(|(name, found)| {
            let is_new = |source| {
                !is_disabled(source) && self.workshop.known(&Identity::of(source)).is_none()
            };
            !runs(name) && found.as_ref().is_ok_and(is_new)
        });
        found.map(|(name, _)| Arc::clone(name)).collect()
    }
}
