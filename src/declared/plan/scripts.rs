//! Scripts in the rules directory: Auth0's Rules, Hooks and Actions, known by their names.

mod manifest;
mod order;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use serde_json::{Value, json};

use super::draft::{Draft, changes};
use super::work::{Edit, ScriptWork, Work};
use super::{Change, Kind, Prune, Script};
use crate::declared::origin::Origin;
use crate::manage::shape::Object;
use crate::rule::{SECRET_BYTES_MIN, SecretSource, is_variable_name};
use crate::rules_dir::{NewScript, ScriptChange, ScriptRule};
use order::Orders;
use wanted::Wanted;

pub(super) fn plan(draft: &mut Draft<'_>) {
    let wanted = wanted::read(draft);
    let mut names = BTreeSet::new();
    for one in &wanted {
        if !names.insert(one.name.as_str()) {
            let problem = format!("another Rule, Hook or Action is called {:?}, too", one.name);
            draft.mistake(one.entry, problem);
        }
    }
    let going = undeclared(draft, &names);
    let ids = going.iter().map(|rule| rule.id.as_str()).collect();
    let mut orders = Orders::of(draft, &wanted, &ids);
    prune(draft, &going, &orders);
    for (index, one) in wanted.iter().enumerate() {
        match existing(draft, &one.name) {
            Some(rule) => update(draft, one, rule, (&mut orders, index)),
            None => create(draft, one, orders.take(index, None)),
        }
    }
}

fn existing<'d>(draft: &Draft<'d>, name: &str) -> Option<&'d ScriptRule> {
    let registered = draft.registered;
    registered.scripts.iter().find(|rule| rule.name == name)
}

/// The scripts that are not declared.
fn undeclared<'d>(draft: &Draft<'d>, names: &BTreeSet<&str>) -> Vec<&'d ScriptRule> {
    let is_undeclared = |rule: &&ScriptRule| {
        let section = Origin::of(&rule.script).section();
        draft.section(section).is_some() && !names.contains(rule.name.as_str())
    };
    let scripts = draft.registered.scripts.iter();
    let undeclared = scripts.filter(|_| draft.prune != Prune::Nothing);
    undeclared.filter(is_undeclared).collect()
}

/// One whose place a declared script takes goes first, because it has to. All others go last: until then they guard the clients
/// that go with them.
fn prune(draft: &mut Draft<'_>, going: &[&ScriptRule], orders: &Orders) {
    for rule in going {
        let gives_way = rule.order.is_some_and(|order| orders.will_be_taken(order));
        let work = Work::DeleteScript {
            id: rule.id.clone(),
            gives_way,
        };
        match gives_way {
            true => draft.delete_now(Kind::Rule, rule.name.clone(), work),
            false => draft.delete(Kind::Rule, rule.name.clone(), work),
        }
    }
}

fn create(draft: &mut Draft<'_>, wanted: &Wanted<'_>, (order, aside): (Option<u16>, Aside)) {
    let new = NewScript {
        name: wanted.name.clone(),
        script: wanted.script.clone(),
        order,
        enabled: wanted.enabled.unwrap_or_default(),
        manifest: None,
    };
    if draft.checked(wanted.entry, new.check()).is_none() {
        return;
    }
    let manifest = manifest::plan(draft, wanted, None);
    if wanted.is_action && wanted.enabled.is_none() {
        let why = "no file says which trigger binds it: it is switched off";
        draft.leave_out(wanted.entry, Some("enabled"), why);
    }
    if new.enabled {
        draft.scripts.push(Script {
            is_for_people: Origin::of(&new.script).is_for_people(),
            ..script(wanted)
        });
    }
    let secrets = secrets(draft, wanted, &manifest.secrets).0;
    let new = NewScript {
        manifest: manifest.text,
        ..new
    };
    let work = ScriptWork {
        aside,
        edit: Edit::Add(new),
        secrets,
    };
    draft.create(Kind::Rule, wanted.name.clone(), Work::Script(work));
}

fn script(wanted: &Wanted<'_>) -> Script {
    Script {
        place: wanted.entry.place.clone(),
        name: wanted.name.clone(),
        text: wanted.script.clone(),
        is_for_people: false,
    }
}

/// Ids of scripts with places to wait at.
type Aside = Vec<(String, u16)>;

fn update(
    draft: &mut Draft<'_>,
    wanted: &Wanted<'_>,
    rule: &ScriptRule,
    (orders, index): (&mut Orders, usize),
) {
    let (order, aside) = orders.take(index, Some(rule));
    let new = NewScript {
        name: wanted.name.clone(),
        script: wanted.script.clone(),
        order: order.or(rule.order),
        enabled: wanted.enabled.unwrap_or(rule.enabled),
        manifest: None,
    };
    if draft.checked(wanted.entry, new.check()).is_none() {
        return;
    }
    let after = object(&new.script, new.order, new.enabled);
    let mut changes = changes(&object(&rule.script, rule.order, rule.enabled), &after);
    let manifest = manifest::plan(draft, wanted, Some(rule));
    let (secrets, of_secrets) = secrets(draft, wanted, &manifest.secrets);
    changes.extend(of_secrets.into_iter().chain(manifest.change));
    if new.enabled && !changes.is_empty() {
        draft.scripts.push(script(wanted));
    }
    let change = ScriptChange {
        name: None,
        script: Some(new.script),
        order,
        enabled: Some(new.enabled),
        manifest: manifest.text,
    };
    let work = ScriptWork {
        aside,
        edit: Edit::Change(rule.id.clone(), change),
        secrets,
    };
    draft.update(Kind::Rule, wanted.name.clone(), changes, Work::Script(work));
}

fn object(script: &str, order: Option<u16>, enabled: bool) -> Object {
    Object::from_iter([
        ("script".to_owned(), json!(script)),
        ("order".to_owned(), json!(order)),
        ("enabled".to_owned(), json!(enabled)),
    ])
}

/// The secrets whose values files give and that are not kept yet, and what is told of that. One without a value that nobody
/// has put into the manifest either is missing.
fn secrets(
    draft: &mut Draft<'_>,
    wanted: &Wanted<'_>,
    known: &BTreeMap<String, SecretSource>,
) -> (BTreeMap<String, SecretString>, Vec<Change>) {
    let (mut new, mut told) = (BTreeMap::new(), Vec::new());
    for (name, value) in &wanted.secrets {
        if !is_variable_name(name) {
            let why =
                "a secret's name is letters, digits and underscores, and begins with no digit";
            draft.leave_out(wanted.entry, Some(&format!("secrets.{name}")), why);
            continue;
        }
        let source = known.get(name);
        match value {
            Some(value) if value.len() < SECRET_BYTES_MIN && wanted.enabled != Some(false) => {
                let problem = format!(
                    "secrets.{name} is shorter than {SECRET_BYTES_MIN} bytes: no script is loaded with it, because it \
                     cannot be kept out of logs"
                );
                draft.mistake(wanted.entry, problem);
            }
            Some(value) => {
                let file = source.and_then(|source| source.file.as_ref());
                let kept = file.and_then(|file| std::fs::read_to_string(file).ok());
                if kept.as_deref() != Some(value) {
                    new.insert(name.clone(), SecretString::from(value.clone()));
                    told.push(Change {
                        property: format!("secrets.{name}"),
                        before: source.map_or(Value::Null, |_| json!("a value that is not shown")),
                        after: json!("another that is not shown"),
                    });
                }
            }
            None if source.is_none() => {
                let why = "files do not say its value: give it by a keyword, or name it in [secrets] of the rule's \
                           manifest with visible = true";
                draft.leave_out(wanted.entry, Some(&format!("secrets.{name}")), why);
            }
            None => {}
        }
    }
    (new, told)
}
