//! An entry as it is told to whoever reads the log, by the command line and the management API alike.

use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{AuditFilter, AuditRow};

/// What entries are about: things of a kind, or one of them. Written `client`, or `client:ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditObject {
    kind: String,
    id: Option<String>,
}

impl FromStr for AuditObject {
    type Err = UnknownAuditWord;

    fn from_str(text: &str) -> Result<Self, UnknownAuditWord> {
        let (kind, id) = match text.split_once(':') {
            Some((_, "")) => return Err(UnknownAuditWord::NoId(text.to_owned())),
            Some((kind, id)) => (kind, Some(id.to_owned())),
            None => (text, None),
        };
        if !AUDIT_OBJECTS.contains(&kind) {
            return Err(UnknownAuditWord::Object(kind.to_owned()));
        }
        let kind = kind.to_owned();
        Ok(Self { kind, id })
    }
}

/// A filter that no entry can ever match.
#[derive(Debug, thiserror::Error)]
pub enum UnknownAuditWord {
    /// Nothing of the kind is in the log.
    #[error("there is no kind of object {0:?}; it is one of {known}", known = AUDIT_OBJECTS.join(", "))]
    Object(String),
    /// A kind and a colon, and no id behind it.
    #[error("{0:?} ends before the id; write KIND:ID, or KIND alone for all of them")]
    NoId(String),
    /// Nobody does that.
    #[error("there is no operation {0:?}; it is one of {known}", known = AUDIT_OPERATIONS.join(", "))]
    Operation(String),
}

impl AuditFilter {
    /// The same, for what was done to things of a kind, or to one of them.
    #[must_use]
    pub fn about(mut self, object: Option<AuditObject>) -> Self {
        if let Some(AuditObject { kind, id }) = object {
            self.object_kind = Some(kind);
            self.object_id = id;
        }
        self
    }
}

/// Checks that there are entries that tell of this.
///
/// # Errors
/// When there can be none.
pub fn audit_operation(text: &str) -> Result<String, UnknownAuditWord> {
    match AUDIT_OPERATIONS.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(UnknownAuditWord::Operation(text.to_owned())),
    }
}

/// All that entries tell of.
const AUDIT_OPERATIONS: &[&str] = &[
    "add",
    "update",
    "delete",
    "rotate",
    "rotate_secret",
    "revoke",
    "undo",
    "go_live",
    "rollback",
    "reload",
    "refuse",
    "forget",
];
/// All that entries are about.
const AUDIT_OBJECTS: &[&str] = &[
    "client",
    "credential",
    "api",
    "grant",
    "revocation",
    "signing_key",
    "rule",
    "rules",
    "rules_config",
    "generation",
    "call",
    "audit",
];

#[derive(Serialize)]
struct Told<'r> {
    id: i64,
    at: i64,
    actor: Named<'r>,
    peer: Option<&'r str>,
    correlation_id: Option<&'r str>,
    operation: &'r str,
    object: Named<'r>,
    before: Option<Value>,
    after: Option<Value>,
}

#[derive(Serialize)]
struct Named<'r> {
    kind: &'r str,
    id: &'r str,
}

impl Serialize for AuditRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What this server wrote is JSON; anything else is told as the text it is.
        let side = |text: &String| {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        };
        let told = Told {
            id: self.id,
            at: self.created_at,
            actor: Named {
                kind: &self.actor_kind,
                id: &self.actor,
            },
            peer: self.peer.as_deref(),
            correlation_id: self.correlation_id.as_deref(),
            operation: &self.operation,
            object: Named {
                kind: &self.object_kind,
                id: &self.object_id,
            },
            before: self.before.as_ref().map(side),
            after: self.after.as_ref().map(side),
        };
        told.serialize(serializer)
    }
}
