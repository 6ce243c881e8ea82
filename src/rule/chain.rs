//! The rules in the order they run, and which of them a token meets.

use std::collections::HashMap;
use std::sync::Arc;

use super::Rule;
use crate::grant::Draft;
use crate::registry::Api;

/// The rules of one generation. It never changes; a reload makes a new one.
#[derive(Default)]
pub struct Chain {
    /// In file-name order.
    rules: Vec<Arc<Rule>>,
    /// For each API that some manifest names: the rules that may apply to its tokens, by index, in order.
    by_audience: HashMap<Box<str>, Vec<usize>>,
    /// The same for every other API: rules of other APIs cost its tokens nothing.
    elsewhere: Vec<usize>,
    /// Its number: 0 for the empty chain before the first.
    pub generation: i64,
}

impl Chain {
    /// A chain of these rules, sorted by name.
    pub fn new(mut rules: Vec<Arc<Rule>>, generation: i64) -> Self {
        rules.sort_by(|one, other| one.name.cmp(&other.name));
        let named: Vec<&String> = rules
            .iter()
            .filter_map(|rule| rule.manifest.when.audiences.as_ref())
            .flatten()
            .collect();
        let by_audience = named
            .into_iter()
            .map(|audience| {
                (
                    audience.as_str().into(),
                    applying_to(&rules, Some(audience)),
                )
            })
            .collect();
        Self {
            elsewhere: applying_to(&rules, None),
            by_audience,
            rules,
            generation,
        }
    }

    /// Comes into force after another chain: rules that keep their instances begin to, and those that are gone stop.
    pub fn succeed(&self, last: &Self) {
        let stays = |old: &&Arc<Rule>| self.rules.iter().any(|rule| Arc::ptr_eq(rule, old));
        for gone in last.rules.iter().filter(|old| !stays(old)) {
            gone.drop_instances();
        }
        for rule in &self.rules {
            rule.keep_instances();
        }
    }

    /// Every rule, in order.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The rules that may apply to the tokens of an API, in order. None for the management API: see [`Api`].
    pub(super) fn candidates<'c>(
        &'c self,
        api: &Api,
    ) -> impl Iterator<Item = &'c Arc<Rule>> + use<'c> {
        let candidates = match api.is_system {
            true => &[],
            false => self
                .by_audience
                .get(&*api.identifier)
                .unwrap_or(&self.elsewhere)
                .as_slice(),
        };
        candidates.iter().map(|index| &self.rules[*index])
    }
}

/// Whether a rule applies to a token of an API it may apply to.
pub(super) fn applies(rule: &Rule, draft: &Draft) -> bool {
    let when = &rule.manifest.when;
    admits(when.clients.as_ref(), &draft.client.id)
        && admits(when.grant_types.as_ref(), &draft.wanted.grant_type)
}

/// Whether a rule applies to the tokens of the draft's API.
pub(super) fn admits_audience(rule: &Rule, draft: &Draft) -> bool {
    admits(rule.manifest.when.audiences.as_ref(), &draft.api.identifier)
}

fn applying_to(rules: &[Arc<Rule>], audience: Option<&str>) -> Vec<usize> {
    let applies = |rule: &Rule| match (&rule.manifest.when.audiences, audience) {
        (None, _) => true,
        (Some(named), Some(audience)) => named.iter().any(|name| name == audience),
        (Some(_), None) => false,
    };
    rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| applies(rule))
        .map(|(index, _)| index)
        .collect()
}

fn admits(list: Option<&Vec<String>>, value: &str) -> bool {
    list.is_none_or(|list| list.iter().any(|entry| entry == value))
}
