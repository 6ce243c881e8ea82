//! What there is, to be compared with what is declared.

use crate::registry::{Registrar, RegistrarError};
use crate::store::{ApiRow, ClientRow, GrantRow};

/// Everything that files can declare, as it is at this moment.
pub struct Registered {
    pub(super) apis: Vec<ApiRow>,
    pub(super) clients: Vec<ClientRow>,
    pub(super) grants: Vec<GrantRow>,
}

impl Registered {
    /// Reads it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(registrar: &Registrar) -> Result<Self, RegistrarError> {
        Ok(Self {
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
