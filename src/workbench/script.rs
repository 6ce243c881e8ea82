//! What moving one of Auth0's scripts here takes.

use std::collections::BTreeSet;

use serde::Serialize;

use super::remark::Remark;
use super::{Subject, Workbench};
use crate::rule::{Analysis, Form, LoadError, Manifest, Severity, Wanted};

/// The names of the values that all scripts of an installation share.
pub type SharedNames = BTreeSet<String>;

/// What the analyser finds in a script; nothing for a rule that is none.
///
/// # Errors
/// When the file is no text, or the engine fails.
pub async fn analyse(bench: &Workbench, subject: &Subject) -> Result<Option<Analysis>, LoadError> {
    match subject.form() {
        Form::Script => bench.loader.analyse(&subject.source()).await.map(Some),
        Form::Wasm => Ok(None),
    }
}

/// What there is to do and to know: what cannot work, then what the manifest lacks, then the rest.
pub(super) fn report(
    analysis: &Analysis,
    manifest: &Manifest,
    file: &str,
    (values, shared): (&[Value], Option<&SharedNames>),
) -> Vec<Remark> {
    let findings = |level: Severity| {
        let findings = analysis.findings.iter();
        let such = findings.filter(|finding| finding.severity == level);
        let told = such.map(|finding| Remark {
            level,
            text: finding.said(file),
        });
        told.collect::<Vec<_>>()
    };
    let lacking = |text| Remark {
        level: Severity::Warning,
        text,
    };
    let hosts = missing_hosts(analysis, manifest, file).into_iter();
    let values = missing_values(values, file, shared);
    [
        findings(Severity::Error),
        hosts.chain(values).map(lacking).collect(),
        findings(Severity::Warning),
        findings(Severity::Note),
        for_people(analysis).into_iter().collect(),
    ]
    .concat()
}

/// Every token is a machine's here.
fn for_people(analysis: &Analysis) -> Option<Remark> {
    let is_so = matches!(analysis.dialect.as_deref(), Some("rule" | "post-login"));
    is_so.then(|| {
        let text = "at Auth0 it ran when people logged in, and never for tokens of machines; here it runs for every token, \
                    unless its manifest says disabled = true or binds it by [when]";
        Remark::note(text.to_owned())
    })
}

fn missing_hosts(analysis: &Analysis, manifest: &Manifest, file: &str) -> Option<String> {
    let listed = |host: &str| {
        let http = manifest.http.as_ref();
        http.is_some_and(|http| http.lists(&origin(host)))
    };
    let mut missing = analysis.hosts.iter().filter(|host| !listed(&host.host));
    let first = missing.next()?;
    let mut hosts = vec![format!("{:?}", origin(&first.host))];
    hosts.extend(missing.map(|host| format!("{:?}", origin(&host.host))));
    Some(format!(
        "it wants to reach hosts that its manifest does not name ({file}:{}): [http] hosts = [{}]",
        first.line,
        hosts.join(", ")
    ))
}

fn origin(host: &str) -> String {
    match host.contains("://") {
        true => host.to_owned(),
        false => format!("https://{host}"),
    }
}

/// A value that a script looks up in its configuration or its secrets: they are the same here.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// The first line that reads it.
    pub line: u32,
    /// What gives it: `settings` or `secrets` of its manifest, or `shared`, which all scripts have. Nothing, as far as is known.
    pub given_by: Option<&'static str>,
}

/// The values that a script reads, each once, and what gives them.
pub(super) fn values(
    analysis: &Analysis,
    manifest: &Manifest,
    shared: Option<&SharedNames>,
) -> Vec<Value> {
    let given_by = |name: &str| {
        let is_secret = manifest
            .secrets
            .get(name)
            .is_some_and(|secret| secret.visible);
        match (manifest.settings.contains_key(name), is_secret) {
            (true, _) => Some("settings"),
            (_, true) => Some("secrets"),
            _ => shared
                .filter(|names| names.contains(name))
                .map(|_| "shared"),
        }
    };
    let mut values: Vec<Value> = Vec::new();
    for Wanted { name, line } in analysis.configuration.iter().chain(&analysis.secrets) {
        if values.iter().all(|value| value.name != *name) {
            let (name, line) = (name.clone(), *line);
            values.push(Value {
                given_by: given_by(&name),
                name,
                line,
            });
        }
    }
    values
}

/// Those that nobody gives it. What all scripts share may not be known here.
fn missing_values(values: &[Value], file: &str, shared: Option<&SharedNames>) -> Vec<String> {
    let line = |Value { name, line, .. }: &Value| {
        let by = match shared {
            None => "which its manifest does not give it",
            Some(_) => "which neither its manifest gives it nor what all scripts share",
        };
        format!(
            "it reads {name} ({file}:{line}), {by}: add it to [settings], or, if it is confidential, [secrets.{name}] with \
             visible = true, or set it for all scripts (PUT /api/v2/rules-configs/{name})"
        )
    };
    let missing = values.iter().filter(|value| value.given_by.is_none());
    missing.map(line).collect()
}

/// A dialect in words for people.
pub fn dialect(analysis: &Analysis) -> &'static str {
    match analysis.dialect.as_deref() {
        Some("rule") => "Rule",
        Some("hook") => "Hook (client credentials exchange)",
        Some("credentials-exchange") => "Action (credentials exchange)",
        Some("post-login") => "Action (post login)",
        _ => "none of Auth0's",
    }
}
