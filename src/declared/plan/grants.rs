//! Client grants: known by their client and their API.

use std::collections::BTreeSet;

use super::draft::{Draft, changes};
use super::work::Work;
use super::{Kind, Prune};
use crate::declared::entry::{Entry, Section};
use crate::manage::shape::{self, Object};
use crate::registry::{GrantChange, NewGrant};
use crate::store::{ApiRow, Attributes, GrantRow};

/// Client id and audience.
type Key = (String, String);

pub(super) fn plan(draft: &mut Draft<'_>) {
    let mut keys = BTreeSet::new();
    let declared = draft.section(Section::ClientGrants);
    for entry in declared.unwrap_or_default() {
        let key = plan_one(draft, entry);
        if key.is_some_and(|key| !keys.insert(key)) {
            draft.mistake(entry, "this client has another grant for this API here");
        }
    }
    prune(draft, &keys, declared.is_some());
}

fn plan_one(draft: &mut Draft<'_>, entry: &Entry) -> Option<Key> {
    if entry.properties.contains_key("default_for") {
        draft.leave_out(entry, None, "a grant is for one client here");
        return None;
    }
    let named = draft.text(entry, CLIENT_ID)?;
    let audience = draft.text(entry, AUDIENCE)?;
    let Some(api) = draft.apis.get(&audience).cloned() else {
        not_here(draft, entry, &audience);
        return None;
    };
    let client_id = client(draft, entry, &named)?;
    let taken = draft.sift(entry, (PASSED_OVER, &shape::GRANT), |alone| {
        shape::grant_change(alone).map(drop)
    });
    let key = (client_id, audience);
    let registered = draft.registered;
    let is_it = |grant: &&GrantRow| grant.client_id == key.0 && grant.audience == key.1;
    match registered.grants.iter().find(is_it) {
        Some(grant) => update(draft, entry, (grant, &api), taken),
        None => create(draft, entry, (&key, &api), taken),
    }
    Some(key)
}

fn not_here(draft: &mut Draft<'_>, entry: &Entry, audience: &str) {
    if audience.ends_with("/api/v2/") {
        let why = "it is for the management API of another place: name the one of this server";
        draft.leave_out(entry, Some(AUDIENCE), &format!("{audience}: {why}"));
    } else if AUTH0S_OWN.iter().any(|own| audience.ends_with(own)) {
        let why = format!("{audience}: it is an API of Auth0 itself");
        draft.leave_out(entry, Some(AUDIENCE), &why);
    } else {
        draft.dangling(entry, AUDIENCE, audience);
    }
}

/// Files name a client by its name or by its id.
pub(super) fn client(draft: &mut Draft<'_>, entry: &Entry, named: &str) -> Option<String> {
    if draft.clients.contains_key(named) {
        return Some(named.to_owned());
    }
    let clients = draft.clients.iter();
    let ids: Vec<&String> = clients
        .filter(|(_, name)| *name == named)
        .map(|(id, _)| id)
        .collect();
    match ids[..] {
        [id] => return Some(id.clone()),
        [] => draft.dangling(entry, CLIENT_ID, named),
        _ => {
            let problem = format!("several clients are called {named:?}: say which by its id");
            draft.mistake(entry, problem);
        }
    }
    None
}

fn create(draft: &mut Draft<'_>, entry: &Entry, (key, api): (&Key, &ApiRow), mut taken: Object) {
    taken.insert(CLIENT_ID.to_owned(), key.0.as_str().into());
    taken.insert(AUDIENCE.to_owned(), key.1.as_str().into());
    let Some((new, attributes)) = draft.checked(entry, shape::new_grant(taken)) else {
        return;
    };
    let as_change = GrantChange {
        scope: new.scope.clone(),
        attributes: attributes.clone(),
    };
    let preview = as_change.preview(&row(&new), api);
    if draft.checked(entry, preview).is_none() {
        return;
    }
    let name = name(draft, key);
    draft.create(Kind::Grant, name, Work::AddGrant(new, attributes));
}

/// One that has nothing yet.
fn row(new: &NewGrant) -> GrantRow {
    GrantRow {
        id: String::new(),
        client_id: new.client_id.clone(),
        audience: new.audience.clone(),
        scope: Vec::new(),
        attributes: Attributes::new(),
        created_at: 0,
    }
}

fn update(draft: &mut Draft<'_>, entry: &Entry, (grant, api): (&GrantRow, &ApiRow), taken: Object) {
    let read = draft.checked(entry, shape::grant_change(taken.clone()));
    let after = read.and_then(|change| draft.checked(entry, change.preview(grant, api)));
    let (Some(after), Ok(change)) = (after, shape::grant_change(taken)) else {
        return;
    };
    let changes = changes(&shape::grant(grant), &shape::grant(&after));
    let name = name(draft, &(grant.client_id.clone(), grant.audience.clone()));
    let work = Work::ChangeGrant(grant.id.clone(), change);
    draft.update(Kind::Grant, name, changes, work);
}

/// A grant whose client or API goes, goes with it.
fn prune(draft: &mut Draft<'_>, keys: &BTreeSet<Key>, is_declared: bool) {
    let registered = draft.registered;
    for grant in &registered.grants {
        let key = (grant.client_id.clone(), grant.audience.clone());
        if keys.contains(&key) {
            continue;
        }
        let name = name(draft, &key);
        let is_orphan = !(draft.clients.contains_key(&key.0) && draft.apis.contains_key(&key.1));
        if is_orphan {
            draft.delete(Kind::Grant, name, Work::DeleteGrant(grant.id.clone()));
            continue;
        }
        match draft.prune {
            Prune::Undeclared if is_declared && registered.is_for_management(grant) => {
                draft.spare(Kind::Grant, name);
            }
            Prune::Undeclared | Prune::Managers if is_declared => {
                draft.delete(Kind::Grant, name, Work::DeleteGrant(grant.id.clone()));
            }
            Prune::Nothing | Prune::Undeclared | Prune::Managers => {}
        }
    }
}

fn name(draft: &Draft<'_>, (client_id, audience): &Key) -> String {
    let registered = || {
        let mut clients = draft.registered.clients.iter();
        clients
            .find(|client| client.id == *client_id)
            .map(|client| &client.name)
    };
    let client = draft.clients.get(client_id).or_else(registered);
    let client = client.map_or_else(|| client_id.clone(), |name| draft.client(name, client_id));
    format!("{client} for {audience}")
}

const CLIENT_ID: &str = "client_id";
const AUDIENCE: &str = "audience";
/// How the identifiers of the APIs end that a tenant comes with, beside the management API.
const AUTH0S_OWN: &[&str] = &["/me/", "/mfa/", "/my-org/", "/userinfo"];
const PASSED_OVER: &[&str] = &[CLIENT_ID, AUDIENCE, "id", "is_system"];
