//! What a running server says of scripts that were put into its directory.

use crate::declared::{Hands, WorkError};
use crate::reload::{Report, RuleState, Standing, Wish};
use crate::rule::Digest;
use crate::rules_dir::ScriptRule;

/// A question to the running server: do these scripts run as they are?
pub(super) struct Question {
    /// Their names.
    pub(super) scripts: Vec<String>,
    /// Whether it has to look at the directory again.
    pub(super) is_new: bool,
}

/// Waits until the server has looked at the directory, and then has every script that is switched on run as it is.
///
/// # Errors
/// When one does not, or the server does not answer. Without a server nobody is asked: its next start loads all.
pub(super) async fn verdict(question: &Question, hands: &Hands<'_>) -> Result<(), WorkError> {
    let Some(server) = &hands.server else {
        return Ok(());
    };
    let report = match question.is_new {
        true => Wish::Reload.make(server.store, server.by).await?,
        false => Standing::read(server.store).await?.report,
    };
    let scripts = hands.scripts.all()?;
    let asked = |rule: &&ScriptRule| rule.enabled && question.scripts.contains(&rule.name);
    let asked = scripts.iter().filter(asked);
    let refused: Vec<String> = asked.filter_map(|rule| refusal(&report, rule)).collect();
    match refused.is_empty() {
        true => Ok(()),
        false => Err(WorkError::Refused(refused)),
    }
}

/// Why a script is not what runs.
fn refusal(report: &Report, rule: &ScriptRule) -> Option<String> {
    let said = report.rules.iter().find(|said| said.name == rule.file);
    let own = said.and_then(|said| said.problem.as_ref());
    if let Some(problem) = own.or(report.directory_problem.as_ref()) {
        return Some(format!("{}: {}", rule.file, problem.text));
    }
    let digest = Some(Digest::of(rule.script.as_bytes()));
    let runs = said.is_some_and(|said| said.state == RuleState::Live && said.digest == digest);
    let other = || {
        format!(
            "{}: it is not what runs; see `rulemint rule status`",
            rule.file
        )
    };
    (!runs).then(other)
}
