//! Clients: known by their `client_id`, or by their name where files do not say one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::draft::{Draft, changes};
use super::work::Work;
use super::{Kind, Prune};
use crate::declared::NOT_SHOWN;
use crate::declared::entry::{Entry, Section};
use crate::grant;
use crate::manage::shape::{self, Object};
use crate::registry::{AUTHENTICATION_METHODS, NewClient, Registrar};
use crate::store::ClientRow;

pub(super) fn plan(draft: &mut Draft<'_>, registrar: &Registrar) {
    let Some(entries) = draft.section(Section::Clients) else {
        return;
    };
    let mut ids = BTreeSet::new();
    for entry in entries {
        let id = plan_one(draft, entry, registrar);
        if id.is_some_and(|id| !ids.insert(id)) {
            draft.mistake(entry, "this client is declared twice");
        }
    }
    if draft.prune != Prune::Nothing {
        prune(draft, &ids);
    }
}

/// Gives the id of the client that it is about.
fn plan_one(draft: &mut Draft<'_>, entry: &Entry, registrar: &Registrar) -> Option<String> {
    let name = draft.text(entry, NAME)?;
    draft.declared_names.insert(name.clone());
    if entry
        .properties
        .get("global")
        .is_some_and(|value| value == true)
    {
        draft.leave_out(
            entry,
            None,
            "it stands for all clients of a tenant at Auth0",
        );
        return None;
    }
    let id = match entry.properties.contains_key(CLIENT_ID) {
        true => Some(draft.text(entry, CLIENT_ID)?),
        false => None,
    };
    draft.declared_names.extend(id.clone());
    let existing = find(draft, entry, id.as_deref(), &name)?;
    let mut taken = draft.sift(entry, (PASSED_OVER, &shape::CLIENT), |alone| {
        shape::client_change(alone).map(drop)
    });
    let credentials = credentials(draft, entry, existing.is_some());
    idle(draft, entry);
    if let Some(client) = existing {
        update(draft, entry, client, taken);
        return Some(client.id.clone());
    }
    let id = id.unwrap_or_else(|| {
        let made_up = registrar.client_id();
        draft.made_up.insert(made_up.clone());
        made_up
    });
    if let Some(secret) = secret(draft, entry) {
        taken.insert(SECRET.to_owned(), secret);
    }
    if let Some(credentials) = credentials {
        taken.insert(AUTHENTICATION_METHODS.to_owned(), credentials);
    }
    create(draft, entry, &id, taken);
    Some(id)
}

/// Tells of what is kept for Auth0's tools and does nothing here, where somebody at Auth0 has chosen it. What every client has
/// says nothing.
fn idle(draft: &mut Draft<'_>, entry: &Entry) {
    let names = entry.properties.get(GRANT_TYPES).and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let idle: Vec<&str> = names
        .filter(|name| !grant::GRANT_TYPES.contains(name))
        .collect();
    if !idle.is_empty() {
        let why = format!(
            "kept, and of no use: nobody gets a token here by {}",
            idle.join(", ")
        );
        draft.leave_out(entry, Some(GRANT_TYPES), &why);
    }
    for (name, usual) in [
        ("alg", json!("RS256")),
        ("lifetime_in_seconds", json!(36_000)),
    ] {
        let value = entry
            .properties
            .get("jwt_configuration")
            .and_then(|of| of.get(name));
        if value.is_some_and(|value| !value.is_null() && *value != usual) {
            let why = "kept, and of no use: it is about ID tokens, and there are none here; an API says how its access \
                       tokens are signed and how long they live";
            draft.leave_out(entry, Some(&format!("jwt_configuration.{name}")), why);
        }
    }
}

/// The client that is meant, if there is one already; no answer where that cannot be told.
fn find<'d>(
    draft: &mut Draft<'d>,
    entry: &Entry,
    id: Option<&str>,
    name: &str,
) -> Option<Option<&'d ClientRow>> {
    let mut clients = draft.registered.clients.iter();
    if let Some(id) = id {
        return Some(clients.find(|client| client.id == id));
    }
    let mut namesakes = clients.filter(|client| client.name == name);
    let first = namesakes.next();
    if namesakes.next().is_some() {
        let problem = format!("several clients are called {name:?}: say which by client_id");
        draft.mistake(entry, problem);
        return None;
    }
    Some(first)
}

/// A secret that is declared. What stands for one in an export is none.
fn secret(draft: &mut Draft<'_>, entry: &Entry) -> Option<Value> {
    let value = entry
        .properties
        .get(SECRET)
        .filter(|value| !value.is_null())?;
    if value == NOT_SHOWN {
        return None;
    }
    draft.text(entry, SECRET).map(Value::String)
}

/// The keys that a new client is to prove itself by. Those of one that is there stay as they are: files name credentials by
/// ids that another tenant gave them, and whoever has changed a key must not get the old one back.
fn credentials(draft: &mut Draft<'_>, entry: &Entry, is_there: bool) -> Option<Value> {
    let methods = entry.properties.get(AUTHENTICATION_METHODS);
    let methods = methods.filter(|methods| !methods.is_null())?;
    let alone = || Object::from_iter([(AUTHENTICATION_METHODS.to_owned(), methods.clone())]);
    let named = Object::from_iter([(NAME.to_owned(), Value::from(NAME))]);
    let are_ids = shape::client_change(alone()).is_ok();
    let whole = shape::new_client(named.into_iter().chain(alone()).collect());
    let why = match (is_there, whole) {
        (true, _) if are_ids => return None,
        (true, Ok(_)) => {
            "the keys of a client that is there stay as they are: use rulemint client credential"
                .to_owned()
        }
        (false, Ok(_)) => return Some(methods.clone()),
        (false, Err(_)) if are_ids => {
            "it names keys by ids and does not hold them: use rulemint client credential".to_owned()
        }
        (_, Err(why)) => why,
    };
    draft.leave_out(entry, Some(AUTHENTICATION_METHODS), &why);
    None
}

fn create(draft: &mut Draft<'_>, entry: &Entry, id: &str, taken: Object) {
    let Some(new) = draft.checked(entry, shape::new_client(taken)) else {
        return;
    };
    let new = NewClient {
        id: Some(id.to_owned()),
        ..new
    };
    if draft.checked(entry, new.check()).is_none() {
        return;
    }
    draft.clients.insert(id.to_owned(), new.name.clone());
    let name = draft.client(&new.name, id);
    draft.create(Kind::Client, name, Work::AddClient(new));
}

fn update(draft: &mut Draft<'_>, entry: &Entry, client: &ClientRow, mut taken: Object) {
    forget_metadata(client, &mut taken);
    let read = draft.checked(entry, shape::client_change(taken.clone()));
    let after = read.and_then(|change| draft.checked(entry, change.preview(client)));
    let (Some(after), Ok(change)) = (after, shape::client_change(taken)) else {
        return;
    };
    draft.clients.insert(client.id.clone(), after.name.clone());
    let changes = changes(&shape::client(client), &shape::client(&after));
    let work = Work::ChangeClient(client.id.clone(), change);
    let name = draft.client(&after.name, &client.id);
    draft.update(Kind::Client, name, changes, work);
}

/// Files say all of the metadata: a key that they do not have goes.
fn forget_metadata(client: &ClientRow, taken: &mut Object) {
    if let Some(Value::Object(metadata)) = taken.get_mut("client_metadata") {
        for key in client.metadata.keys() {
            metadata.entry(key).or_insert(Value::Null);
        }
    }
}

fn prune(draft: &mut Draft<'_>, ids: &BTreeSet<String>) {
    let registered = draft.registered;
    for client in &registered.clients {
        if ids.contains(&client.id) {
            continue;
        }
        let name = draft.client(&client.name, &client.id);
        if draft.prune != Prune::Managers && registered.manages(&client.id) {
            draft.spare(Kind::Client, name);
            continue;
        }
        draft.clients.remove(&client.id);
        draft.delete(Kind::Client, name, Work::DeleteClient(client.id.clone()));
    }
}

const NAME: &str = "name";
const GRANT_TYPES: &str = "grant_types";
const CLIENT_ID: &str = "client_id";
const SECRET: &str = "client_secret";
/// What Auth0 says about a client and nobody can change. Keys are seen to by themselves. A secret is set when a client is made, and not again: whoever has
/// rotated one must not get the old one back.
const PASSED_OVER: &[&str] = &[
    AUTHENTICATION_METHODS,
    CLIENT_ID,
    SECRET,
    "callback_url_template",
    "config_route",
    "global",
    "owners",
    "signing_keys",
    "tenant",
];
