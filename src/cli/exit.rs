//! Exit codes, and which failure has which.

use std::fmt;
use std::process::ExitCode;

use crate::backup::BackupError;
use crate::data_dir::DataDirError;
use crate::declared::{ExportError, Stopped, WorkError};
use crate::document::Mistake;
use crate::registry::RegistrarError;
use crate::reload::WishError;
use crate::revocation::RevocationError;
use crate::rules_dir::RulesDirError;
use crate::server::StartError;
use crate::workbench::deploy::DeployError;
use crate::workbench::scaffold::ScaffoldError;

/// The end of `rulemint --help`.
pub(super) const HELP: &str = "\
Exit codes:
  0  done
  1  failed
  2  the command line is wrong
  3  the configuration, or what is applied, has mistakes
  4  there is no such thing, or one already
  5  no: from a server, a check, a test, a comparison or a signature";

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

    /// In a sentence, for what lists them beside it.
    pub(super) fn sentence(&self) -> String {
        format!("{} {} mistake(s)", self.what, self.mistakes.len())
    }

    /// Each of them.
    pub(super) fn all(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// Nothing of it was applied.
    pub(super) fn in_declared(mistakes: Vec<Mistake>) -> Self {
        let what = "nothing was done: what is declared has";
        Self { what, mistakes }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.sentence())?;
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
    let known = [
        code(failure, |_: &Mistakes| CONFIGURATION),
        code(failure, |_: &NotThere| NOT_THERE),
        code(failure, |_: &Refused| REFUSED),
        code(failure, |_: &Differs| REFUSED),
        code(failure, of_registrar),
        code(failure, of_revocation),
        code(failure, of_wish),
        code(failure, of_scaffold),
        code(failure, of_rules_dir),
        code(failure, of_deploy),
        code(failure, of_backup),
        code(failure, of_export),
        code(failure, of_start),
        code(failure, |stopped: &Stopped| of_work(&stopped.source)),
    ];
    ExitCode::from(known.into_iter().flatten().next().unwrap_or(FAILED))
}

/// The code of a failure, if it is of this type.
fn code<E: std::error::Error + Send + Sync + 'static>(
    failure: &anyhow::Error,
    of: fn(&E) -> u8,
) -> Option<u8> {
    failure.downcast_ref().map(of)
}

fn of_registrar(error: &RegistrarError) -> u8 {
    match error {
        RegistrarError::NotFound { .. } | RegistrarError::Conflict { .. } => NOT_THERE,
        RegistrarError::InUse { .. }
        | RegistrarError::TooManyCredentials { .. }
        | RegistrarError::Invalid(_)
        | RegistrarError::Protected(_)
        | RegistrarError::ForeignScope { .. }
        | RegistrarError::Key(_)
        | RegistrarError::Store(_) => FAILED,
    }
}

fn of_export(error: &ExportError) -> u8 {
    match error {
        ExportError::Exists(_) => NOT_THERE,
        ExportError::Write { .. } | ExportError::Yaml(_) => FAILED,
    }
}

/// A server is a thing that may be there already; why else one does not start has many reasons.
fn of_start(error: &StartError) -> u8 {
    match matches!(error, StartError::DataDir(DataDirError::InUse { .. })) {
        true => NOT_THERE,
        false => FAILED,
    }
}

fn of_revocation(error: &RevocationError) -> u8 {
    match error {
        RevocationError::NotFound { .. }
        | RevocationError::Unknown { .. }
        | RevocationError::UnknownGrant(_) => NOT_THERE,
        RevocationError::Final { .. } => REFUSED,
        RevocationError::Invalid(_)
        | RevocationError::Full { .. }
        | RevocationError::TooManyCutoffs { .. }
        | RevocationError::Store(_) => FAILED,
    }
}

fn of_wish(error: &WishError) -> u8 {
    match error {
        WishError::NeverRan | WishError::NothingEarlier | WishError::NoGeneration(_) => NOT_THERE,
        WishError::NotGranted(_) | WishError::NoAnswer => REFUSED,
        WishError::Unreadable(_) | WishError::Store(_) => FAILED,
    }
}

fn of_scaffold(error: &ScaffoldError) -> u8 {
    match error {
        ScaffoldError::Exists(_) => NOT_THERE,
        ScaffoldError::Name(_) | ScaffoldError::Write { .. } => FAILED,
    }
}

fn of_rules_dir(error: &RulesDirError) -> u8 {
    match error {
        RulesDirError::NotThere { .. } | RulesDirError::NoDirectory(_) => NOT_THERE,
        RulesDirError::ReadOnly { .. }
        | RulesDirError::Conflict(_)
        | RulesDirError::Invalid(_)
        | RulesDirError::Read { .. }
        | RulesDirError::Write { .. } => FAILED,
    }
}

fn of_deploy(error: &DeployError) -> u8 {
    match error {
        DeployError::RulesDir(problem) => of_rules_dir(problem),
        DeployError::InPlace(_) => FAILED,
    }
}

/// A backup that was looked at and is not what was written is a no.
fn of_backup(error: &BackupError) -> u8 {
    match error {
        BackupError::Exists(_) | BackupError::NotEmpty(_) | BackupError::NotOne { .. } => NOT_THERE,
        BackupError::Damaged { .. } => REFUSED,
        BackupError::File { .. }
        | BackupError::Newer { .. }
        | BackupError::NoMasterKey(_)
        | BackupError::Rules(_)
        | BackupError::DataDir(_)
        | BackupError::Store(_)
        | BackupError::MasterKey(_)
        | BackupError::Keys(_)
        | BackupError::Revocation(_) => FAILED,
    }
}

fn of_work(error: &WorkError) -> u8 {
    match error {
        WorkError::Refused(_) | WorkError::Ask(_) => REFUSED,
        WorkError::Registrar(_) | WorkError::RulesDir(_) | WorkError::Write { .. } => FAILED,
    }
}

/// Help and version are no mistakes.
pub(super) fn of_clap(error: &clap::Error) -> ExitCode {
    match error.use_stderr() {
        true => ExitCode::from(USAGE),
        false => ExitCode::SUCCESS,
    }
}
