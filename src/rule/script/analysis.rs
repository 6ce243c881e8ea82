//! What the analyser finds in a script.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// What a script is, what it wants, and what in it cannot work here.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Analysis {
    /// `rule`, `hook`, `credentials-exchange` or `post-login`; nothing where it is none of them.
    pub dialect: Option<String>,
    /// The bundled modules that it requires.
    pub modules: Vec<Module>,
    /// Modules that are not bundled.
    pub unknown: Vec<Unknown>,
    /// Hosts that it will want to reach, as far as its text tells.
    pub hosts: Vec<Host>,
    /// The names it reads of `configuration`.
    pub configuration: Vec<Wanted>,
    /// The names it reads of its secrets.
    pub secrets: Vec<Wanted>,
    /// What is worth knowing.
    pub findings: Vec<Finding>,
    /// Why it cannot run at all.
    pub error: Option<Finding>,
}

/// A bundled module that a script requires.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Module {
    /// As the script asks for it: `uuid@3.3.2`.
    pub request: String,
    /// As it is bundled: `uuid`.
    pub name: String,
    /// The first line that asks for it.
    pub line: u32,
}

impl Module {
    /// Whether it is a part of the runtime, which a script gets by naming a global.
    pub fn is_of_runtime(&self) -> bool {
        self.name.starts_with("rulemint:")
    }
}

/// A module that is not bundled.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Unknown {
    /// As the script asks for it.
    pub request: String,
    /// Where.
    pub line: u32,
    /// Where in the line.
    pub column: u32,
    /// What to do.
    pub advice: String,
}

/// A host that a script will want to reach.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Host {
    /// Its name, or the origin where the script has one: `https://api.example`.
    pub host: String,
    /// The first line that names it.
    pub line: u32,
}

/// A name that a script reads.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Wanted {
    /// Which.
    pub name: String,
    /// The first line that reads it.
    pub line: u32,
}

/// Something worth knowing about a script.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Finding {
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// Where.
    pub line: u32,
    /// Where in the line.
    pub column: u32,
    /// What it is.
    pub text: String,
    /// What to do, where there is something.
    #[serde(default)]
    pub advice: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It will not work.
    #[default]
    Error,
    /// It works differently, or not always.
    Warning,
    /// Good to know.
    Note,
}

impl Finding {
    /// In one line, as compilers say it.
    pub fn said(&self, file: &str) -> String {
        let place = format!("{file}:{}:{}", self.line, self.column);
        match self.advice.is_empty() {
            true => format!("{place}: {}", self.text),
            false => format!("{place}: {}; {}", self.text, self.advice),
        }
    }
}

impl Analysis {
    /// The dialect of a script that can run.
    ///
    /// # Errors
    /// Everything that keeps it from running at all.
    pub(super) fn verdict(&self, file: &str) -> Result<&str, String> {
        if let Some(error) = &self.error {
            return Err(error.said(file));
        }
        if let Some(text) = self.unknown_said(file) {
            return Err(text);
        }
        let none = || format!("{file} is neither a Rule nor a Hook nor an Action");
        self.dialect.as_deref().ok_or_else(none)
    }

    /// The bundled modules that it requires.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|module| module.name.as_str())
    }

    fn unknown_said(&self, file: &str) -> Option<String> {
        let (first, more) = self.unknown.split_first()?;
        let mut text = said(first, file);
        for unknown in more {
            let _ = write!(text, "\n  {}", said(unknown, file));
        }
        Some(text)
    }
}

fn said(unknown: &Unknown, file: &str) -> String {
    let Unknown {
        request,
        line,
        column,
        advice,
    } = unknown;
    format!("{file}:{line}:{column}: {request:?} cannot be required: {advice}")
}
