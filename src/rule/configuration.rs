//! What all scripts share, which Auth0 calls `configuration`: values that whoever manages the rules has set.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use secrecy::SecretString;

use super::Form;

/// The values by name. They are secrets as far as this server knows.
#[derive(Default)]
pub struct Configuration(ArcSwap<BTreeMap<String, SecretString>>);

/// Those of them that one rule gets.
pub(super) type Shared = Vec<(String, SecretString)>;

impl Configuration {
    /// Puts other values in place. Rules that are loaded from now on get them.
    pub fn replace(&self, values: BTreeMap<String, SecretString>) {
        self.0.store(Arc::new(values));
    }

    /// What a rule gets: a script those that its own manifest does not name, and WebAssembly none.
    pub(super) fn shared_with(&self, form: Form, is_own: impl Fn(&str) -> bool) -> Shared {
        match form {
            Form::Wasm => Vec::new(),
            Form::Script => {
                let all = self.0.load();
                let others = all.iter().filter(|(name, _)| !is_own(name));
                others
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect()
            }
        }
    }

    /// All of them, as far as rules of this form can get any.
    pub(super) fn all_for(&self, form: Form) -> Arc<BTreeMap<String, SecretString>> {
        match form {
            Form::Wasm => Arc::default(),
            Form::Script => self.0.load_full(),
        }
    }
}
