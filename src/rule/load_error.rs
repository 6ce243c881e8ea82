//! Why a file cannot be a rule, in words for its author.

use super::compile::CompileError;
use super::{CaseFailure, Fault};
use crate::document::Mistake;

/// Why a file cannot be a rule. The texts are for its author.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The manifest has mistakes.
    #[error("{}", listed(.0))]
    Manifest(Vec<Mistake>),
    /// A secret cannot be had.
    #[error("{0}")]
    Secret(String),
    /// What its HTTP requests need cannot be had.
    #[error("{0}")]
    Http(String),
    /// It is something else.
    #[error("{0}")]
    NotARule(&'static str),
    /// It is a script that cannot run, or cannot be evaluated.
    #[error("{0}")]
    Script(String),
    /// It is larger than a rule may be.
    #[error("it has {bytes} bytes and may have {limit} (limits.file_bytes)")]
    TooLarge {
        /// What it has.
        bytes: u64,
        /// What it may have.
        limit: u64,
    },
    /// It wants more to begin with than any rule may have.
    #[error("it wants more than any rule may have: {0}")]
    TooDemanding(String),
    /// It does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It wants what is not offered, or lacks what is wanted.
    #[error("{0}")]
    Mismatch(String),
    /// It cannot even start.
    #[error("starting it failed: {}{}", .0, advice(.0))]
    Start(Fault),
    /// Its check of the settings failed to come to a verdict.
    #[error("its check of the settings failed: {0}")]
    Validate(Fault),
    /// A file beside it is no golden case.
    #[error("{0}")]
    CaseFile(String),
    /// It does not pass a golden case.
    #[error("golden case {case}: {failure}")]
    Case {
        /// Which.
        case: String,
        /// How it came out.
        failure: CaseFailure,
    },
    /// It does not like its settings.
    #[error("it refuses its settings:{}", by_line(.0))]
    Settings(Vec<String>),
}

impl From<Vec<Mistake>> for LoadError {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Manifest(mistakes)
    }
}

impl LoadError {
    /// The text for somebody who is following the advice already.
    pub(crate) fn without_advice(&self) -> String {
        if let Self::Start(fault) = self {
            return format!("starting it failed: {fault}");
        }
        self.to_string()
    }

    /// A short name, for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "manifest",
            Self::Secret(_) => "secret",
            Self::Http(_) => "http",
            Self::NotARule(_) => "not_a_rule",
            Self::Script(_) => "script",
            Self::TooLarge { .. } => "too_large",
            Self::TooDemanding(_) => "too_demanding",
            Self::Compile(CompileError::Invalid(_)) => "invalid",
            Self::Compile(CompileError::Time(_)) => "compile_timeout",
            Self::Compile(CompileError::Memory(_)) => "compile_memory",
            Self::Compile(CompileError::Crashed(_) | CompileError::Spawn(_)) => "compile_failed",
            Self::Mismatch(_) => "mismatch",
            Self::Start(_) => "start",
            Self::Validate(_) => "validate",
            Self::Settings(_) => "settings",
            Self::CaseFile(_) | Self::Case { .. } => "case",
        }
    }
}

/// Where a limit is too small, there is a command that finds out what would be enough.
fn advice(fault: &Fault) -> &'static str {
    match matches!(fault, Fault::Limit(_)) {
        true => "; `rulemint rule check` finds out what it needs",
        false => "",
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    let texts: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
    by_line(&texts).trim_start().to_owned()
}

/// One stays in its sentence; several get a line each.
fn by_line(texts: &[String]) -> String {
    match texts {
        [single] => format!(" {single}"),
        several => several.iter().map(|text| format!("\n  {text}")).collect(),
    }
}
