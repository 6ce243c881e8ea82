//! What a plan is carried out with, and why a step of it fails.

use std::io;
use std::path::{Path, PathBuf};

use crate::audit::By;
use crate::registry::{Registrar, RegistrarError};
use crate::reload::WishError;
use crate::rules_dir::{RulesDirError, ScriptRules};
use crate::store::Store;

/// What changes are made with.
pub struct Hands<'h> {
    /// Changes clients, APIs and grants.
    pub registrar: &'h Registrar,
    /// Changes scripts.
    pub scripts: &'h ScriptRules,
    /// The rules directory, which is made where it is missing.
    pub rules_dir: &'h Path,
    /// Where secrets of scripts are kept: a directory that is the owner's alone.
    pub secrets_dir: &'h Path,
    /// The server that runs beside this, if one does.
    pub server: Option<Server<'h>>,
}

/// A running server, which is asked for its verdict on scripts.
pub struct Server<'h> {
    /// Where it is asked, and answers.
    pub store: &'h Store,
    /// Who asks.
    pub by: By<'h>,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// What the registrar said.
    #[error(transparent)]
    Registrar(#[from] RegistrarError),
    /// What the rules directory said.
    #[error(transparent)]
    RulesDir(#[from] RulesDirError),
    /// The server gives no verdict.
    #[error("ask the running server whether the scripts run")]
    Ask(#[from] WishError),
    /// The server's verdict is no.
    #[error(
        "the running server refuses scripts, or runs others in their place:{}",
        lines(.0)
    )]
    Refused(Vec<String>),
    /// A file cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn lines(refused: &[String]) -> String {
    let lines = refused.iter().map(|line| format!("\n  {line}"));
    lines.collect()
}
