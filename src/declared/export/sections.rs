//! What there is, as files will say it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::declared::entry::Section;
use crate::declared::origin::{CREDENTIALS_EXCHANGE, Origin};
use crate::declared::{LeftOut, NOT_SHOWN, Registered};
use crate::manage::shape::{self, Object};
use crate::rules_dir::ScriptRule;
use crate::store::{ApiRow, ClientRow, GrantRow};

/// Every section, with what is in it.
pub(super) struct Sections {
    pub(super) things: Vec<(Section, Vec<Thing>)>,
    pub(super) left_out: Vec<LeftOut>,
}

/// One thing.
pub(super) struct Thing {
    /// What its file is to be called, without ending.
    pub(super) file_name: String,
    /// What tells it from another of that name.
    pub(super) other_name: String,
    pub(super) properties: Object,
    /// What the manifest of a script says that files of Auth0's cannot.
    pub(super) manifest: Option<String>,
}

impl Sections {
    pub(super) fn of(registered: &Registered, without_ids: bool) -> Self {
        let names = Names::of(registered);
        let apis = registered.apis.iter().filter(|api| !api.is_system);
        let clients = registered.clients.iter();
        let grants = registered.grants.iter();
        Self {
            things: vec![
                (Section::ResourceServers, apis.map(api).collect()),
                (
                    Section::Clients,
                    clients.map(|row| client(row, without_ids)).collect(),
                ),
                (
                    Section::ClientGrants,
                    grants.map(|row| grant(row, &names)).collect(),
                ),
                (
                    Section::ApiServers,
                    registered
                        .api_servers
                        .iter()
                        .map(|one| api_server(one, &names))
                        .collect(),
                ),
                (Section::Rules, with_origin(registered, Section::Rules)),
                (Section::Hooks, with_origin(registered, Section::Hooks)),
                (Section::Actions, with_origin(registered, Section::Actions)),
                (Section::Triggers, vec![triggers(registered)]),
            ],
            left_out: unsaid(registered),
        }
    }

    pub(super) fn counts(&self) -> Vec<(&'static str, usize)> {
        let sections = self.things.iter();
        let count = |(section, things): &(Section, Vec<Thing>)| {
            let count = match *section == Section::Triggers {
                true => things.iter().map(bindings).sum(),
                false => things.len(),
            };
            (section.key(), count)
        };
        sections.map(count).collect()
    }
}

/// What clients and APIs are called.
struct Names<'r> {
    clients: BTreeMap<&'r str, &'r str>,
    /// How many clients have a name.
    namesakes: BTreeMap<&'r str, usize>,
    apis: BTreeMap<&'r str, &'r str>,
}

impl<'r> Names<'r> {
    fn of(registered: &'r Registered) -> Self {
        let mut namesakes = BTreeMap::new();
        for client in &registered.clients {
            *namesakes.entry(client.name.as_str()).or_default() += 1;
        }
        let client = |row: &'r ClientRow| (row.id.as_str(), row.name.as_str());
        let api = |row: &'r ApiRow| (row.identifier.as_str(), row.name.as_str());
        Self {
            clients: registered.clients.iter().map(client).collect(),
            namesakes,
            apis: registered.apis.iter().map(api).collect(),
        }
    }

    /// What a grant calls its client: the name where no other client has it.
    fn client<'c>(&self, id: &'c str) -> &'c str
    where
        'r: 'c,
    {
        match self.clients.get(id) {
            Some(name) if self.namesakes.get(name) == Some(&1) => name,
            _ => id,
        }
    }

    fn api<'a>(&self, identifier: &'a str) -> &'a str
    where
        'r: 'a,
    {
        self.apis.get(identifier).copied().unwrap_or(identifier)
    }
}

fn api(row: &ApiRow) -> Thing {
    let mut properties = shape::api(row);
    for name in ["id", "is_system"] {
        properties.remove(name);
    }
    Thing {
        file_name: row.name.clone(),
        other_name: row.identifier.clone(),
        properties,
        manifest: None,
    }
}

fn client(row: &ClientRow, without_ids: bool) -> Thing {
    let mut properties = shape::client(row);
    properties.remove("global");
    if without_ids {
        properties.remove("client_id");
    }
    Thing {
        file_name: row.name.clone(),
        other_name: row.id.clone(),
        properties,
        manifest: None,
    }
}

fn grant(row: &GrantRow, names: &Names<'_>) -> Thing {
    let mut properties = shape::grant(row);
    properties.remove("id");
    let client = names.client(&row.client_id);
    properties.insert("client_id".to_owned(), Value::from(client));
    let api = names.api(&row.audience);
    Thing {
        file_name: format!("{client}-{api}"),
        other_name: row.id.clone(),
        properties,
        manifest: None,
    }
}

fn api_server((client_id, audience): &(String, String), names: &Names<'_>) -> Thing {
    let client = names.client(client_id);
    let properties = [("audience", audience.as_str()), ("client_id", client)];
    let properties = properties.map(|(name, value)| (name.to_owned(), Value::from(value)));
    Thing {
        file_name: format!("{client}-{}", names.api(audience)),
        other_name: client_id.clone(),
        properties: Object::from_iter(properties),
        manifest: None,
    }
}

fn with_origin(registered: &Registered, section: Section) -> Vec<Thing> {
    let scripts = registered.scripts.iter();
    let such = scripts.filter(|rule| Origin::of(&rule.script).section() == section);
    such.map(|rule| script(rule, &registered.secrets_dir))
        .collect()
}

/// Of secrets there are the names, so that whoever applies the files is told what to give.
fn script(rule: &ScriptRule, secrets_dir: &Path) -> Thing {
    let secrets = rule.secrets();
    let names = secrets.keys();
    let value = match Origin::of(&rule.script) {
        Origin::Rule => json!({
            "name": rule.name,
            "script": rule.script,
            "order": rule.order,
            "enabled": rule.enabled,
            "stage": "login_success",
        }),
        Origin::Hook => json!({
            "name": rule.name,
            "script": rule.script,
            "enabled": rule.enabled,
            "triggerId": CREDENTIALS_EXCHANGE,
            "dependencies": {},
            "secrets": names.map(|name| (name.clone(), json!(NOT_SHOWN))).collect::<Object>(),
        }),
        Origin::Action(trigger) => json!({
            "name": rule.name,
            "code": rule.script,
            "deployed": true,
            "dependencies": [],
            "secrets": names.map(|name| json!({ "name": name, "value": NOT_SHOWN })).collect::<Value>(),
            "supported_triggers": [{ "id": trigger, "version": "v2" }],
        }),
    };
    let mut properties = value.as_object().cloned().unwrap_or_default();
    properties.retain(|_, value| !value.is_null());
    Thing {
        file_name: rule.name.clone(),
        other_name: rule.id.clone(),
        properties,
        manifest: rule.portable_manifest(secrets_dir),
    }
}

fn bindings(triggers: &Thing) -> usize {
    let lists = triggers.properties.values().filter_map(Value::as_array);
    lists.map(Vec::len).sum()
}

/// Which Actions run, and in which order.
fn triggers(registered: &Registered) -> Thing {
    let mut triggers: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for rule in registered.scripts.iter().filter(|rule| rule.enabled) {
        if let Origin::Action(trigger) = Origin::of(&rule.script) {
            let binding = json!({ "action_name": rule.name, "display_name": rule.name });
            triggers.entry(trigger).or_default().push(binding);
        }
    }
    Thing {
        file_name: "triggers".to_owned(),
        other_name: String::new(),
        properties: triggers
            .into_iter()
            .map(|(trigger, bindings)| (trigger.to_owned(), bindings.into()))
            .collect(),
        manifest: None,
    }
}

/// What files cannot say.
fn unsaid(registered: &Registered) -> Vec<LeftOut> {
    let told = |place: String, why: &str| LeftOut {
        place,
        property: None,
        why: why.to_owned(),
    };
    let values = registered.settings.keys().map(|key| {
        let why = "values that scripts share are shown to nobody";
        told(format!("rulesConfigs: {key}"), why)
    });
    let programs = registered.programs.iter().map(|name| {
        let why = "it is WebAssembly: copy the file, and its manifest";
        told(name.clone(), why)
    });
    let cases = registered.cases.iter().map(|name| {
        let why = "it has golden cases: copy the directory";
        told(name.clone(), why)
    });
    values.chain(programs).chain(cases).collect()
}
