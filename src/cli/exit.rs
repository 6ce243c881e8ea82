//! Exit codes, and which failure has which.

use std::fmt;
use std::process::ExitCode;

use crate::backup::BackupError;
use crate::declared::{Stopped, WorkError};
use crate::document::Mistake;
use crate::registry::RegistrarError;
use crate::reload::WishError;
use crate::revocation::RevocationError;
use crate::rules_dir::RulesDirError;
use crate::workbench::deploy::DeployError;
use crate::workbench::scaffold::ScaffoldError;

/// The end of `rulemint --help`.
pub(super) const HELP: &str = "\
Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 the configuration, or what is applied, has
mistakes; 4 there is no such thing, or one already; 5 no: from a server, a check, a test, a comparison or a signature.";

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const CONFIGURATION: u8 = 3;
const NOT_THERE: u8 = 4;
const REFUSED: u8 = 5;

/// The configuration, or what is declared, has mistakes.
#[derive(Debug)]
pub(super) struct Mistakes {
    what: &'static str,
    mistakes: Vec<Mistake>,
}

impl Mistakes {
    pub(super) fn in_configuration(mistakes: Vec<Mistake>) -> Self {
        let what = "the configuration has";
        Self { what, mistakes }
    }

    /// Nothing of it was applied.
    pub(super) fn in_declared(mistakes: Vec<Mistake>) -> Self {
        let what = "nothing was done: what is declared has";
        Self { what, mistakes }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} mistake(s):", self.what, self.mistakes.len())?;
        self.mistakes
            .iter()
            .try_for_each(|mistake| write!(out, "\n  {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

/// There is no such thing.
#[derive(Debug)]
pub(super) struct NotThere(pub(super) String);

impl fmt::Display for NotThere {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for NotThere {}

/// The command did its work, and the verdict is no: a server refuses, a rule does not pass, a token is not valid.
#[derive(Debug)]
pub(super) struct Refused(pub(super) String);

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// The command did its work, and what it compared is not the same. That is what it was asked, and no error.
#[derive(Debug)]
pub(super) struct Differs(pub(super) String);

impl fmt::Display for Differs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Differs {}

pub(super) fn of_failure(failure: &anyhow::Error) -> ExitCode {
    ExitCode::from(if failure.is::<Mistakes>() {
        CONFIGURATION
    } else if is_about_existence(failure) {
        NOT_THERE
    } else if is_no(failure) || is_damage(failure) {
        REFUSED
    } else {
        FAILED
    })
}

/// Whether a server, a check or the like says no.
fn is_no(failure: &anyhow::Error) -> bool {
    let by_server = matches!(
        failure.downcast_ref(),
        Some(WishError::NotGranted(_) | WishError::NoAnswer)
    );
    let is_final = matches!(failure.downcast_ref(), Some(RevocationError::Final { .. }));
    let on_scripts = matches!(
        failure.downcast_ref(),
        Some(Stopped {
            source: WorkError::Refused(_) | WorkError::Ask(_),
            ..
        })
    );
    by_server || is_final || on_scripts || failure.is::<Refused>() || failure.is::<Differs>()
}

/// Whether a thing is missing, or there already.
fn is_about_existence(failure: &anyhow::Error) -> bool {
    let in_registry = matches!(
        failure.downcast_ref(),
        Some(RegistrarError::NotFound { .. } | RegistrarError::Conflict { .. })
    );
    let in_list = matches!(
        failure.downcast_ref(),
        Some(RevocationError::NotFound { .. })
    );
    let in_files = matches!(failure.downcast_ref(), Some(ScaffoldError::Exists(_)))
        || matches!(
            of_rules_dir(failure),
            Some(RulesDirError::NotThere { .. } | RulesDirError::NoDirectory(_))
        );
    let in_rules = matches!(
        failure.downcast_ref(),
        Some(WishError::NeverRan | WishError::NothingEarlier)
    );
    let in_backup = matches!(
        failure.downcast_ref(),
        Some(BackupError::Exists(_) | BackupError::NotEmpty(_) | BackupError::NotOne { .. })
    );
    in_registry || in_list || in_files || in_rules || in_backup || failure.is::<NotThere>()
}

/// Whether a backup was looked at, and is not what was written.
fn is_damage(failure: &anyhow::Error) -> bool {
    matches!(failure.downcast_ref(), Some(BackupError::Damaged { .. }))
}

/// What is wrong in the rules directory, if that is what failed.
fn of_rules_dir(failure: &anyhow::Error) -> Option<&RulesDirError> {
    let deploying = match failure.downcast_ref() {
        Some(DeployError::RulesDir(problem)) => Some(problem),
        _ => None,
    };
    deploying.or_else(|| failure.downcast_ref())
}

/// Help and version are no mistakes.
pub(super) fn of_clap(error: &clap::Error) -> ExitCode {
    match error.use_stderr() {
        true => ExitCode::from(USAGE),
        false => ExitCode::SUCCESS,
    }
}
