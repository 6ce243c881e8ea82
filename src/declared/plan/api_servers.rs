//! Clients that are APIs themselves and may ask about their tokens, which Auth0 does not know.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::grants::client;
use super::work::Work;
use super::{Kind, Prune};
use crate::declared::entry::{Entry, Section};

pub(super) fn plan(draft: &mut Draft<'_>) {
    let Some(entries) = draft.section(Section::ApiServers) else {
        return;
    };
    let mut served = BTreeSet::new();
    for entry in entries {
        let pair = plan_one(draft, entry);
        if pair.is_some_and(|pair| !served.insert(pair)) {
            draft.mistake(entry, "this client serves this API here already");
        }
    }
    if draft.prune != Prune::Nothing {
        prune(draft, &served);
    }
}

/// Client id and identifier.
type Served = (String, String);

fn plan_one(draft: &mut Draft<'_>, entry: &Entry) -> Option<Served> {
    draft.check_names(entry, PROPERTIES);
    let named = draft.text(entry, CLIENT_ID)?;
    let audience = draft.text(entry, AUDIENCE)?;
    let client_id = client(draft, entry, &named)?;
    if !draft.apis.contains_key(&audience) {
        draft.dangling(entry, AUDIENCE, &audience);
        return None;
    }
    let pair = (client_id, audience);
    let name = name(draft, &pair);
    let work = Work::Serve(pair.0.clone(), pair.1.clone());
    match draft.registered.api_servers.contains(&pair) {
        true => draft.update(Kind::ApiServer, name, Vec::new(), work),
        false => draft.create(Kind::ApiServer, name, work),
    }
    Some(pair)
}

/// One whose client or API goes, goes with it.
fn prune(draft: &mut Draft<'_>, served: &BTreeSet<Served>) {
    let registered = draft.registered;
    for pair in &registered.api_servers {
        let stays = draft.clients.contains_key(&pair.0) && draft.apis.contains_key(&pair.1);
        if stays && !served.contains(pair) {
            let name = name(draft, pair);
            let work = Work::StopServing(pair.0.clone(), pair.1.clone());
            draft.delete(Kind::ApiServer, name, work);
        }
    }
}

fn name(draft: &Draft<'_>, (client_id, audience): &Served) -> String {
    let client = draft.clients.get(client_id);
    let client = client.map_or_else(|| client_id.clone(), |name| draft.client(name, client_id));
    format!("{client} for {audience}")
}

const CLIENT_ID: &str = "client_id";
const AUDIENCE: &str = "audience";
const PROPERTIES: &[&str] = &[AUDIENCE, CLIENT_ID];
