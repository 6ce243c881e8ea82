//! What is in bodies, queries and answers of these calls, for the description of the API.

#![expect(
    dead_code,
    reason = "bodies are read member by member: this is what their senders are told"
)]

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// How a list is gone through.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Checkpoint {
    /// The `next` of the answer before.
    #[param(pattern = "^([0-9]{1,18})?$")]
    from: Option<String>,
    /// How long a part is.
    #[param(minimum = 1, maximum = 100, default = 50)]
    take: Option<u32>,
}

/// Which tokens are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TokenFilters {
    /// Those of this client.
    client_id: Option<String>,
    /// Those under this client grant; `direct` for those that were issued directly.
    grant_id: Option<String>,
}

/// Which revocations are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CutoffFilters {
    /// Those too that were taken back.
    undone: Option<bool>,
}

/// Which entries are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilters {
    /// From this moment on: `2026-11-25T12:00:00Z`, or Unix seconds.
    since: Option<String>,
    /// Before this moment.
    until: Option<String>,
    /// Of this client or user.
    actor: Option<String>,
    /// `add`, `update`, `delete`, `revoke` ...
    operation: Option<String>,
    /// About things of a kind, or about one: `client`, or `client:ID`, which finds revocations of it too.
    object: Option<String>,
    /// Of the call with this X-Correlation-ID.
    correlation_id: Option<String>,
    /// `newest` first, or `oldest`.
    #[param(pattern = "^(newest|oldest)?$")]
    order: Option<String>,
}

/// A token that is to be issued.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenIssue {
    /// The API, by its identifier.
    #[schema(min_length = 1)]
    audience: String,
    /// Whom it speaks for (`sub`).
    #[schema(min_length = 1, max_length = 255)]
    subject: String,
    /// Scopes of the API, with spaces between; none where nothing is said.
    scope: Option<String>,
    /// How long it lives, in seconds; at most, and where nothing is said, as long as the API says.
    #[schema(minimum = 1)]
    expires_in: Option<u32>,
    /// More claims. Those of the server are refused.
    claims: Option<BTreeMap<String, Value>>,
}

/// A token that was issued.
#[derive(Serialize, ToSchema)]
pub(super) struct IssuedToken {
    access_token: String,
    token_type: String,
    expires_in: u32,
    scope: String,
    jti: String,
    /// What the log and the ledger call the request.
    transaction_id: String,
}

/// How a token came to be.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenRecord {
    jti: String,
    client_id: String,
    grant_id: String,
    audience: String,
    subject: String,
    scope: String,
    /// Unix seconds.
    issued_at: i64,
    /// Unix seconds.
    expires_at: i64,
    transaction_id: String,
    /// The generation of the rules that was live.
    generation: i64,
    /// The key that signed it.
    kid: String,
    rules: Vec<RuleRecord>,
    /// The revocations in force that meet it, the oldest first, in the answer about one token; empty: nobody took it away.
    #[schema(nullable = false)]
    revoked_by: Option<Vec<Cutoff>>,
}

/// What one rule did to a token.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleRecord {
    name: String,
    /// The SHA-256 of its file at that time.
    digest: String,
    outcome: String,
    took_us: u64,
    changes: Vec<Value>,
}

/// A part of the tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenRecords {
    tokens: Vec<TokenRecord>,
    /// What to send as `from` for the next part.
    #[schema(nullable = false)]
    next: Option<String>,
}

/// What is to be revoked: one of `jti`, `client_id`, `grant_id`, `subject`, `audience`, `key` and `rule`, or `jti` or
/// `client_id` together with `audience`.
#[derive(Serialize, ToSchema)]
pub(super) struct CutoffCreate {
    jti: Option<String>,
    client_id: Option<String>,
    grant_id: Option<String>,
    subject: Option<String>,
    audience: Option<String>,
    /// A `kid`.
    key: Option<String>,
    /// A rule's digest, or the first 16 digits of it.
    rule: Option<String>,
    /// Only what was issued before: `2026-11-25T12:00:00Z`, or Unix seconds; now where nothing is said.
    #[schema(value_type = Option<Moment>)]
    issued_before: Option<Value>,
    /// Why, for people.
    #[schema(max_length = 500)]
    reason: Option<String>,
    /// Even if nobody here knows the client, API, key or rule, nor ever did.
    anyway: Option<bool>,
    /// Only say how many tokens it would meet.
    dry_run: Option<bool>,
}

/// A moment.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Moment {
    Seconds(i64),
    Text(MomentText),
}

/// A moment as RFC 3339 writes it.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub(super) struct MomentText(String);

/// What a revocation would meet.
#[derive(Serialize, ToSchema)]
pub(super) struct DryRun {
    /// Tokens on record that have not expired.
    would_revoke: i64,
}

/// A revocation.
#[derive(Serialize, ToSchema)]
pub(super) struct Cutoff {
    id: i64,
    /// `token`, `client`, `grant` (a client and an API), `subject`, `audience`, `key` or `rule`
    kind: String,
    /// What it is about, this and the following, as it was asked for; a grant by its client and its API.
    #[schema(nullable = false)]
    jti: Option<String>,
    #[schema(nullable = false)]
    client_id: Option<String>,
    #[schema(nullable = false)]
    subject: Option<String>,
    #[schema(nullable = false)]
    audience: Option<String>,
    #[schema(nullable = false)]
    key: Option<String>,
    /// The first 16 digits of a rule's digest.
    #[schema(nullable = false)]
    rule: Option<String>,
    /// Unix seconds.
    issued_before: Option<i64>,
    /// Unix seconds.
    expires_at: i64,
    reason: Option<String>,
    actor: String,
    /// Unix seconds.
    created_at: i64,
    /// Unix seconds.
    undone_at: Option<i64>,
    undone_by: Option<String>,
    /// It is about a key that was revoked, and cannot be undone. It is left out where that is not so.
    #[serde(rename = "final")]
    #[schema(nullable = false)]
    is_final: Option<bool>,
    /// Tokens on record that it met, in the answer that makes it.
    #[schema(nullable = false)]
    tokens: Option<i64>,
}

/// A part of the revocations.
#[derive(Serialize, ToSchema)]
pub(super) struct Cutoffs {
    cutoffs: Vec<Cutoff>,
    /// What to send as `from` for the next part.
    #[schema(nullable = false)]
    next: Option<String>,
}

/// How the rules stand.
#[derive(Serialize, ToSchema)]
pub(super) struct RulesStanding {
    rules_dir: String,
    generation: i64,
    /// Unix seconds.
    since: i64,
    cause: String,
    /// Whether they hold against what is in the directory.
    rolled_back: bool,
    /// The generation whose rules these are, after a rollback.
    rolled_back_to: Option<i64>,
    rules: Vec<Value>,
    directory_problem: Option<Value>,
    /// The generations that can be gone back to.
    earlier: Vec<Value>,
    wish: i64,
    wish_problem: Option<String>,
    /// The rules that are left alone for a while, by name.
    rests: BTreeMap<String, Value>,
}

/// Where to go back to.
#[derive(Serialize, ToSchema)]
pub(super) struct Rollback {
    /// The generation; the one before the live one where nothing is said.
    generation: Option<i64>,
}

/// A part of the log.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditLog {
    audit: Vec<AuditEntry>,
    /// What to send as `from` for the next part.
    #[schema(nullable = false)]
    next: Option<String>,
}

/// What somebody did.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEntry {
    id: i64,
    /// Unix seconds.
    at: i64,
    actor: AuditName,
    /// The address it came from; null: this machine.
    peer: Option<String>,
    correlation_id: Option<String>,
    operation: String,
    object: AuditName,
    /// What changed, as it was.
    before: Option<Value>,
    /// The same as it is.
    after: Option<Value>,
}

/// Somebody or something.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditName {
    /// `client`, `user` or `server`; `client`, `api`, `grant` ...
    kind: String,
    id: String,
}
