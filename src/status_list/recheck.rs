//! Finds out of tokens on record whether they are revoked.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Deserialize;

use crate::revocation::{Bearing, RULE_DIGITS, Revocations};
use crate::store::{LedgerContext, ListedToken, Store, StoreError};

/// What is to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recheck {
    /// The tokens with this `jti`.
    Token(String),
    /// Every token.
    All,
}

/// Judges tokens. What many have in common is read once.
pub(super) struct Judge<'a> {
    store: &'a Store,
    revocations: &'a Revocations,
    contexts: HashMap<i64, Option<Context>>,
}

/// What tokens have in common, as revocation asks it.
struct Context {
    row: LedgerContext,
    /// As tokens carry it.
    rules: String,
}

#[derive(Deserialize)]
struct NamedRule {
    digest: String,
}

impl<'a> Judge<'a> {
    pub(super) fn new(store: &'a Store, revocations: &'a Revocations) -> Self {
        Self {
            store,
            revocations,
            contexts: HashMap::new(),
        }
    }

    /// Whether a token is revoked. One whose record this version cannot read is: nobody could say that it is not.
    pub(super) async fn is_revoked(&mut self, token: &ListedToken) -> Result<bool, StoreError> {
        let context = match self.contexts.entry(token.context_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let row = self.store.context_of_issued(token.context_id).await?;
                place.insert(Context::read(row))
            }
        };
        Ok(context.as_ref().is_none_or(|context| {
            self.revocations.meets(&Bearing {
                jti: &token.jti,
                client_id: &context.row.client_id,
                subject: token.subject.as_deref().unwrap_or(&context.row.client_id),
                audience: &context.row.audience,
                kid: &context.row.kid,
                rules: &context.rules,
                issued_at: token.issued_at,
                cutoff: token.cutoff,
            })
        }))
    }
}

impl Context {
    fn read(row: LedgerContext) -> Option<Self> {
        let rules: Vec<NamedRule> = serde_json::from_str(&row.rules).ok()?;
        let beginnings: Option<Vec<&str>> = rules
            .iter()
            .map(|rule| rule.digest.get(..RULE_DIGITS))
            .collect();
        let rules = beginnings?.join(" ");
        Some(Self { row, rules })
    }
}
