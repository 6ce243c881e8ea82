//! What would have to be done so that there is what is declared.
//!
//! Everything is checked before anything is done, by the rules that the management API has. What can still fail then is the
//! store, or somebody who changes the same things in the same moment.

mod api_servers;
mod apis;
mod carry_out;
mod clients;
mod draft;
mod grants;
mod scripts;
mod settings;
mod verdict;
mod work;

use serde::Serialize;
use serde_json::Value;

pub use carry_out::{Done, Stopped};

use super::{Declared, LeftOut, Registered};
use crate::document::Mistake;
use crate::registry::Registrar;
use draft::Draft;
use work::Work;

/// The steps from what there is to what is declared, in the order they are to be done.
#[derive(Serialize)]
pub struct Plan {
    /// One for each thing that is declared, and for each that is to go.
    pub steps: Vec<Step>,
    /// What this server does not do.
    pub left_out: Vec<LeftOut>,
    /// The scripts that are to be switched on and are new in some way.
    #[serde(skip)]
    pub scripts: Vec<Script>,
}

/// A script that is to run, to be looked at before anything is done.
pub struct Script {
    /// The file that declares it.
    pub place: String,
    /// What it will be called.
    pub name: String,
    /// The script itself.
    pub text: String,
    /// Whether it is there for the first time, and ran for logins of people alone at Auth0.
    pub(super) is_for_people: bool,
}

/// What is declared cannot be done.
pub struct Unplanned {
    /// Everything that is wrong with it.
    pub mistakes: Vec<Mistake>,
    /// The scripts in it that are to be switched on, which may have mistakes of their own.
    pub scripts: Vec<Script>,
}

/// What is to be done about one thing.
#[derive(Serialize)]
pub struct Step {
    /// What it is.
    pub kind: Kind,
    /// What people know it by.
    pub name: String,
    /// What is to be done.
    pub action: Action,
    /// What changes in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    #[serde(skip)]
    work: Option<Work>,
}

impl Step {
    /// One that tells of no property.
    fn new(kind: Kind, name: String, action: Action, work: Option<Work>) -> Self {
        Self {
            kind,
            name,
            action,
            changes: Vec::new(),
            work,
        }
    }
}

/// A kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An API.
    Api,
    /// A client.
    Client,
    /// A client grant.
    Grant,
    /// A client that is an API itself.
    ApiServer,
    /// A value that all scripts share.
    Setting,
    /// A script in the rules directory.
    Rule,
}

impl Kind {
    /// Whether it has a say in tokens: scripts, and what they share.
    const fn is_guard(self) -> bool {
        matches!(self, Self::Setting | Self::Rule)
    }

    /// In words for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Client => "client",
            Self::Grant => "grant",
            Self::ApiServer => "API server",
            Self::Setting => "value",
            Self::Rule => "rule",
        }
    }
}

/// What is done about a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is added.
    Create,
    /// It is changed.
    Update,
    /// It goes.
    Delete,
    /// It is as declared.
    Unchanged,
    /// It is not declared, and stays all the same: it belongs to the management of this server.
    Spare,
}

impl Action {
    /// Whether there is anything to do.
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

/// A property that gets another value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Its name.
    pub property: String,
    /// What it was; null where it was not there.
    pub before: Value,
    /// What it will be; null where it goes.
    pub after: Value,
}

/// What happens to things that are not declared, of the kinds that files speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// They stay.
    Nothing,
    /// They go, but for what the management API is called with.
    Undeclared,
    /// They go, whoever manages this server by them. The management API itself stays.
    Managers,
}

impl Plan {
    /// Compares what is declared with what there is.
    ///
    /// # Errors
    /// Everything declared that cannot be.
    pub fn of(
        declared: &Declared,
        registered: &Registered,
        prune: Prune,
        registrar: &Registrar,
    ) -> Result<Self, Unplanned> {
        let mut draft = Draft::new(declared, registered, prune);
        // What guards tokens is there before anybody can have one.
        settings::plan(&mut draft);
        scripts::plan(&mut draft);
        apis::plan(&mut draft);
        clients::plan(&mut draft, registrar);
        grants::plan(&mut draft);
        api_servers::plan(&mut draft);
        draft.finish()
    }

    /// The names of new scripts that never ran for machines at Auth0.
    pub fn for_people(&self) -> Vec<&str> {
        let such = self.scripts.iter().filter(|script| script.is_for_people);
        such.map(|script| script.name.as_str()).collect()
    }

    /// How many things are added, changed, deleted.
    pub fn count(&self, action: Action) -> usize {
        let such = |step: &&Step| step.action == action;
        self.steps.iter().filter(such).count()
    }

    /// Whether there is anything to do.
    pub fn is_needed(&self) -> bool {
        self.steps.iter().any(|step| step.action.is_change())
    }
}
