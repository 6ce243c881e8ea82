//! Whether a rule would go live, what it needs, and whether its random values are fresh every time.

mod needs;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::bench::Spread;
use super::remark::Remark;
use super::script::{self, SharedNames};
use super::{Subject, SubjectError, Workbench};
use crate::rule::{
    Analysis, Answer, Change, Description, Event, Fault, Instances, Limits, LoadError, Manifest,
    Rehearsal, Rule, inspect, rehearse, run_case,
};
pub use needs::Needs;

/// What a check found.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    /// The rule's name.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: usize,
    /// Which way it is written. Empty where it did not load.
    pub lane: &'static str,
    /// What it imports: everything that it can ask of the server.
    pub imports: Vec<String>,
    /// What there is to say about a script.
    pub script: Option<Analysis>,
    /// The values that a script reads, and what gives them.
    pub values: Vec<script::Value>,
    /// What a program says about itself.
    pub description: Option<Description>,
    /// Why the server would not take it, or why tokens would fail.
    pub problems: Vec<String>,
    /// What is worth knowing and stops nothing.
    pub notes: Vec<Remark>,
    /// Whether every call that it was tried with ended in the same refusal: what is behind that was not reached.
    pub is_hardly_tried: bool,
    /// What it needed, where it ran.
    pub needs: Option<Needs>,
    /// Whether the same event gives the same answer, and which claims are new every time.
    pub repeatability: Option<Repeatability>,
    /// How many golden cases it passed, of how many.
    pub cases: (usize, usize),
}

/// How a rule was loaded.
#[derive(Clone, Copy)]
struct Loading {
    took: Duration,
    /// Within its own limits.
    fits: bool,
}

/// What many calls with the same event gave.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Repeatability {
    /// How many calls, each in a fresh sandbox.
    pub calls: usize,
    /// Whether all of them gave the same answer.
    pub is_deterministic: bool,
    /// Claims that had another value every time.
    pub fresh: Vec<String>,
    /// Claims that changed, but not every time.
    pub repeating: Vec<String>,
}

/// Checks a rule. Which values scripts share is known where there is an installation to look into.
pub async fn check(bench: &Workbench, subject: &Subject, shared: Option<&SharedNames>) -> Checked {
    let mut checked = Checked {
        name: subject.name.to_string(),
        bytes: subject.bytes().len(),
        imports: inspect(subject.bytes()).map_or_else(|_| Vec::new(), |file| file.imports),
        ..Checked::default()
    };
    bench.forget(subject);
    checked.read_script(bench, subject, shared).await;
    if subject.manifest.instances == Instances::Kept {
        checked.notes.push(Remark::note(KEPT.to_owned()));
    }
    let Some((rule, loading)) = checked.load(bench, subject).await else {
        return checked;
    };
    checked.lane = rule.lane();
    checked.description = rule.description().cloned();
    checked.try_cases(&rule, subject).await;
    checked.try_often(bench, &rule, subject).await;
    checked.try_generously(bench, subject, loading).await;
    checked
}

fn generous(manifest: &Manifest) -> Manifest {
    Manifest {
        limits: Limits::largest(),
        ..manifest.clone()
    }
}

impl Checked {
    /// Of a rule that cannot even be read.
    pub fn unread(file: &Path, problem: &SubjectError) -> Self {
        Self {
            name: file.display().to_string(),
            problems: vec![problem.said()],
            ..Self::default()
        }
    }

    /// Whether the server would take the rule as it is.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// A script that cannot be analysed cannot be loaded either, which says why.
    async fn read_script(
        &mut self,
        bench: &Workbench,
        subject: &Subject,
        shared: Option<&SharedNames>,
    ) {
        let Ok(Some(analysis)) = script::analyse(bench, subject).await else {
            return;
        };
        let (manifest, file) = (&subject.manifest, subject.source().file_name());
        self.values = script::values(&analysis, manifest, shared);
        self.notes = script::report(&analysis, manifest, &file, (&self.values, shared));
        self.script = Some(analysis);
    }

    /// Loads it as the server would. One that only its limits keep out is loaded with larger ones.
    async fn load(&mut self, bench: &Workbench, subject: &Subject) -> Option<(Arc<Rule>, Loading)> {
        let began = bench.clock.monotonic();
        let problem = match bench.load(subject).await {
            Ok(rule) => {
                let took = bench.clock.monotonic().saturating_sub(began);
                return Some((rule, Loading { took, fits: true }));
            }
            Err(problem) => problem,
        };
        self.problems.push(problem.without_advice());
        let began = bench.clock.monotonic();
        let rule = self.load_roomier(bench, subject, &problem).await?;
        let took = bench.clock.monotonic().saturating_sub(began);
        Some((rule, Loading { took, fits: false }))
    }

    /// A rule that only its limits keep from loading is loaded with the largest there are, to tell what it needs.
    async fn load_roomier(
        &mut self,
        bench: &Workbench,
        subject: &Subject,
        problem: &LoadError,
    ) -> Option<Arc<Rule>> {
        if !problem.is_about_limits() {
            return None;
        }
        match bench.load_as(subject, &generous(&subject.manifest)).await {
            Ok(rule) => Some(rule),
            Err(problem) => {
                let said = problem.without_advice();
                self.problems.push(format!(
                    "with the largest limits that a manifest may give it does not load either: {said}"
                ));
                None
            }
        }
    }

    async fn try_cases(&mut self, rule: &Arc<Rule>, subject: &Subject) {
        let cases = match subject.all_cases() {
            Ok(cases) => cases,
            Err(problem) => return self.problems.push(problem),
        };
        self.cases.1 = cases.len();
        for (name, case) in &cases {
            match run_case(rule, case).await {
                Ok(_) => self.cases.0 += 1,
                Err(failure) => {
                    let case = case.title(name);
                    self.problems.push(format!("golden case {case}: {failure}"));
                }
            }
        }
        if cases.is_empty() {
            let note = "it has no golden cases: with some, a version that answers otherwise never goes live";
            self.notes.push(Remark::note(note.to_owned()));
        }
    }

    /// The same event again and again: do random values come out fresh, and does everything else stay the same?
    async fn try_often(&mut self, bench: &Workbench, rule: &Arc<Rule>, subject: &Subject) {
        let event = first_event(subject);
        let end = bench.clock.monotonic() + TIME_MAX;
        let mut values: BTreeMap<String, HashSet<String>> = BTreeMap::new();
        let (mut answers, mut calls) = (HashSet::new(), 0);
        while calls < CALLS_MAX && (calls < CALLS_MIN || bench.clock.monotonic() < end) {
            let Ok(rehearsal) = rehearse(rule, &event, None).await else {
                return;
            };
            let Ok(answer) = &rehearsal.answer else {
                return; // What it fails of is found out below.
            };
            calls += 1;
            answers.insert(serde_json::to_string(answer).unwrap_or_default());
            for (name, value) in claims_set(answer) {
                values.entry(name).or_default().insert(value);
            }
        }
        self.judge_repetition(calls, answers.len() == 1, &values);
    }

    fn judge_repetition(
        &mut self,
        calls: usize,
        is_deterministic: bool,
        values: &BTreeMap<String, HashSet<String>>,
    ) {
        let named = |is_such: &dyn Fn(usize) -> bool| {
            let such = values.iter().filter(|(_, seen)| is_such(seen.len()));
            such.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let fresh = named(&|seen| seen == calls && calls > 1);
        let repeating = named(&|seen| seen > 1 && seen < calls);
        for name in &repeating {
            self.problems.push(format!(
                "claim {name:?} has values that repeat: {} different ones in {calls} calls. Take random values from \
                 the host: a generator that was seeded when the rule was built repeats itself",
                values[name].len()
            ));
        }
        if calls > 1 && values.get("jti").is_some_and(|seen| seen.len() == 1) {
            self.problems.push(format!(
                "it set the same jti in {calls} calls with fresh sandboxes: every token must have one of its own. Take \
                 it from the host (uuid-v4), not from a generator that was seeded when the rule was built"
            ));
        }
        self.repeatability = Some(Repeatability {
            calls,
            is_deterministic,
            fresh,
            repeating,
        });
    }

    /// With the largest limits there are: what does it really need, and which limit is too small?
    async fn try_generously(&mut self, bench: &Workbench, subject: &Subject, loading: Loading) {
        let Ok(rule) = bench.load_as(subject, &generous(&subject.manifest)).await else {
            return;
        };
        let mut needs = Needs {
            load_ms: u64::try_from(loading.took.as_millis()).unwrap_or(u64::MAX),
            ..Needs::default()
        };
        let (mut took, mut failures, mut answered) = (Vec::new(), Vec::new(), 0);
        let mut refusals = Vec::new();
        for (event, settings) in events(subject) {
            let settings = settings.and_then(|given| serde_json::value::to_raw_value(&given).ok());
            let Ok(rehearsal) = rehearse(&rule, &event, settings.as_deref()).await else {
                continue;
            };
            refusals.push(refusal(&rehearsal));
            match failure(&rehearsal) {
                None => answered += 1,
                Some(failure) => failures.push(failure),
            }
            if !matches!(rehearsal.answer, Err(Fault::Limit(_))) {
                needs.note(&rehearsal);
                took.push(rehearsal.took);
            }
        }
        self.tell_failures(failures, answered);
        self.tell_refusals(&refusals);
        needs.call_us = (!took.is_empty()).then(|| Spread::of(took));
        let limits = &subject.manifest.limits;
        needs.judge(limits, self.bytes as u64);
        match loading.fits {
            true => self
                .notes
                .extend(needs.tight_loading(limits).map(Remark::note)),
            false => needs.judge_loading(limits),
        }
        if !needs.raise.is_empty() {
            let lines = needs.raise.join(", ");
            self.problems.push(format!(
                "its limits are too small: raise them in [limits]: {lines}"
            ));
        }
        self.needs = Some(needs);
    }

    /// A rule that refuses whatever it is asked, for want of a secret say, was hardly tried at all.
    fn tell_refusals(&mut self, refusals: &[Option<String>]) {
        let Some(Some(first)) = refusals.first() else {
            return;
        };
        if refusals.iter().all(|other| other.as_ref() == Some(first)) {
            self.notes.push(Remark::warning(format!(
                "it refused every call that it was tried with, and always so: {first}. Nothing behind that was reached: \
                 does it lack a secret or a setting of its manifest, or a golden case that it lets through?"
            )));
            self.is_hardly_tried = true;
        }
    }

    fn tell_failures(&mut self, mut failures: Vec<String>, answered: usize) {
        failures.dedup();
        if answered == 0 && !failures.is_empty() {
            let said = failures.join("; ");
            return self.problems.push(format!(
                "it fails at every event that it was tried with: {said}"
            ));
        }
        let noted = failures.into_iter();
        self.notes.extend(noted.map(|failure| {
            let text = format!("it fails at some events: {failure}");
            Remark::note(text)
        }));
    }
}

/// How a rehearsal was refused, if it was.
fn refusal(rehearsal: &Rehearsal) -> Option<String> {
    match &rehearsal.answer {
        Ok(Answer::Denied(denial)) => Some(format!("{} ({})", denial.description, denial.code)),
        Ok(Answer::Invalid(text)) => Some(text.clone()),
        Ok(Answer::Changes(_) | Answer::Internal(_)) | Err(_) => None,
    }
}

/// What a rule is tried with: the events of its golden cases, and an ordinary one.
fn events(subject: &Subject) -> Vec<(Event<'static>, Option<Map<String, Value>>)> {
    let cases = subject.all_cases().unwrap_or_default().into_iter();
    let events = cases.map(|(_, case)| (case.event, case.settings));
    let ordinary = (Event::default(), None);
    events.chain([ordinary]).take(EVENTS_MAX).collect()
}

/// Why no token would come of a rehearsal with the largest limits there are, if the rule is to blame.
fn failure(rehearsal: &Rehearsal) -> Option<String> {
    match (&rehearsal.answer, &rehearsal.applied) {
        (Err(Fault::Limit(limit)), _) => Some(format!("{limit}, and no manifest may give it more")),
        (Err(fault), _) | (Ok(_), Err(fault)) => Some(fault.to_string()),
        (Ok(Answer::Internal(text)), _) => Some(Fault::Internal(text.clone()).to_string()),
        (Ok(Answer::Changes(_) | Answer::Denied(_) | Answer::Invalid(_)), Ok(_)) => None,
    }
}

/// What a rule is tried with again and again: the event of its first case, if that is to change something.
fn first_event(subject: &Subject) -> Event<'static> {
    let cases = subject.all_cases().unwrap_or_default();
    let changing = cases.into_iter().find(|(_, case)| {
        let expected = serde_json::to_value(&case.expect).unwrap_or_default();
        expected["changes"] != Value::Null && case.settings.is_none()
    });
    changing.map(|(_, case)| case.event).unwrap_or_default()
}

fn claims_set(answer: &Answer) -> Vec<(String, String)> {
    let Answer::Changes(changes) = answer else {
        return Vec::new();
    };
    let set = |change: &Change| match change {
        Change::SetClaim { name, value } => Some((name.clone(), value.0.clone())),
        Change::RemoveClaim { .. }
        | Change::RemoveScope { .. }
        | Change::ShortenLifetime { .. } => None,
    };
    changes.iter().filter_map(set).collect()
}

impl LoadError {
    /// Whether larger limits might help.
    fn is_about_limits(&self) -> bool {
        use crate::rule::CompileError;
        matches!(
            self,
            Self::TooLarge { .. }
                | Self::Compile(CompileError::Time(_) | CompileError::Memory(_))
                | Self::Start(Fault::Limit(_))
                | Self::Validate(Fault::Limit(_))
        )
    }
}

const KEPT: &str = "its manifest keeps instances (instances = \"kept\"): each answers one token after another, and what it \
    leaves in its memory is there for the next. Golden cases and the calls of this check have fresh ones, so nothing here \
    tells whether that is harmless";
const CALLS_MIN: usize = 2;
const CALLS_MAX: usize = 1_000;
const EVENTS_MAX: usize = 20;
const TIME_MAX: Duration = Duration::from_secs(3);
