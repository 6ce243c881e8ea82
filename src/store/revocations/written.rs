//! A revocation as it is written for others: in answers, in what commands print, in the audit log.

use serde::{Serialize, Serializer};

use super::RevocationRow;

/// What it is about has the name that it is asked for by.
#[derive(Serialize)]
struct Written<'r> {
    id: i64,
    kind: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'r str>,
    issued_before: Option<i64>,
    expires_at: i64,
    reason: Option<&'r str>,
    actor: &'r str,
    created_at: i64,
    undone_at: Option<i64>,
    undone_by: Option<&'r str>,
    #[serde(rename = "final", skip_serializing_if = "std::ops::Not::not")]
    is_final: bool,
}

impl Serialize for RevocationRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let about = |kinds: &[&str]| Some(&*self.value).filter(|_| kinds.contains(&&*self.kind));
        let beside = Some(&*self.audience).filter(|audience| !audience.is_empty());
        let written = Written {
            id: self.id,
            kind: &self.kind,
            jti: about(&["token"]),
            client_id: about(&["client", "grant"]),
            subject: about(&["subject"]),
            audience: about(&["audience"]).or(beside),
            key: about(&["key"]),
            rule: about(&["rule"]),
            issued_before: self.issued_before,
            expires_at: self.expires_at,
            reason: self.reason.as_deref(),
            actor: &self.actor,
            created_at: self.created_at,
            undone_at: self.undone_at,
            undone_by: self.undone_by.as_deref(),
            is_final: self.is_final,
        };
        written.serialize(serializer)
    }
}
