//! What there is, to be compared with what is declared.

use super::WorkError;
use crate::registry::Registrar;
use crate::rules_dir::{RulesDirError, ScriptRule, ScriptRules};
use crate::store::{ApiRow, ClientRow, GrantRow};

/// Everything that files can declare, as it is at this moment.
pub struct Registered {
    pub(super) apis: Vec<ApiRow>,
    pub(super) clients: Vec<ClientRow>,
    pub(super) grants: Vec<GrantRow>,
    /// In the order they run.
    pub(super) scripts: Vec<ScriptRule>,
}

impl Registered {
    /// Reads it.
    ///
    /// # Errors
    /// When the store does not answer, or the rules directory cannot be read. One that is not there is empty.
    pub async fn load(registrar: &Registrar, scripts: &ScriptRules) -> Result<Self, WorkError> {
        let scripts = match scripts.all() {
            Err(RulesDirError::NoDirectory(_)) => Vec::new(),
            read => read?,
        };
        Ok(Self {
            scripts,
            apis: registrar.apis().await?,
            clients: registrar.clients().await?,
            grants: registrar.grants(None).await?,
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
