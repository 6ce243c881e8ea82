//! What moving one of Auth0's scripts here takes.

use super::remark::Remark;
use super::{Subject, Workbench};
use crate::rule::{Analysis, Form, LoadError, Manifest, Severity};

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
pub(super) fn report(analysis: &Analysis, manifest: &Manifest, file: &str) -> Vec<Remark> {
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
    let values = missing_values(analysis, manifest, file);
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

/// The names that it reads of its configuration or its secrets, and that nobody gives it.
fn missing_values(analysis: &Analysis, manifest: &Manifest, file: &str) -> Vec<String> {
    let given = |name: &str| {
        manifest.settings.contains_key(name)
            || manifest
                .secrets
                .get(name)
                .is_some_and(|secret| secret.visible)
    };
    let wanted = analysis.configuration.iter().chain(&analysis.secrets);
    let missing = wanted.filter(|wanted| !given(&wanted.name));
    let line = |name: &str, line: u32| {
        format!(
            "it reads {name} ({file}:{line}), which its manifest does not give it: add it to [settings], or, if it is \
             confidential, [secrets.{name}] with visible = true"
        )
    };
    missing
        .map(|wanted| line(&wanted.name, wanted.line))
        .collect()
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
