//! Secrets of a rule. The manifest says where each is to be found, never what it is; the values are read when the rule is
//! loaded. The rule sees those that are made visible to it; the others only the host uses, in headers of requests.

mod read;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use memchr::memmem;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

pub use read::Fingerprint;
pub(super) use read::{FingerprintKey, fingerprint, read_all, read_file};

use super::answer::{Answer, Denial};
use super::configuration::Shared;
use super::error::Fault;
use crate::document::Mistake;

/// Where a secret is to be found: `file` or `env`, one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSource {
    /// A file that holds it, from the root: `/run/secrets/name`. A line break at its end is not part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// A variable in the environment of the server that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// Whether the rule may see it. One that it may not see can still go into a header of `[http.headers]`.
    #[serde(default)]
    pub visible: bool,
}

/// What is wrong with a manifest's `[secrets]`. `place` is the file.
pub(super) fn mistakes(sources: &BTreeMap<String, SecretSource>, place: &str) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if sources.len() > SECRETS_MAX {
        mistakes.push(Mistake {
            place: format!("{place}: secrets"),
            problem: format!("a rule has at most {SECRETS_MAX} secrets"),
        });
    }
    for (name, source) in sources {
        if let Some(problem) = problem_with(name, source) {
            let place = format!("{place}: secrets.{name}");
            mistakes.push(Mistake { place, problem });
        }
    }
    mistakes
}

fn problem_with(name: &str, source: &SecretSource) -> Option<String> {
    if !is_variable_name(name) {
        return Some(
            "a secret's name is letters, digits and underscores, and begins with no digit".into(),
        );
    }
    match (&source.file, &source.env) {
        (Some(_), Some(_)) => Some("it has a file and an env; leave one of them out".to_owned()),
        (None, None) => Some("say where it is: file = \"/path\" or env = \"VARIABLE\"".to_owned()),
        (Some(file), None) if !file.is_absolute() => {
            Some("its file is not a path from the root, such as /run/secrets/name".to_owned())
        }
        (Some(_), None) => None,
        (None, Some(variable)) if variable.is_empty() => Some("its env is empty".to_owned()),
        (None, Some(_)) => None,
    }
}

/// Whether a secret may be called so. A visible one becomes a variable of this name for guests that know WASI.
pub(crate) fn is_variable_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(plain)
        && !name.as_bytes()[0].is_ascii_digit()
}

/// The secrets of one rule. There is no way to print them.
#[derive(Default)]
pub(super) struct Secrets(Vec<Secret>);

struct Secret {
    name: Box<str>,
    value: SecretString,
    visible: bool,
}

impl Secrets {
    /// Longer ones come first, so that one that contains another is recognised as a whole.
    fn new(mut secrets: Vec<Secret>) -> Self {
        let bytes = |secret: &Secret| secret.value.expose_secret().len();
        secrets.sort_by_key(|secret| std::cmp::Reverse(bytes(secret)));
        Self(secrets)
    }

    /// The same and more, which the rule may see.
    pub(super) fn and(self, shared: Shared) -> Self {
        let visible = |(name, value): (String, SecretString)| Secret {
            name: name.into(),
            value,
            visible: true,
        };
        Self::new(
            self.0
                .into_iter()
                .chain(shared.into_iter().map(visible))
                .collect(),
        )
    }

    /// What the rule gets that asks for a secret.
    pub(super) fn visible(&self, name: &str) -> Option<&str> {
        self.all_visible()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Name and value of everything that the rule may see.
    pub(super) fn all_visible(&self) -> impl Iterator<Item = (&str, &str)> {
        let visible = self.0.iter().filter(|secret| secret.visible);
        visible.map(|secret| (&*secret.name, secret.value.expose_secret()))
    }

    /// The value for the host's own use.
    pub(super) fn value(&self, name: &str) -> Option<&SecretString> {
        let mut secrets = self.0.iter();
        let found = secrets.find(|secret| &*secret.name == name)?;
        Some(&found.value)
    }

    /// How long the longest is, in bytes.
    pub(super) fn bytes_max(&self) -> usize {
        let longest = self.0.first();
        longest.map_or(0, |secret| secret.value.expose_secret().len())
    }

    /// The name of a secret that these bytes contain although the rule may not see it.
    pub(super) fn hidden_in(&self, bytes: &[u8]) -> Option<&str> {
        let mut hidden = self.0.iter().filter(|secret| !secret.visible);
        let found = hidden.find(|secret| {
            memmem::find(bytes, secret.value.expose_secret().as_bytes()).is_some()
        })?;
        Some(&found.name)
    }

    /// A text for people, with the name of each secret in place of its value.
    pub(super) fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut scrubbed = Cow::Borrowed(text);
        for secret in &self.0 {
            let value = secret.value.expose_secret();
            // What all scripts share may be as short as `true`; an ordinary text would come out full of holes.
            if value.len() >= SECRET_BYTES_MIN && scrubbed.contains(value) {
                let name = format!("[secret {}]", secret.name);
                scrubbed = Cow::Owned(scrubbed.replace(value, &name));
            }
        }
        scrubbed
    }

    /// The same for whatever a rule says in its answer to people. What it writes into claims is its own business.
    pub(super) fn scrub_answer(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Changes(changes) => Answer::Changes(changes),
            Answer::Denied(denial) => Answer::Denied(Denial {
                code: self.scrubbed(denial.code),
                description: self.scrubbed(denial.description),
            }),
            Answer::Invalid(text) => Answer::Invalid(self.scrubbed(text)),
            Answer::Internal(text) => Answer::Internal(self.scrubbed(text)),
        }
    }

    /// The same for what is said about a failure.
    pub(super) fn scrub_fault(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Crash(text) => Fault::Crash(self.scrubbed(text)),
            Fault::Internal(text) => Fault::Internal(self.scrubbed(text)),
            Fault::UnknownDenial(text) => Fault::UnknownDenial(self.scrubbed(text)),
            Fault::Exit { code, said } => Fault::Exit {
                code,
                said: self.scrubbed(said),
            },
            Fault::NoAnswer { problem, beginning } => Fault::NoAnswer {
                problem: self.scrubbed(problem),
                beginning: self.scrubbed(beginning),
            },
            Fault::Change { number, reason } => Fault::Change {
                number,
                reason: self.scrubbed(reason),
            },
            Fault::Limit(_)
            | Fault::NoVerdict
            | Fault::RepeatedJti
            | Fault::Quarantined { .. }
            | Fault::Saturated => fault,
        }
    }

    fn scrubbed(&self, text: String) -> String {
        match self.scrub(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(scrubbed) => scrubbed,
        }
    }
}

/// Shorter words occur in ordinary texts.
/// A shorter one cannot be kept out of logs.
pub(crate) const SECRET_BYTES_MIN: usize = 8;
const SECRETS_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests;
