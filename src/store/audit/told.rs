//! An entry as it is told to whoever reads the log, by the command line and the management API alike.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{AuditFilter, AuditRow};

impl AuditFilter {
    /// The same, for what was done to things of a kind, or to one of them: `client`, or `client:ID`.
    #[must_use]
    pub fn about(mut self, object: Option<&str>) -> Self {
        if let Some(object) = object {
            let (kind, id) = match object.split_once(':') {
                Some((kind, id)) => (kind, Some(id.to_owned())),
                None => (object, None),
            };
            self.object_kind = Some(kind.to_owned());
            self.object_id = id;
        }
        self
    }
}

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
