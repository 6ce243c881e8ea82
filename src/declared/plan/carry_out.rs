//! Does what a plan says, step by step.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::scripts::{Edit, ScriptWork};
use super::verdict::verdict;
use super::{Action, Kind, Plan, Step};
use crate::audit::By;
use crate::registry::{
    ApiChange, ClientChange, GrantChange, NewApi, NewClient, NewGrant, Registrar, RegistrarError,
};
use crate::reload::WishError;
use crate::rules_dir::{RulesDirError, ScriptChange, ScriptRules};
use crate::store::{Attributes, Store};

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

/// One change of what there is.
pub(super) enum Work {
    AddApi(NewApi),
    ChangeApi(String, ApiChange),
    DeleteApi(String),
    AddClient(NewClient),
    ChangeClient(String, ClientChange),
    DeleteClient(String),
    AddGrant(NewGrant, Attributes),
    ChangeGrant(String, GrantChange),
    DeleteGrant(String),
    /// A value that all scripts share.
    Set(String, SecretString),
    Script(ScriptWork),
    DeleteScript(String),
    Verdict(Verdict),
}

/// A question to the running server: do these scripts run as they are?
pub(super) struct Verdict {
    /// Their names.
    pub(super) scripts: Vec<String>,
    /// Whether it has to look at the directory again.
    pub(super) is_new: bool,
}

/// A plan was carried out.
#[derive(Debug)]
pub struct Done {
    /// The ids of the clients that were given a secret which nobody has seen.
    pub unseen_secrets: Vec<String>,
}

/// A plan was carried out in part.
#[derive(Debug, thiserror::Error)]
#[error(
    "stopped at {failed}. Done: {}. Not done: {}. Apply again to do the rest",
    listed(done),
    listed(not_done)
)]
pub struct Stopped {
    /// The steps that are done.
    pub done: Vec<String>,
    /// The step that failed: nothing of it is done.
    pub failed: String,
    /// The steps behind it.
    pub not_done: Vec<String>,
    /// Why.
    pub source: WorkError,
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

fn listed(steps: &[String]) -> String {
    match steps.is_empty() {
        true => "nothing".to_owned(),
        false => steps.join("; "),
    }
}

impl Plan {
    /// Does it. Each step is whole and durable before the next; the first one that fails ends it. Scripts come first, and the
    /// verdict of a running server on them: no client gets tokens that they have not seen.
    ///
    /// # Errors
    /// With what was done, and what was not.
    pub async fn carry_out(self, hands: &Hands<'_>) -> Result<Done, Stopped> {
        let mut unseen_secrets = Vec::new();
        let mut done = Vec::new();
        let mut steps = self.into_work(hands).into_iter();
        while let Some((told, work)) = steps.next() {
            match work.carry_out(hands).await {
                Ok(unseen) => {
                    unseen_secrets.extend(unseen);
                    done.push(told);
                }
                Err(source) => {
                    return Err(Stopped {
                        done,
                        failed: told,
                        not_done: steps.map(|(told, _)| told).collect(),
                        source,
                    });
                }
            }
        }
        Ok(Done { unseen_secrets })
    }

    fn into_work(self, hands: &Hands<'_>) -> Vec<(String, Work)> {
        let verdict = self.verdict().filter(|_| hands.server.is_some());
        let (guards, rest): (Vec<_>, Vec<_>) = self
            .steps
            .into_iter()
            .partition(|step| step.kind.is_guard());
        let mut work: Vec<_> = guards.into_iter().filter_map(with_work).collect();
        work.extend(verdict);
        work.extend(rest.into_iter().filter_map(with_work));
        work
    }

    /// Scripts that are as declared are asked about, too: an earlier `apply` may have stopped at them.
    fn verdict(&self) -> Option<(String, Work)> {
        let stays = |step: &&Step| step.kind == Kind::Rule && step.action != Action::Delete;
        let scripts = self.steps.iter().filter(stays);
        let verdict = Verdict {
            scripts: scripts.map(|step| step.name.clone()).collect(),
            is_new: self.is_needed(),
        };
        let told = "the server's verdict on the scripts".to_owned();
        (!verdict.scripts.is_empty()).then_some((told, Work::Verdict(verdict)))
    }
}

fn with_work(step: Step) -> Option<(String, Work)> {
    let verb = match step.action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
        Action::Unchanged | Action::Spare => return None,
    };
    let told = format!("{verb} {} {}", step.kind.as_str(), step.name);
    Some((told, step.work?))
}

impl Work {
    /// Gives the id of a client that has a secret now which nobody has seen.
    async fn carry_out(self, hands: &Hands<'_>) -> Result<Option<String>, WorkError> {
        let registrar = hands.registrar;
        match self {
            Self::AddApi(new) => drop(registrar.add_api(new).await?),
            Self::ChangeApi(id, change) => drop(registrar.update_api(&id, change).await?),
            Self::DeleteApi(id) => registrar.delete_api(&id).await?,
            Self::AddClient(new) => {
                let is_given = new.secret.is_some();
                let added = registrar.add_client(new).await?;
                let is_unseen = added.secret.is_some() && !is_given;
                return Ok(is_unseen.then_some(added.client.id));
            }
            Self::ChangeClient(id, change) => {
                let changed = registrar.update_client(&id, change).await?;
                return Ok(changed.secret.map(|_| id));
            }
            Self::DeleteClient(id) => registrar.delete_client(&id).await?,
            Self::AddGrant(new, attributes) => {
                registrar.add_grant_with(new, attributes).await?;
            }
            Self::ChangeGrant(id, change) => drop(registrar.update_grant(&id, change).await?),
            Self::DeleteGrant(id) => registrar.delete_grant(&id).await?,
            Self::Set(key, value) => drop(registrar.set_rules_config(&key, &value).await?),
            Self::Script(work) => work.carry_out(hands)?,
            Self::DeleteScript(id) => drop(hands.scripts.delete(&id)?),
            Self::Verdict(question) => verdict(&question, hands).await?,
        }
        Ok(None)
    }
}

impl ScriptWork {
    fn carry_out(self, hands: &Hands<'_>) -> Result<(), WorkError> {
        fs::create_dir_all(hands.rules_dir).map_err(|source| WorkError::Write {
            path: hands.rules_dir.to_owned(),
            source,
        })?;
        for (id, place) in self.aside {
            let change = ScriptChange {
                order: Some(place),
                ..ScriptChange::default()
            };
            hands.scripts.update(&id, &change)?;
        }
        match self.edit {
            Edit::Change(id, change) => {
                keep_all(&id, &self.secrets, hands)?;
                hands.scripts.update(&id, &change)?;
            }
            Edit::Add(new) => {
                let id = hands.scripts.add(&new)?.id;
                // A script has no id to keep secrets under before it is there.
                keep_all(&id, &self.secrets, hands)?;
            }
        }
        Ok(())
    }
}

/// Keeps secrets of a script, and has its manifest say where.
fn keep_all(
    id: &str,
    secrets: &BTreeMap<String, SecretString>,
    hands: &Hands<'_>,
) -> Result<(), WorkError> {
    if secrets.is_empty() {
        return Ok(());
    }
    let mut files = BTreeMap::new();
    for (name, value) in secrets {
        let path = hands.secrets_dir.join(id).join(name);
        match keep(&path, value) {
            Ok(()) => drop(files.insert(name.clone(), path)),
            Err(source) => return Err(WorkError::Write { path, source }),
        }
    }
    Ok(hands.scripts.name_secrets(id, &files)?)
}

/// Writes a secret, whole or not at all, for the owner alone.
fn keep(file: &Path, value: &SecretString) -> io::Result<()> {
    if let Some(directory) = file.parent() {
        let mut private = fs::DirBuilder::new();
        private.recursive(true).mode(0o700).create(directory)?;
    }
    let draft = file.with_extension("draft");
    let mut options = OpenOptions::new();
    let mut opened = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    opened.write_all(value.expose_secret().as_bytes())?;
    opened.sync_all()?;
    fs::rename(draft, file)
}
