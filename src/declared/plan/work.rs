//! What a step does: one change of what there is, or one question.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::verdict::Question;
use crate::registry::{ApiChange, ClientChange, GrantChange, NewApi, NewClient, NewGrant};
use crate::rules_dir::{NewScript, ScriptChange};
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
    /// A client by its id, and an API by its identifier.
    Serve(String, String),
    StopServing(String, String),
    /// A value that all scripts share.
    Set(String, SecretString),
    Script(ScriptWork),
    DeleteScript {
        id: String,
        /// Whether another script takes its place.
        gives_way: bool,
    },
    Verdict(Question),
}

/// What is done about one script.
pub(super) struct ScriptWork {
    /// Those that stand where it is to stand, with places to wait at: each gets its own in a later step.
    pub(super) aside: Vec<(String, u16)>,
    pub(super) edit: Edit,
    /// Secrets that files give the script, to be kept where its manifest says.
    pub(super) secrets: BTreeMap<String, SecretString>,
}

pub(super) enum Edit {
    Add(NewScript),
    Change(String, ScriptChange),
}
