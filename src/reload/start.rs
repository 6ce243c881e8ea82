//! Whether a server can start with the rules that were found.

use super::Reloader;
use super::report::{Problem, RuleState};
use crate::store::StoreError;

impl Reloader {
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
