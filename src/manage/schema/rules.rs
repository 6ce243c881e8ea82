//! What is in bodies and answers about rules.

#![expect(
    dead_code,
    reason = "bodies are read member by member: this is what their senders are told"
)]

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A script that is added.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct RuleCreate {
    /// What people and tools call it.
    #[schema(
        max_length = 255,
        pattern = "^[A-Za-z0-9_]([A-Za-z0-9 _.-]*[A-Za-z0-9_])?$"
    )]
    name: String,
    /// JavaScript: a Rule, a Hook or an Action.
    #[schema(max_length = 1_000_000, pattern = r"\S")]
    script: String,
    /// Its number in the chain: lower ones run first. Behind all others where nothing is said.
    #[schema(minimum = 0, maximum = 9_999)]
    order: Option<u16>,
    /// Whether it is to run; it is where nothing is said.
    enabled: Option<bool>,
    stage: Option<Stage>,
}

/// What changes in a script.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct RuleUpdate {
    /// What people and tools call it.
    #[schema(
        max_length = 255,
        pattern = "^[A-Za-z0-9_]([A-Za-z0-9 _.-]*[A-Za-z0-9_])?$"
    )]
    name: Option<String>,
    /// JavaScript: a Rule, a Hook or an Action.
    #[schema(max_length = 1_000_000, pattern = r"\S")]
    script: Option<String>,
    /// Its number in the chain: lower ones run first.
    #[schema(minimum = 0, maximum = 9_999)]
    order: Option<u16>,
    /// Whether it is to run.
    enabled: Option<bool>,
    stage: Option<Stage>,
}

/// A script in the rules directory.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct Rule {
    id: String,
    name: String,
    script: String,
    /// Its number in the chain, if the name of its file has one.
    #[schema(nullable = false)]
    order: Option<u16>,
    enabled: bool,
    stage: Stage,
    /// How it stands.
    state: State,
    /// Why what is in the directory does not run.
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// When a rule runs: there is one moment here.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::manage) enum Stage {
    LoginSuccess,
}

/// Whether a rule runs.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::manage) enum State {
    /// It runs as it is in the directory.
    Live,
    /// An earlier version runs.
    Kept,
    /// It runs, although its file is gone.
    Missing,
    /// It does not run, and never did.
    Refused,
    /// It does not run, as was asked for.
    Disabled,
    /// The server has not decided yet.
    Pending,
}

/// An array, or an envelope where totals are asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::manage) enum Rules {
    Whole(Vec<Rule>),
    Page(RulePage),
}

/// A part of the scripts.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct RulePage {
    start: u64,
    limit: u32,
    length: u32,
    total: u64,
    rules: Vec<Rule>,
}

/// Which of the values that all scripts share is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::manage) struct RulesConfigPath {
    /// What scripts call it.
    #[param(min_length = 1, max_length = 127, pattern = "^[A-Za-z0-9_@*+:-]+$")]
    key: String,
}

/// A value that all scripts are to share.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct RulesConfigValue {
    #[schema(min_length = 1, max_length = 20_480)]
    value: String,
}

/// The name of a value that all scripts share.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct RulesConfigKey {
    key: String,
}

/// A value that all scripts share, for whoever just set it.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct RulesConfig {
    key: String,
    value: String,
}
