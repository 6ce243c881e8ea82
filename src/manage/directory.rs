//! The rules directory as the management API changes it: the change is written down and made, and the reloader's verdict is
//! waited for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::access::Caller;
use super::error::ManageError;
use crate::clock::Clock;
use crate::follow::Nudge;
use crate::reload::{Report, RuleState, dealt_with};
use crate::rule::Digest;
use crate::rules_dir::{Prepared, RulesDirError, ScriptRule, ScriptRules};
use crate::store::{RuleChange, Store};

/// The rules directory, and what is said about it.
pub(super) struct Directory {
    pub(super) scripts: ScriptRules,
    pub(super) store: Store,
    pub(super) report: Arc<ArcSwap<Report>>,
    pub(super) nudge: Nudge,
    pub(super) clock: Arc<dyn Clock>,
}

/// How a script stands, and why.
pub(super) struct Standing {
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
}

impl Directory {
    /// Does something with the files.
    ///
    /// # Errors
    /// What it says.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ScriptRules) -> Result<T, RulesDirError> + Send + 'static,
    ) -> Result<T, ManageError> {
        let scripts = self.scripts.clone();
        let done = spawn_blocking(move || work(&scripts)).await;
        let broke_off = |problem: tokio::task::JoinError| RulesDirError::Read {
            path: PathBuf::new(),
            why: problem.to_string(),
        };
        Ok(done.map_err(broke_off)??)
    }

    /// Makes a change: writes down who makes it, makes it, and waits until it is known what came of it. Nothing is changed
    /// that could not be written down; what was prepared well and fails all the same is in the server's log.
    ///
    /// # Errors
    /// When the store does not answer, or a file cannot be changed.
    pub(super) async fn make(
        &self,
        caller: &Caller,
        prepared: Prepared,
    ) -> Result<(), ManageError> {
        let named = prepared.after.as_ref().or(prepared.before.as_ref());
        let change = RuleChange {
            name: named.map(|rule| rule.file.clone()).unwrap_or_default(),
            before: prepared.before.as_ref().map(told),
            after: prepared.after.as_ref().map(told),
        };
        let by = caller.actor.by(self.clock.unix_seconds().cast_signed());
        let wish = self.store.record_rule_change(change, by).await?;
        self.work(move |_| prepared.carry_out()).await?;
        self.settle(wish).await;
        Ok(())
    }

    /// Waits until a wish about the rules has been dealt with. That takes as long as compiling does; nobody is kept waiting
    /// for ever, and what is not decided by then is told as pending.
    pub(super) async fn settle(&self, wish: i64) {
        self.nudge.caught_up().await;
        dealt_with(&self.report, wish, VERDICT_WAIT).await;
    }

    /// How a script stands at this moment.
    pub(super) fn standing(&self, rule: &ScriptRule) -> Standing {
        let report = self.report.load();
        let pending = |reason: &str| Standing {
            state: "pending",
            reason: Some(reason.to_owned()),
        };
        if let Some(problem) = &report.directory_problem {
            return pending(&problem.text);
        }
        if report.rolled_back {
            return pending("rolled back: what is in the directory waits until it changes");
        }
        let Some(said) = report.rules.iter().find(|said| said.name == rule.file) else {
            return pending("the server has not looked at it yet");
        };
        let digest = Some(Digest::of(rule.script.as_bytes()));
        if said.state == RuleState::Live && said.digest != digest {
            return pending("the server has not looked at this version yet");
        }
        Standing {
            state: said.state.as_str(),
            reason: said.problem.as_ref().map(|problem| problem.text.clone()),
        }
    }
}

/// What the audit log says of a script: which text it was, and not the text.
fn told(rule: &ScriptRule) -> Value {
    json!({
        "file": rule.file, "name": rule.name, "order": rule.order, "enabled": rule.enabled,
        "sha256": Digest::of(rule.script.as_bytes()).to_string(),
    })
}

/// Long enough for a script's first compilation on most machines, and shorter than clients wait.
const VERDICT_WAIT: Duration = Duration::from_secs(8);
