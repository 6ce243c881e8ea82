//! Does what a plan says, step by step.

use super::{Plan, Step};
use crate::registry::{
    ApiChange, ClientChange, GrantChange, NewApi, NewClient, NewGrant, Registrar, RegistrarError,
};
use crate::store::Attributes;

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
    pub source: RegistrarError,
}

fn listed(steps: &[String]) -> String {
    match steps.is_empty() {
        true => "nothing".to_owned(),
        false => steps.join("; "),
    }
}

impl Plan {
    /// Does it. Each step is whole and durable before the next; the first one that fails ends it.
    ///
    /// # Errors
    /// With what was done, and what was not.
    pub async fn carry_out(self, registrar: &Registrar) -> Result<Done, Stopped> {
        let mut unseen_secrets = Vec::new();
        let mut done = Vec::new();
        let mut steps = self.steps.into_iter().filter_map(with_work);
        while let Some((told, work)) = steps.next() {
            match work.carry_out(registrar).await {
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
}

fn with_work(step: Step) -> Option<(String, Work)> {
    let verb = match step.action {
        super::Action::Create => "create",
        super::Action::Update => "update",
        super::Action::Delete => "delete",
        super::Action::Unchanged | super::Action::Spare => return None,
    };
    let told = format!("{verb} {} {}", step.kind.as_str(), step.name);
    Some((told, step.work?))
}

impl Work {
    /// Gives the id of a client that has a secret now which nobody has seen.
    async fn carry_out(self, registrar: &Registrar) -> Result<Option<String>, RegistrarError> {
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
        }
        Ok(None)
    }
}
