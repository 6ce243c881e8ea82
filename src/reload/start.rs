//! The first look at the rules directory, and whether a server can start with what it found.
//!
//! A server that starts takes up where the last one ended: what was good then is brought back first, and a file that cannot
//! be a rule keeps nobody from going on with it. What must not happen is that tokens go out with fewer rules than before
//! because something could not be read or brought back.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::Reloader;
use super::assemble::{Candidate, Found};
use super::keep::Why;
use super::report::{RuleReport, RuleState};
use super::scan::Scan;
use crate::rule::Chain;
use crate::store::StoreError;

/// The chain that was live when the server last ran.
struct Last {
    /// Its number.
    generation: i64,
    /// Its rules that could not be brought back although no token may be without them, and why.
    lost: Vec<(Arc<str>, String)>,
}

impl Reloader {
    /// Brings the chain that was live last back, and makes it equal to the directory as far as that can be.
    ///
    /// # Errors
    /// When a rule cannot run that must, or the store does not answer.
    pub(super) async fn begin(&mut self) -> Result<(), StartError> {
        let last = self.restore().await?;
        let scan = match self.settled_scan().await {
            Ok(scan) => scan,
            Err(problem) => {
                self.report_directory(&problem).await;
                return self.check_without_directory(last.as_ref());
            }
        };
        self.places = Some(scan.places.clone());
        self.seen = Some(scan.seen());
        if self.holds_against(&scan) {
            self.check_whole(last.as_ref())?;
            self.hold(&scan).await;
            return Ok(());
        }
        let found = self.build_for_start(&scan).await;
        let candidates = self.assemble(found);
        // Before anything is written down: the next start must not take less for what was live last.
        self.check_found(last.as_ref(), &candidates)?;
        self.check_origin(last.as_ref(), &candidates)?;
        self.go_live(candidates, "the server started").await;
        Ok(())
    }

    async fn build_for_start(&mut self, scan: &Scan) -> Vec<Found> {
        loop {
            // Nobody can ask for anything yet that would make it stop.
            if let Ok(found) = self.build(scan, None).await {
                return found;
            }
        }
    }

    async fn restore(&mut self) -> Result<Option<Last>, StoreError> {
        let Some(last) = self.keep.last().await? else {
            return Ok(None);
        };
        let (mut rules, mut lost) = (Vec::with_capacity(last.rules.len()), Vec::new());
        let loaded = self.load_kept(&last).await.into_iter();
        for (kept, (name, loaded)) in last.rules.iter().zip(loaded) {
            match loaded {
                Ok(rule) => rules.push(rule),
                Err(problem) => {
                    warn!(rule = &*name, problem, "the last good version cannot run");
                    if !kept.is_optional() {
                        lost.push((name, problem));
                    }
                }
            }
        }
        self.current = Why {
            cause: last.row.cause,
            holds: last.row.holds.and_then(|digest| digest.parse().ok()),
            since: last.row.created_at,
        };
        self.put_in_force(Chain::new(rules, last.row.number));
        self.set_out_from(last.row.rules_dir);
        let generation = last.row.number;
        Ok(Some(Last { generation, lost }))
    }

    /// Rules of another directory do not end because they are not in this one, unless somebody has said so.
    fn set_out_from(&mut self, origin: String) {
        if origin == self.keep.rules_dir {
            return;
        }
        match self.config.accept_fewer {
            true => self.confirm_missing = Duration::ZERO,
            false => self.keep.origin = origin,
        }
    }

    /// The directory cannot be read: what was live last runs on.
    fn check_without_directory(&self, last: Option<&Last>) -> Result<(), StartError> {
        self.check_whole(last)?;
        let problems = match &self.report.load().directory_problem {
            Some(problem) if last.is_none() && !problem.is_no_directory() => {
                vec![problem.text.clone()]
            }
            _ => Vec::new(),
        };
        self.verdict(problems)
    }

    /// The chain that was live last runs as it was, or not at all.
    fn check_whole(&self, last: Option<&Last>) -> Result<(), StartError> {
        let lost = last.iter().flat_map(|last| &last.lost);
        let text = |(name, problem): &(Arc<str>, String)| {
            format!("{name}: its last good version cannot run: {problem}")
        };
        let mut problems: Vec<String> = lost.map(text).collect();
        if problems.is_empty() {
            let live = self.live.load();
            let names = live.chain.rules().iter().map(|rule| &*rule.name);
            problems = self.not_there(&names.collect::<Vec<_>>());
        }
        self.verdict(problems)
    }

    /// A file that cannot be a rule is in the way where nothing ran before, where it must run, and where it is in the
    /// place of a rule that ran and cannot be brought back.
    fn check_found(&self, last: Option<&Last>, candidates: &[Candidate]) -> Result<(), StartError> {
        let is_needed = |rule: &RuleReport| match last {
            None => !rule.optional,
            Some(last) => {
                let is_lost = last.lost.iter().any(|(name, _)| **name == *rule.name);
                rule.required || is_lost
            }
        };
        let reports = || candidates.iter().map(|candidate| &candidate.report);
        let refused = reports().filter(|rule| rule.state == RuleState::Refused && is_needed(rule));
        let text = |rule: &RuleReport| {
            let problem = rule.problem.as_ref().map_or("", |problem| &problem.text);
            format!("{}: {problem}", rule.name)
        };
        let mut problems: Vec<String> = refused.map(text).collect();
        let names: Vec<&str> = reports().map(|rule| rule.name.as_str()).collect();
        problems.extend(self.not_there(&names));
        self.verdict(problems)
    }

    /// Another directory than that of the last chain has all of its rules: nobody is to lose them by a path.
    fn check_origin(
        &self,
        last: Option<&Last>,
        candidates: &[Candidate],
    ) -> Result<(), StartError> {
        let Some(last) = last.filter(|_| self.keep.is_elsewhere()) else {
            return Ok(());
        };
        let reports = || candidates.iter().map(|candidate| &candidate.report);
        let absent = reports().filter(|rule| rule.state == RuleState::Missing);
        let lost = last.lost.iter().map(|(name, _)| &**name);
        let lost = lost.filter(|name| !reports().any(|rule| rule.name == **name));
        let missing: Vec<&str> = absent.map(|rule| &*rule.name).chain(lost).collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(StartError::OtherDirectory {
                rules_dir: self.keep.rules_dir.clone(),
                origin: self.keep.origin.clone(),
                generation: last.generation,
                missing: missing.join(", "),
            }),
        }
    }

    fn not_there(&self, names: &[&str]) -> Vec<String> {
        let required = self.config.required.iter();
        required
            .filter(|name| !names.contains(&name.as_str()))
            .map(|name| format!("{name}: it is required and there is no such rule"))
            .collect()
    }

    fn verdict(&self, problems: Vec<String>) -> Result<(), StartError> {
        match problems.is_empty() {
            true => Ok(()),
            false => Err(StartError::Rules {
                rules_dir: self.keep.rules_dir.clone(),
                problems,
            }),
        }
    }
}

/// The server cannot start with these rules.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Rules that must run cannot.
    #[error("start with the rules in {rules_dir}:{}", listed(.problems))]
    Rules {
        /// The directory.
        rules_dir: String,
        /// What is wrong, one text for each rule.
        problems: Vec<String>,
    },
    /// The rules that were live last came from another directory and are not in this one.
    #[error(
        "start with the rules in {rules_dir}: generation {generation}, which was live last, came from {origin}, and \
         {missing} of it is not here; put it here, name its directory (--rules-dir), or let it end \
         (--accept-fewer-rules)"
    )]
    OtherDirectory {
        /// The directory.
        rules_dir: String,
        /// The one that the last chain came from.
        origin: String,
        /// The last chain's number.
        generation: i64,
        /// The names of the rules that are not there.
        missing: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(problems: &[String]) -> String {
    problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect()
}
