//! Puts a chain in force, and writes it down first.

use std::sync::Arc;

use tracing::{error, warn};

use super::Reloader;
use super::assemble::Candidate;
use super::keep::{Why, same_rules};
use super::report::RuleState;
use crate::rule::{Chain, Rule};

impl Reloader {
    /// Replaces the chain, if the next one is another.
    pub(super) async fn go_live(&mut self, candidates: Vec<Candidate>, cause: &str) {
        let rules: Vec<Arc<Rule>> = candidates
            .iter()
            .filter_map(|one| one.rule.clone())
            .collect();
        let next = Chain::new(rules, 0);
        let was_elsewhere = self.keep.is_elsewhere();
        let is_missing = |one: &Candidate| one.report.state == RuleState::Missing;
        if !candidates.iter().any(is_missing) {
            self.keep.arrive();
        }
        if !same_rules(&self.live.load().chain, next.rules()) {
            let why = Why {
                cause: cause.to_owned(),
                holds: None,
                since: self.clock.unix_seconds().cast_signed(),
            };
            self.swap(next, why).await;
        } else {
            let is_equal = candidates.iter().all(|one| one.report.problem.is_none());
            // The directory is what was gone back to: there is nothing left to hold against.
            let was_held = is_equal && self.current.holds.take().is_some();
            if was_held || was_elsewhere && !self.keep.is_elsewhere() {
                self.amend().await;
            }
        }
        self.publish(candidates).await;
    }

    /// What is live stays; where it came from, or what it holds against, is another matter now.
    pub(super) async fn amend(&self) {
        let generation = self.live.load().chain.generation;
        if let Err(problem) = self.keep.amend(generation, &self.current).await {
            warn!(%problem, "it could not be written down where the rule chain came from");
        }
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
}
