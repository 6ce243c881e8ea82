//! The manifest beside a rule, `NN-name.toml`: optional, and strict about what it does hold.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::outbound::{self, HttpAllowed};
use super::protect::{self, ClaimsAllowed};
use super::secret::{self, SecretSource};
use super::{Case, Limits, case};
use crate::document::{self, Mistake};

/// What an operator says about a rule.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Manifest {
    /// What the rule is for, in a sentence.
    pub description: String,
    /// What people call the rule, where its file's name cannot say it. The management API knows it by this name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Keeps the rule out of the chain, although its file is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// What happens to a token when the rule fails: `deny` refuses it, `skip` issues it without the rule's changes. A
    /// rule that says no on purpose is not failing.
    pub on_error: OnError,
    /// Whether the server must not run without this rule.
    pub required: bool,
    /// What becomes of an instance of the rule when its token is done: `fresh` throws it away, `kept` uses it for the
    /// next token, and whatever the rule leaves in its memory with it. Programs are always fresh.
    pub instances: Instances,
    /// Anything; the rule reads it as JSON.
    pub settings: Map<String, Value>,
    /// A JSON Schema that the settings must fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings_schema: Option<Map<String, Value>>,
    /// For which tokens the rule runs; for all where nothing is said.
    pub when: When,
    /// Which claims the rule may write.
    pub claims: ClaimsAllowed,
    /// Lets the rule keep values between calls.
    pub cache: Option<CacheAllowed>,
    /// Secrets of the rule, by name: where each is to be found.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretSource>,
    /// Lets the rule send HTTP requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpAllowed>,
    /// How much the rule may use.
    pub limits: Limits,
    /// Golden cases, beside those in `NN-name.cases/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<Case>,
    /// How `rulemint rule build` makes the file. The server has no use for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
}

/// How a project becomes a rule file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Command lines, run one after the other by `sh` in the project's directory.
    pub run: Vec<String>,
    /// The file that they leave behind, from the project's directory.
    pub output: String,
}

/// What happens to a token when a rule fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It is refused.
    #[default]
    Deny,
    /// It is issued without the rule's changes.
    Skip,
}

/// What becomes of an instance when its token is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Instances {
    /// It is thrown away.
    #[default]
    Fresh,
    /// It serves the next one.
    Kept,
}

/// For which tokens a rule runs. Each list that is there must contain the token's; one that is not there admits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Identifiers of APIs.
    pub audiences: Option<Vec<String>>,
    /// Client ids.
    pub clients: Option<Vec<String>>,
    /// Grant types.
    pub grant_types: Option<Vec<String>>,
}

/// A cache of a rule's own, in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheAllowed {
    /// How many values it holds; the least recently used one makes room for a new one.
    #[schemars(range(min = 1, max = 100_000))]
    pub entries: u32,
    /// How long a key and its value may be together, in bytes.
    #[schemars(range(min = 1, max = 65_536))]
    pub entry_bytes: u32,
}

impl Default for CacheAllowed {
    fn default() -> Self {
        Self {
            entries: 1_000,
            entry_bytes: 4_096,
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        let document = document::parse_toml(text, file).map_err(|mistake| vec![mistake])?;
        let read = document::read(&document, &[], |path| match path {
            "" => file.to_owned(),
            _ => format!("{file}: {path}"),
        });
        match read {
            Ok(manifest) => {
                let mistakes = Self::mistakes(&manifest, file);
                match mistakes.is_empty() {
                    true => Ok(manifest),
                    false => Err(mistakes),
                }
            }
            Err(mut mistakes) => {
                mistakes.extend(Self::of_what_is_right(document).mistakes(file));
                Err(mistakes)
            }
        }
    }

    /// As much of it as a document with mistakes gives.
    fn of_what_is_right(document: Value) -> Self {
        let secrets = document["secrets"].as_object().map_or(0, Map::len);
        let mut rest: Self = document::without_mistakes(document).unwrap_or_default();
        if rest.secrets.len() < secrets {
            rest.http = None; // It may name a secret that is no longer there, through no fault of its own.
        }
        rest
    }

    /// What no schema can say.
    fn mistakes(&self, file: &str) -> Vec<Mistake> {
        let http = self.http.as_ref();
        [
            secret::mistakes(&self.secrets, file),
            http.map(|http| outbound::mistakes(http, &self.secrets, file))
                .unwrap_or_default(),
            protect::mistakes(&self.claims, file),
            case::mistakes(&self.cases, file),
        ]
        .concat()
    }

    /// Whether it gives the rule a secret or a setting of this name itself.
    pub(super) fn names(&self, name: &str) -> bool {
        self.secrets.contains_key(name) || self.settings.contains_key(name)
    }

    /// Checks the settings against the manifest's schema for them.
    ///
    /// # Errors
    /// Every mistake in the settings, or in the schema.
    pub fn check_settings(&self, file: &str) -> Result<(), Vec<Mistake>> {
        let Some(schema) = &self.settings_schema else {
            return Ok(());
        };
        let (schema, settings) = (schema.clone().into(), self.settings.clone().into());
        let mistakes = document::check(&schema, &settings, |path| match path {
            "" => format!("{file}: settings"),
            _ => format!("{file}: settings.{path}"),
        });
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn told(text: &str) -> Vec<String> {
        let mistakes = Manifest::parse(text, "f").unwrap_err();
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn mistakes_of_every_kind_are_told_at_once() {
        let text = "requird = true\n[limits]\ncpu_ms = 0\n[claims]\nallow = [\"iss\"]\n\
                    [secrets.A]\nfile = \"/a\"\nenv = \"A\"\nvisibel = true\n\
                    [[cases]]\nexpect.denied.code = \"no\"\n";
        let told = told(text);
        for (place, words) in [
            ("f: requird: ", "did you mean required?"),
            ("f: limits.cpu_ms: ", "less than the minimum"),
            ("f: claims.allow[0]: ", "nothing lifts that"),
            ("f: secrets.A: ", "it has a file and an env"),
            ("f: secrets.A.visibel: ", "did you mean visible?"),
            ("f: cases[0].expect.denied.code: ", "is none of"),
        ] {
            let is_it = |line: &String| line.starts_with(place) && line.contains(words);
            assert!(told.iter().any(is_it), "{place}: {told:#?}");
        }
        assert_eq!(told.len(), 6, "{told:#?}");
    }

    #[test]
    fn what_a_mistake_took_along_is_no_mistake_of_its_own() {
        let text = "[secrets.A]\nenv = 1\n[http]\nhosts = [\"https://a.example\"]\n\
                    [http.headers.\"https://a.example\"]\nx-key = \"{secrets.A}\"\n\
                    [[cases]]\nexpct = {}\n[[cases]]\nexpect.denied.code = \"no\"\n";
        let told = told(text);
        let places = ["f: cases[0]", "f: cases[0].expct", "f: secrets.A.env"];
        let places_told = told
            .iter()
            .filter_map(|line| Some(line.rsplit_once(": ")?.0));
        assert!(places_told.eq(places), "{told:#?}");
    }

    #[test]
    fn dates_among_the_settings_are_strings() {
        let manifest = Manifest::parse("[settings]\nsince = 2026-01-01\n", "f").unwrap();
        assert_eq!(manifest.settings["since"], "2026-01-01");
    }

    #[track_caller]
    fn one(text: &str) -> String {
        let [single]: [String; 1] = told(text).try_into().unwrap();
        single
    }

    #[test]
    fn what_was_meant_by_a_misspelt_key_is_a_key_of_its_place() {
        let case = "[[cases]]\nexpect = { changes = [] }\n";
        assert_eq!(
            one(&format!("{case}event = {{ scope = {{}} }}\n")),
            "f: cases[0].event.scope: there is no such key; did you mean scopes?"
        );
        assert_eq!(
            one("[http]\nhosts = [\"https://a.example\"]\ntimeout = 1\n"),
            "f: http.timeout: there is no such key; did you mean timeout_ms?"
        );
        assert_eq!(
            one("[secrets.CRM]\nenv = \"CRM\"\nvisibel = true\n"),
            "f: secrets.CRM.visibel: there is no such key; did you mean visible?"
        );
    }

    #[test]
    fn at_the_top_a_key_of_a_table_may_have_been_meant() {
        assert_eq!(one("xyz = 1\n"), "f: xyz: there is no such key");
        assert_eq!(
            one("limits_cpu_ms = 1\n"),
            "f: limits_cpu_ms: there is no such key; did you mean limits.cpu_ms?"
        );
    }
}
