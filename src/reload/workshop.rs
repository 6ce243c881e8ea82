//! Builds rules off to the side, and remembers what it built and what could not be built: nothing is compiled twice.

use std::collections::HashMap;
use std::sync::Arc;

use super::keep::KeptRule;
use super::report::Problem;
use crate::rule::{Digest, Fingerprint, Form, Loader, Rule, Source};
use crate::rules_dir::Place;

/// What makes a rule the rule it is: its name, its file, its manifest, what that refers to, its golden cases.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    name: Arc<str>,
    form: Form,
    digest: Digest,
    manifest: Option<Arc<str>>,
    outside: Fingerprint,
    cases: Option<Digest>,
}

impl Identity {
    pub(super) fn of(source: &Source) -> Self {
        Self {
            name: Arc::clone(&source.name),
            form: source.form,
            digest: source.digest,
            manifest: source.manifest.clone(),
            outside: source.outside,
            cases: source.cases.digest,
        }
    }

    /// Whether it is the same file, whatever its name.
    pub(super) fn has_file_of(&self, rule: &Rule) -> bool {
        (self.form, self.digest) == (rule.form, rule.digest)
    }

    /// Its name without the number.
    pub(super) fn word(&self) -> String {
        Place::of(&self.name).word
    }
}

/// Builds rules.
pub(super) struct Workshop {
    pub(super) loader: Arc<Loader>,
    built: HashMap<Identity, Arc<Rule>>,
    failed: HashMap<Identity, Problem>,
}

impl Workshop {
    pub(super) fn new(loader: Loader) -> Self {
        Self {
            loader: Arc::new(loader),
            built: HashMap::new(),
            failed: HashMap::new(),
        }
    }

    /// What is known about a rule already.
    pub(super) fn known(&self, identity: &Identity) -> Option<Result<Arc<Rule>, Problem>> {
        let built = self.built.get(identity).map(|rule| Ok(Arc::clone(rule)));
        built.or_else(|| {
            self.failed
                .get(identity)
                .map(|problem| Err(problem.clone()))
        })
    }

    /// Remembers how building a rule ended.
    pub(super) fn learn(&mut self, identity: Identity, result: &Result<Arc<Rule>, Problem>) {
        match result {
            Ok(rule) => drop(self.built.insert(identity, Arc::clone(rule))),
            Err(problem) => drop(self.failed.insert(identity, problem.clone())),
        }
    }

    /// What there is to write down of a rule that was built here.
    pub(super) fn kept(&self, rule: &Arc<Rule>) -> KeptRule {
        let same = |(_, built): &(&Identity, &Arc<Rule>)| Arc::ptr_eq(built, rule);
        let identity = self.built.iter().find(same).map(|(identity, _)| identity);
        KeptRule {
            name: Arc::clone(&rule.name),
            form: rule.form,
            digest: rule.digest,
            manifest: identity.and_then(|identity| identity.manifest.clone()),
            cases: identity.and_then(|identity| identity.cases),
        }
    }

    /// Forgets failures, so that they are tried again: a compiler that ran out of time may have had a busy machine.
    pub(super) fn retry_failures(&mut self) {
        self.failed.clear();
    }

    /// Forgets everything but these rules and what was found in the directory just now.
    pub(super) fn keep_only(&mut self, rules: &[Arc<Rule>], found: &[Identity]) {
        self.built.retain(|identity, rule| {
            found.contains(identity) || rules.iter().any(|kept| Arc::ptr_eq(kept, rule))
        });
        self.failed.retain(|identity, _| found.contains(identity));
    }
}
