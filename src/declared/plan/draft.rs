//! A plan in the making: what is the same for every kind of thing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::work::Work;
use super::{Action, Change, Kind, Plan, Prune, Script, Step, Unplanned};
use crate::declared::entry::{Entry, Section};
use crate::declared::known::slip;
use crate::declared::{Declared, LeftOut, Registered};
use crate::document::Mistake;
use crate::manage::shape::{Object, Properties, Refused};
use crate::store::{ApiRow, ClientRow};

pub(super) struct Draft<'d> {
    declared: &'d Declared,
    pub(super) registered: &'d Registered,
    pub(super) prune: Prune,
    /// The APIs that there will be, by identifier.
    pub(super) apis: BTreeMap<String, ApiRow>,
    /// The names of the clients that there will be, by id.
    pub(super) clients: BTreeMap<String, String>,
    /// The ids that were made up for new clients: they say nothing to anybody yet.
    pub(super) made_up: BTreeSet<String>,
    steps: Vec<Step>,
    /// What goes is done last, and in the other order: grants before what they are for.
    deletions: Vec<Step>,
    pub(super) scripts: Vec<Script>,
    /// What files call things that they declare, whatever becomes of those: if one is missing, that has been told.
    pub(super) declared_names: BTreeSet<String>,
    left_out: BTreeSet<LeftOut>,
    mistakes: Vec<Mistake>,
}

impl<'d> Draft<'d> {
    pub(super) fn new(declared: &'d Declared, registered: &'d Registered, prune: Prune) -> Self {
        let api = |api: &ApiRow| (api.identifier.clone(), api.clone());
        let client = |client: &ClientRow| (client.id.clone(), client.name.clone());
        let mut draft = Self {
            declared,
            registered,
            prune,
            apis: registered.apis.iter().map(api).collect(),
            clients: registered.clients.iter().map(client).collect(),
            made_up: BTreeSet::new(),
            steps: Vec::new(),
            deletions: Vec::new(),
            scripts: Vec::new(),
            declared_names: BTreeSet::new(),
            left_out: declared.left_out.iter().cloned().collect(),
            mistakes: declared.mistakes.clone(),
        };
        for doubt in &declared.doubts {
            draft.leave_out_if_lenient(doubt.clone());
        }
        draft
    }

    /// What is declared of a section; `None` where files say nothing about it.
    pub(super) fn section(&self, section: Section) -> Option<&'d [Entry]> {
        self.declared.sections.get(&section).map(Vec::as_slice)
    }

    /// A property that must be there, and be a text.
    pub(super) fn text(&mut self, entry: &Entry, name: &str) -> Option<String> {
        let problem = match entry.properties.get(name) {
            Some(Value::String(text)) => return Some(text.clone()),
            Some(_) => format!("{name} is no text"),
            None => format!("it has no {name}"),
        };
        self.mistake(entry, problem);
        None
    }

    /// The properties that this server takes; `takes` says why it does not take one. Those that only tell what is so, such as
    /// ids, and those that say nothing are passed over.
    pub(super) fn sift(
        &mut self,
        entry: &Entry,
        (passed_over, known): (&'static [&'static str], &Properties),
        takes: impl Fn(Object) -> Result<(), String>,
    ) -> Object {
        let mut taken = Object::new();
        for (name, value) in &entry.properties {
            if passed_over.contains(&name.as_str()) || value.is_null() {
                continue;
            }
            let alone = Object::from_iter([(name.clone(), value.clone())]);
            match takes(alone) {
                Ok(()) => drop(taken.insert(name.clone(), value.clone())),
                Err(why) => match (
                    known.refused(name, value),
                    slip(name, known.names(), passed_over),
                ) {
                    (Refused::Wrong, _) => self.doubt(entry, name, &why),
                    (Refused::NotHere, Some(meant)) => self.slip(entry, name, meant),
                    (Refused::NotHere, None) => self.leave_out(entry, Some(name), &why),
                },
            }
        }
        taken
    }

    /// A client as people know it. Names need not be different.
    pub(super) fn client(&self, name: &str, id: &str) -> String {
        match name == id || self.made_up.contains(id) {
            true => name.to_owned(),
            false => format!("{name} ({id})"),
        }
    }

    pub(super) fn leave_out(&mut self, entry: &Entry, property: Option<&str>, why: &str) {
        // The API says which property it is about; here that is said already.
        let known = property.and_then(|name| why.strip_prefix(name)?.strip_prefix(": "));
        let why = known.unwrap_or(why);
        let why = match why.starts_with("Additional properties not allowed") {
            true => "rulemint knows no such property",
            false => why.trim_end_matches("; leave it out"),
        };
        self.left_out.insert(LeftOut {
            place: entry.place.clone(),
            property: property.map(str::to_owned),
            why: why.to_owned(),
        });
    }

    /// Refuses properties that nobody knows, where all that there can be are known.
    pub(super) fn check_names(&mut self, entry: &Entry, known: &[&str]) {
        for name in entry.properties.keys() {
            match slip(name, known.iter().copied(), &[]) {
                Some(meant) => self.slip(entry, name, meant),
                None if known.contains(&name.as_str()) => {}
                None => self.leave_out(entry, Some(name), "rulemint knows no such property"),
            }
        }
    }

    /// Notes that an entry names something that is nowhere.
    pub(super) fn dangling(&mut self, entry: &Entry, property: &str, named: &str) {
        if self.declared_names.contains(named) {
            let why = format!("{named}: it is left out itself");
            return self.leave_out(entry, Some(property), &why);
        }
        // It may stand in a file that cannot be read, which is told already.
        if self.declared.mistakes.is_empty() {
            let why = format!("{named}: there is none, here or in the files");
            self.doubt(entry, property, &why);
        }
    }

    fn slip(&mut self, entry: &Entry, property: &str, meant: &str) {
        let why = format!("nobody knows such a property; did you mean {meant}?");
        self.doubt(entry, property, &why);
    }

    /// Something that Auth0 does not have either: a mistake, unless such may be left out.
    fn doubt(&mut self, entry: &Entry, property: &str, why: &str) {
        let why = why.strip_prefix(&format!("{property}: ")).unwrap_or(why);
        self.leave_out_if_lenient(LeftOut {
            place: entry.place.clone(),
            property: Some(property.to_owned()),
            why: why.to_owned(),
        });
    }

    fn leave_out_if_lenient(&mut self, doubt: LeftOut) {
        if self.declared.is_lenient {
            self.left_out.insert(doubt);
            return;
        }
        let place = doubt.property.map_or(doubt.place.clone(), |property| {
            format!("{}: {property}", doubt.place)
        });
        let problem = format!("{} (--lenient leaves it out)", doubt.why);
        self.mistakes.push(Mistake { place, problem });
    }

    pub(super) fn mistakes(&mut self, mistakes: Vec<Mistake>) {
        self.mistakes.extend(mistakes);
    }

    pub(super) fn mistake(&mut self, entry: &Entry, problem: impl Into<String>) {
        self.mistakes.push(Mistake {
            place: entry.place.clone(),
            problem: problem.into(),
        });
    }

    /// The value, unless it is a mistake.
    pub(super) fn checked<T>(
        &mut self,
        entry: &Entry,
        result: Result<T, impl ToString>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problem) => {
                self.mistake(entry, problem.to_string());
                None
            }
        }
    }

    pub(super) fn create(&mut self, kind: Kind, name: String, work: Work) {
        let step = Step::new(kind, name, Action::Create, Some(work));
        self.steps.push(step);
    }

    pub(super) fn update(&mut self, kind: Kind, name: String, changes: Vec<Change>, work: Work) {
        let step = match changes.is_empty() {
            true => Step::new(kind, name, Action::Unchanged, None),
            false => Step {
                changes,
                ..Step::new(kind, name, Action::Update, Some(work))
            },
        };
        self.steps.push(step);
    }

    pub(super) fn delete(&mut self, kind: Kind, name: String, work: Work) {
        let step = Step::new(kind, name, Action::Delete, Some(work));
        self.deletions.push(step);
    }

    /// Before anything that follows, because it may need the place.
    pub(super) fn delete_now(&mut self, kind: Kind, name: String, work: Work) {
        let step = Step::new(kind, name, Action::Delete, Some(work));
        self.steps.push(step);
    }

    pub(super) fn spare(&mut self, kind: Kind, name: String) {
        self.steps.push(Step::new(kind, name, Action::Spare, None));
    }

    pub(super) fn finish(mut self) -> Result<Plan, Unplanned> {
        if !self.mistakes.is_empty() {
            return Err(Unplanned {
                mistakes: self.mistakes,
                scripts: self.scripts,
            });
        }
        self.steps.extend(self.deletions.into_iter().rev());
        Ok(Plan {
            steps: self.steps,
            left_out: self.left_out.into_iter().collect(),
            scripts: self.scripts,
        })
    }
}

/// What is different, property by property.
pub(super) fn changes(before: &Object, after: &Object) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |of: &Object, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    let change = |name: &String| Change {
        property: name.clone(),
        before: value(before, name),
        after: value(after, name),
    };
    let all = names.into_iter().map(change);
    all.filter(|change| change.before != change.after).collect()
}
