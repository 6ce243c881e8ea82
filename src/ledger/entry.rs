//! A ledger entry, as it is issued and as it is stored.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys::SigningKey;
use crate::rule::{Applied, ApprovedClaims, Digest, Step};
use crate::store::IssuedRow;

/// A token on its way to the store. It is made of what issuing had in hand: turning it into a row is the writer's work.
pub(super) struct Entry {
    pub(super) claims: ApprovedClaims,
    pub(super) key: Arc<SigningKey>,
}

impl Entry {
    pub(super) fn into_row(self) -> IssuedRow {
        let grant = self.claims.grant();
        let claims = &grant.claims;
        IssuedRow {
            jti: self.claims.jti().to_owned(),
            client_id: claims.client_id.to_string(),
            grant_id: grant.permission.id.to_string(),
            audience: claims.audience.to_string(),
            subject: claims.subject.to_string(),
            scope: claims.scope.to_string(),
            issued_at: claims.issued_at.cast_signed(),
            expires_at: claims.expires_at().cast_signed(),
            transaction_id: grant.transaction_id.to_string(),
            generation: self.claims.generation(),
            kid: self.key.kid().to_owned(),
            rules: steps_to_json(self.claims.steps()),
        }
    }
}

/// What one rule did to a token, as the ledger keeps it.
#[derive(Debug, Deserialize, Serialize)]
pub struct RuleRecord {
    /// Which rule.
    pub name: String,
    /// The SHA-256 of its file at that time.
    pub digest: Digest,
    /// How it ended.
    pub outcome: String,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// What it changed, in order.
    pub changes: Vec<Value>,
}

/// Reads what the ledger says about the rules of a token.
///
/// # Errors
/// When another version wrote it in a way that this one does not understand.
pub fn rule_records(row: &IssuedRow) -> Result<Vec<RuleRecord>, serde_json::Error> {
    serde_json::from_str(&row.rules)
}

#[derive(Serialize)]
struct StepRecord<'s> {
    name: &'s str,
    digest: Digest,
    outcome: &'static str,
    took_us: u64,
    changes: &'s [Applied],
}

impl<'s> StepRecord<'s> {
    fn of(step: &'s Step) -> Self {
        Self {
            name: &step.rule.name,
            digest: step.rule.digest,
            outcome: step.outcome.as_str(),
            took_us: u64::try_from(step.took.as_micros()).unwrap_or(u64::MAX),
            changes: &step.changes,
        }
    }
}

fn steps_to_json(steps: &[Step]) -> String {
    let records: Vec<StepRecord<'_>> = steps.iter().map(StepRecord::of).collect();
    serde_json::to_string(&records).expect("records of strings and numbers are JSON")
}
