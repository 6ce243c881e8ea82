//! What there is to say about the rules: for the log, `/readyz`, `/metrics` and `rulemint rule status`.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use crate::rule::Digest;

/// The state of the rules directory and of the chain that is live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Report {
    /// The directory.
    pub rules_dir: String,
    /// The number of the live chain.
    pub generation: i64,
    /// When it became live, in Unix seconds.
    pub since: i64,
    /// Why it became live.
    pub cause: String,
    /// Whether it holds against what is in the directory, after a rollback.
    pub rolled_back: bool,
    /// The generation whose rules these are, after a rollback.
    #[serde(default)]
    pub rolled_back_to: Option<i64>,
    /// Every rule that is live or wants to be, in order.
    pub rules: Vec<RuleReport>,
    /// What is wrong with the directory as a whole.
    pub directory_problem: Option<Problem>,
    /// The chains that can be rolled back to, the newest first.
    pub earlier: Vec<EarlierReport>,
    /// The number of the newest wish that was dealt with.
    pub wish: i64,
    /// Why that wish was not granted.
    pub wish_problem: Option<String>,
}

/// One rule that is live or wants to be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RuleReport {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: RuleState,
    /// The SHA-256 of the file that runs, if one does.
    pub digest: Option<Digest>,
    /// What its manifest says it is for.
    pub description: String,
    /// Whether the server must not run without it.
    pub required: bool,
    /// Whether tokens are issued without it when it fails (`on_error = "skip"`).
    pub optional: bool,
    /// Why the file in the directory is not what runs.
    pub problem: Option<Problem>,
}

/// How a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// What is in the directory runs.
    Live,
    /// An earlier version runs, because the file in the directory cannot.
    Kept,
    /// It runs, although its file is gone.
    Missing,
    /// It does not run, and never did.
    Refused,
    /// Its manifest keeps it out of the chain.
    Disabled,
    /// It does not run, and the server has not decided yet: it is being built.
    Pending,
}

impl RuleState {
    /// Its name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Kept => "kept",
            Self::Missing => "missing",
            Self::Refused => "refused",
            Self::Disabled => "disabled",
            Self::Pending => "pending",
        }
    }
}

/// Why a file is not live.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Problem {
    /// A short name, for machines.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub text: String,
}

impl Problem {
    /// The code of a rules directory that is not there: the server runs without rules until it is.
    pub(super) const NO_DIRECTORY: &'static str = "no_directory";

    pub(super) fn new(code: &str, text: String) -> Self {
        Self {
            code: code.to_owned(),
            text,
        }
    }

    /// Whether it is that there is no rules directory.
    pub fn is_no_directory(&self) -> bool {
        self.code == Self::NO_DIRECTORY
    }
}

/// A chain that was live before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct EarlierReport {
    /// Its number.
    pub generation: i64,
    /// When it became live, in Unix seconds.
    pub since: i64,
    /// Why it became live.
    pub cause: String,
    /// Its rules, as `name@digest` with the first twelve digits of the digest.
    pub rules: Vec<String>,
}

impl Report {
    /// The topic it is stored under.
    pub const TOPIC: &'static str = "rules";

    /// What stands in the way of the rules, if anything does: a required rule that does not run.
    pub fn obstacle(&self) -> Option<String> {
        let gone = |rule: &&RuleReport| rule.required && rule.digest.is_none();
        let missing = self.rules.iter().find(gone)?;
        Some(format!("the required rule {} does not run", missing.name))
    }

    /// What somebody should look at, without its reasons: whoever may ask for readiness may not read those. One text for the
    /// directory and one for each state that a rule should not stay in, such as `refused: 41-bad`.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(problem) = &self.directory_problem {
            let what = match problem.is_no_directory() {
                true => "the rules directory is not there",
                false => "the rules directory cannot be read",
            };
            remarks.push(what.to_owned());
        }
        for state in [RuleState::Kept, RuleState::Missing, RuleState::Refused] {
            let such = self.rules.iter().filter(|rule| rule.state == state);
            let names: Vec<&str> = such.map(|rule| rule.name.as_str()).collect();
            if !names.is_empty() {
                remarks.push(format!("{}: {}", state.as_str(), names.join(", ")));
            }
        }
        remarks
    }

    /// How many files are not live as they are.
    pub fn problems(&self) -> usize {
        let rules = self
            .rules
            .iter()
            .filter(|rule| rule.problem.is_some())
            .count();
        rules + usize::from(self.directory_problem.is_some())
    }
}

/// Waits until the reloader of this process has dealt with a wish, but no longer than this.
pub async fn dealt_with(
    report: &ArcSwap<Report>,
    wish: i64,
    within: Duration,
) -> Option<Arc<Report>> {
    let dealt = async {
        loop {
            let now = report.load_full();
            if now.wish >= wish {
                return now;
            }
            sleep(WISH_POLL).await;
        }
    };
    timeout(within, dealt).await.ok()
}

const WISH_POLL: Duration = Duration::from_millis(10);
