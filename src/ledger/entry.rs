//! A ledger entry, as it is issued, as it is stored, and as it is read back.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys::SigningKey;
use crate::revocation::Bearing;
use crate::rule::{Applied, ApprovedClaims, Digest, Step};
use crate::store::{LedgerContext, LedgerToken, status};

/// A token on its way to the store. It is made of what issuing had in hand: everything else is the writer's work.
pub(super) struct Entry {
    pub(super) claims: ApprovedClaims,
    pub(super) key: Arc<SigningKey>,
}

impl Entry {
    pub(super) fn context(&self) -> LedgerContext {
        let draft = self.claims.draft();
        let named = |step: &Step| NamedRule {
            name: step.rule.name.to_string(),
            digest: step.rule.digest,
        };
        let rules: Vec<NamedRule> = self.claims.steps().iter().map(named).collect();
        LedgerContext {
            client_id: draft.claims.client_id.to_string(),
            grant_id: draft.permission.id.to_string(),
            audience: draft.claims.audience.to_string(),
            scope: draft.claims.scope.to_string(),
            kid: self.key.kid().to_owned(),
            generation: self.claims.generation(),
            rules: json(&rules),
        }
    }

    /// Stands for the context without building it. Two contexts that share one by chance (one in 2^64) would mix up
    /// their tokens' records, nothing else.
    pub(super) fn context_hash(&self, mut hasher: impl Hasher) -> u64 {
        let draft = self.claims.draft();
        draft.permission.id.hash(&mut hasher);
        draft.claims.audience.hash(&mut hasher);
        self.key.kid().hash(&mut hasher);
        self.claims.generation().hash(&mut hasher);
        draft
            .claims
            .scope
            .values()
            .for_each(|value| value.hash(&mut hasher));
        for step in self.claims.steps() {
            step.rule.name.hash(&mut hasher);
            step.rule.digest.hash(&mut hasher);
        }
        hasher.finish()
    }

    pub(super) fn token(&self, context_id: i64) -> LedgerToken {
        let draft = self.claims.draft();
        let claims = &draft.claims;
        LedgerToken {
            jti: self.claims.jti().to_owned(),
            context_id,
            subject: (claims.subject != claims.client_id).then(|| claims.subject.to_string()),
            issued_at: claims.issued_at.cast_signed(),
            expires_at: claims.expires_at().cast_signed(),
            transaction_id: draft.transaction_id.to_string(),
            steps: steps_to_json(self.claims.steps()),
            status: claims
                .status
                .as_ref()
                .map(|place| status(place.list, place.index)),
            cutoff: Some(claims.cutoff),
        }
    }

    /// What revocation asks of it, if it has a place on a status list.
    pub(super) fn listed(&self) -> Option<Bearing<'_>> {
        let claims = &self.claims.draft().claims;
        claims.status.is_some().then(|| Bearing {
            jti: self.claims.jti(),
            client_id: &claims.client_id,
            subject: &claims.subject,
            audience: &claims.audience,
            kid: self.key.kid(),
            rules: &claims.rules,
            issued_at: claims.issued_at.cast_signed(),
            cutoff: claims.cutoff,
        })
    }
}

#[derive(Deserialize, Serialize)]
struct NamedRule {
    name: String,
    digest: Digest,
}

/// Outcome, microseconds, changes.
#[derive(Serialize)]
struct StepRecord<'s>(&'static str, u64, &'s [Applied]);

fn steps_to_json(steps: &[Step]) -> String {
    json(&steps.iter().map(StepRecord::of).collect::<Vec<_>>())
}

impl<'s> StepRecord<'s> {
    fn of(step: &'s Step) -> Self {
        let took = u64::try_from(step.took.as_micros()).unwrap_or(u64::MAX);
        Self(step.outcome.as_str(), took, &step.changes)
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("records of strings and numbers are JSON")
}

/// A token as the ledger knows it.
#[derive(Debug, Serialize)]
pub struct Record {
    /// Its `jti`.
    pub jti: String,
    /// To which client it was issued.
    pub client_id: String,
    /// Under which client grant.
    pub grant_id: String,
    /// For which API.
    pub audience: String,
    /// Its `sub`.
    pub subject: String,
    /// Its scopes, space-separated.
    pub scope: String,
    /// Its `iat`.
    pub issued_at: i64,
    /// Its `exp`.
    pub expires_at: i64,
    /// Which request it answered.
    pub transaction_id: String,
    /// Which rule chain was live.
    pub generation: i64,
    /// Which key signed it.
    pub kid: String,
    /// What each rule that ran did, in order.
    pub rules: Vec<RuleRecord>,
    /// The newest cut-off that it knows. `None`: an older version wrote the record.
    #[serde(skip)]
    pub cutoff: Option<i64>,
}

/// What one rule did to a token.
#[derive(Debug, Serialize)]
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

impl Record {
    /// Reads what the store has.
    ///
    /// # Errors
    /// When another version wrote it in a way that this one does not understand.
    pub fn read(token: LedgerToken, context: LedgerContext) -> Result<Self, serde_json::Error> {
        let named: Vec<NamedRule> = serde_json::from_str(&context.rules)?;
        let steps: Vec<(String, u64, Vec<Value>)> = serde_json::from_str(&token.steps)?;
        let rule =
            |(named, (outcome, took_us, changes)): (NamedRule, (String, u64, Vec<Value>))| {
                RuleRecord {
                    name: named.name,
                    digest: named.digest,
                    outcome,
                    took_us,
                    changes,
                }
            };
        Ok(Self {
            rules: named.into_iter().zip(steps).map(rule).collect(),
            subject: token.subject.unwrap_or_else(|| context.client_id.clone()),
            jti: token.jti,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            transaction_id: token.transaction_id,
            client_id: context.client_id,
            grant_id: context.grant_id,
            audience: context.audience,
            scope: context.scope,
            generation: context.generation,
            kid: context.kid,
            cutoff: token.cutoff,
        })
    }
}
