//! APIs: known by their identifier.

use std::collections::BTreeSet;

use super::draft::{Draft, changes};
use super::work::Work;
use super::{Kind, Prune};
use crate::declared::entry::{Entry, Section};
use crate::manage::shape::{self, Object};
use crate::registry::{ApiChange, NewApi};
use crate::store::ApiRow;

pub(super) fn plan(draft: &mut Draft<'_>) {
    let Some(entries) = draft.section(Section::ResourceServers) else {
        return;
    };
    let mut named = BTreeSet::new();
    for entry in entries {
        if let Some(identifier) = draft.text(entry, IDENTIFIER) {
            draft.declared_names.insert(identifier.clone());
            match named.insert(identifier.clone()) {
                true => plan_one(draft, entry, &identifier),
                false => draft.mistake(entry, format!("{identifier} is declared twice")),
            }
        }
    }
    if draft.prune != Prune::Nothing {
        prune(draft, &named);
    }
}

fn plan_one(draft: &mut Draft<'_>, entry: &Entry, identifier: &str) {
    let registered = draft.registered;
    let existing = registered
        .apis
        .iter()
        .find(|api| api.identifier == identifier);
    let is_system = entry
        .properties
        .get("is_system")
        .is_some_and(|value| value == true);
    if existing.is_none() && (is_system || is_auth0s(entry)) {
        return draft.leave_out(entry, None, "it is an API of Auth0 itself");
    }
    let takes = |alone| shape::api_change(alone).map(drop);
    let taken = draft.sift(entry, (PASSED_OVER, &shape::API), takes);
    match existing {
        Some(api) => update(draft, entry, api, taken),
        None => create(draft, entry, identifier, taken),
    }
}

/// What Auth0 calls its own.
fn is_auth0s(entry: &Entry) -> bool {
    let name = entry.properties.get("name").and_then(|name| name.as_str());
    name == Some("Auth0 Management API")
}

fn create(draft: &mut Draft<'_>, entry: &Entry, identifier: &str, mut taken: Object) {
    taken.insert(IDENTIFIER.to_owned(), identifier.into());
    let Some(new) = draft.checked(entry, shape::new_api(taken)) else {
        return;
    };
    if draft.checked(entry, new.check()).is_none() {
        return;
    }
    draft.apis.insert(identifier.to_owned(), row(&new));
    draft.create(Kind::Api, identifier.to_owned(), Work::AddApi(new));
}

/// As it will be, as far as grants for it have to know.
fn row(new: &NewApi) -> ApiRow {
    ApiRow {
        id: String::new(),
        identifier: new.identifier.clone(),
        name: new.name.clone().unwrap_or_default(),
        scopes: new.scopes.clone(),
        signing_alg: new.algorithm.as_str().to_owned(),
        token_lifetime: i64::from(new.lifetime),
        status_list: new.status_list,
        is_system: false,
        attributes: new.attributes.clone(),
        created_at: 0,
    }
}

fn update(draft: &mut Draft<'_>, entry: &Entry, api: &ApiRow, mut taken: Object) {
    if api.is_system {
        // They are the server's own; an export has them all the same.
        taken.remove("name");
        taken.remove("scopes");
    }
    let change = |taken: &Object| shape::api_change(taken.clone());
    let preview = |change: ApiChange| change.preview(api);
    let after = draft.checked(entry, change(&taken));
    let Some(after) = after.and_then(|change| draft.checked(entry, preview(change))) else {
        return;
    };
    let changes = changes(&shape::api(api), &shape::api(&after));
    draft.apis.insert(api.identifier.clone(), after);
    if let Some(change) = draft.checked(entry, change(&taken)) {
        let work = Work::ChangeApi(api.identifier.clone(), change);
        draft.update(Kind::Api, api.identifier.clone(), changes, work);
    }
}

fn prune(draft: &mut Draft<'_>, named: &BTreeSet<String>) {
    for api in &draft.registered.apis {
        // The management API is this server's own, and no file declares it.
        if api.is_system || named.contains(&api.identifier) {
            continue;
        }
        let identifier = api.identifier.clone();
        draft.apis.remove(&identifier);
        let work = Work::DeleteApi(identifier.clone());
        draft.delete(Kind::Api, identifier, work);
    }
}

const IDENTIFIER: &str = "identifier";
const PASSED_OVER: &[&str] = &[IDENTIFIER, "id", "is_system", "client_id"];
