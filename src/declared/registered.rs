//! What there is, to be compared with what is declared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{Hands, WorkError};
use crate::rule::CASES_ENDING;
use crate::rules_dir::ScriptRule;
use crate::store::{ApiRow, ClientRow, GrantRow};

/// Everything that files can declare, as it is at this moment.
pub struct Registered {
    pub(super) apis: Vec<ApiRow>,
    pub(super) clients: Vec<ClientRow>,
    pub(super) grants: Vec<GrantRow>,
    /// Which client is an API itself: client ids and identifiers.
    pub(super) api_servers: Vec<(String, String)>,
    /// What all scripts share, by key.
    pub(super) settings: BTreeMap<String, SecretString>,
    /// In the order they run.
    pub(super) scripts: Vec<ScriptRule>,
    /// The names of the files of rules that are WebAssembly, which files cannot declare.
    pub(super) programs: Vec<String>,
    /// The names of the directories of golden cases of scripts.
    pub(super) cases: Vec<String>,
    /// Where secrets are that files gave to scripts.
    pub(super) secrets_dir: PathBuf,
}

impl Registered {
    /// Reads it. `settings` is what all scripts share.
    ///
    /// # Errors
    /// When the store does not answer, or the rules directory cannot be read. One that is not there is empty.
    pub async fn load(
        hands: &Hands<'_>,
        settings: BTreeMap<String, SecretString>,
    ) -> Result<Self, WorkError> {
        let scripts = hands.scripts.all()?;
        Ok(Self {
            apis: hands.registrar.apis().await?,
            clients: hands.registrar.clients().await?,
            grants: hands.registrar.grants(None).await?,
            api_servers: hands.registrar.api_servers().await?,
            settings,
            programs: programs(hands.rules_dir),
            cases: cases(&scripts, hands.rules_dir),
            scripts,
            secrets_dir: hands.secrets_dir.to_owned(),
        })
    }

    /// Whether a grant is for the management API.
    pub(super) fn is_for_management(&self, grant: &GrantRow) -> bool {
        let mut apis = self.apis.iter();
        apis.any(|api| api.is_system && api.identifier == grant.audience)
    }

    /// Whether a client may call the management API.
    pub(super) fn manages(&self, client_id: &str) -> bool {
        let mut grants = self.grants.iter();
        grants.any(|grant| grant.client_id == client_id && self.is_for_management(grant))
    }
}

/// They are only told of: a directory that cannot be read has been told of already.
fn programs(rules_dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(rules_dir).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_program = |name: &String| name.ends_with(".wasm") && !name.starts_with('.');
    let mut programs: Vec<String> = names.filter(is_program).collect();
    programs.sort();
    programs
}

fn cases(scripts: &[ScriptRule], rules_dir: &Path) -> Vec<String> {
    let names = scripts
        .iter()
        .map(|rule| format!("{}{CASES_ENDING}", rule.file));
    names.filter(|name| rules_dir.join(name).is_dir()).collect()
}
