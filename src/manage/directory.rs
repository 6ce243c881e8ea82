//! The rules directory as the management API changes it: a file is written, and the reloader's verdict is waited for.

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
use crate::rules_dir::{NewScript, RulesDirError, ScriptChange, ScriptRule, ScriptRules};
use crate::store::{RuleWritten, Store};

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

    /// Adds a script, and waits until it is known whether it runs.
    ///
    /// # Errors
    /// As [`ScriptRules::add`], or when the store does not answer.
    pub(super) async fn add(
        &self,
        caller: &Caller,
        new: NewScript,
    ) -> Result<ScriptRule, ManageError> {
        let added = self.work(move |scripts| scripts.add(&new)).await?;
        self.written(caller, (None, Some(&added))).await?;
        Ok(added)
    }

    /// Changes a script, and waits until it is known whether it runs.
    ///
    /// # Errors
    /// As [`ScriptRules::update`], or when the store does not answer.
    pub(super) async fn update(
        &self,
        caller: &Caller,
        (id, change): (String, ScriptChange),
    ) -> Result<ScriptRule, ManageError> {
        let update = move |scripts: &ScriptRules| {
            let before = scripts.one(&id)?;
            Ok((before, scripts.update(&id, &change)?))
        };
        let (before, after) = self.work(update).await?;
        self.written(caller, (Some(&before), Some(&after))).await?;
        Ok(after)
    }

    /// Deletes a script, and waits until it has ended.
    ///
    /// # Errors
    /// As [`ScriptRules::delete`], or when the store does not answer.
    pub(super) async fn delete(&self, caller: &Caller, id: String) -> Result<(), ManageError> {
        let deleted = self.work(move |scripts| scripts.delete(&id)).await?;
        self.written(caller, (Some(&deleted), None)).await
    }

    async fn written(
        &self,
        caller: &Caller,
        (before, after): (Option<&ScriptRule>, Option<&ScriptRule>),
    ) -> Result<(), ManageError> {
        let named = after.or(before);
        let written = RuleWritten {
            name: named.map(|rule| rule.file.clone()).unwrap_or_default(),
            before: before.map(told),
            after: after.map(told),
        };
        let by = caller.actor.by(self.clock.unix_seconds().cast_signed());
        let wish = self.store.rule_written(written, by).await?;
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
