//! Does what a plan says, step by step.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::verdict::{Question, verdict};
use super::work::{Edit, ScriptWork, Work};
use super::{Action, Kind, Plan, Step};
use crate::declared::{Hands, WorkError};
use crate::rules_dir::ScriptChange;

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

fn listed(steps: &[String]) -> String {
    match steps.is_empty() {
        true => "nothing".to_owned(),
        false => steps.join("; "),
    }
}

impl Plan {
    /// Does it. Each step is whole and durable before the next; the first one that fails ends it. Scripts come first, and the
    /// verdict of a running server on them: no client gets tokens that they have not seen. Scripts that nobody declares any more
    /// go last, where they are in nobody's way.
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
        let (guards, rest): (Vec<_>, Vec<_>) = self.steps.into_iter().partition(Step::comes_first);
        let mut work: Vec<_> = guards.into_iter().filter_map(with_work).collect();
        work.extend(verdict);
        work.extend(rest.into_iter().filter_map(with_work));
        work
    }

    /// Scripts that are as declared are asked about, too: an earlier `apply` may have stopped at them.
    fn verdict(&self) -> Option<(String, Work)> {
        let stays = |step: &&Step| step.kind == Kind::Rule && step.action != Action::Delete;
        let scripts = self.steps.iter().filter(stays);
        let question = Question {
            scripts: scripts.map(|step| step.name.clone()).collect(),
            is_new: self.is_needed(),
        };
        let told = "the server's verdict on the scripts".to_owned();
        (!question.scripts.is_empty()).then_some((told, Work::Verdict(question)))
    }
}

impl Step {
    /// Whether it is done before anybody gets tokens by what follows.
    const fn comes_first(&self) -> bool {
        let is_last = matches!(
            self.work,
            Some(Work::DeleteScript {
                gives_way: false,
                ..
            })
        );
        self.kind.is_guard() && !is_last
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
            Self::Serve(id, api) => drop(registrar.serve_api(&id, &api).await?),
            Self::StopServing(id, api) => registrar.stop_serving_api(&id, &api).await?,
            Self::Set(key, value) => drop(registrar.set_rules_config(&key, &value).await?),
            Self::Script(work) => work.carry_out(hands)?,
            Self::DeleteScript { id, .. } => hands.scripts.delete(&id)?,
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
