//! Adding, looking at and deleting client grants.

use super::{Registrar, RegistrarError};
use crate::claims::Scope;
use crate::store::GrantRow;

/// A client grant to be added.
pub struct NewGrant {
    /// Who.
    pub client_id: String,
    /// For which API, by its identifier or id.
    pub audience: String,
    /// With which scopes; all of the API's where this is `None`.
    pub scope: Option<String>,
}

impl Registrar {
    /// Adds a client grant.
    ///
    /// # Errors
    /// When there is no such client or API, the client has one for that API, or the API does not know a scope.
    pub async fn add_grant(&self, new: NewGrant) -> Result<GrantRow, RegistrarError> {
        let api = self.api(&new.audience).await?;
        self.client(&new.client_id).await?;
        let known = Scope::from_values(api.scopes.iter().map(|scope| scope.value.as_str()))
            .map_err(|problem| RegistrarError::Invalid(problem.to_string()))?;
        let scope = match &new.scope {
            None => known,
            Some(text) => known.pick(text).map_err(|foreign| {
                let (foreign, known) = (foreign.join(" "), known.to_string());
                RegistrarError::Invalid(format!(
                    "API {:?} has no scope {foreign}; it has {known:?}",
                    api.identifier
                ))
            })?,
        };
        let grant = GrantRow {
            id: format!("cgr_{}", self.random.word(GRANT_ID_CHARS)),
            client_id: new.client_id,
            audience: api.identifier,
            scope: scope.values().map(str::to_owned).collect(),
            created_at: self.now(),
        };
        let known_by = format!("{} for {}", grant.client_id, grant.audience);
        let added = self.store.add_grant(&grant).await;
        added.map_err(|error| RegistrarError::on_write(error, "grant", &known_by))?;
        Ok(grant)
    }

    /// Every client grant, or those of one client.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn grants(&self, client_id: Option<&str>) -> Result<Vec<GrantRow>, RegistrarError> {
        Ok(match client_id {
            Some(id) => self.store.grants_of(id).await?,
            None => self.store.grants().await?,
        })
    }

    /// One client grant.
    ///
    /// # Errors
    /// When there is no such grant.
    pub async fn grant(&self, id: &str) -> Result<GrantRow, RegistrarError> {
        let found = self.store.grant(id).await?;
        found.ok_or_else(|| RegistrarError::not_found("grant", id))
    }

    /// Deletes a client grant: its client gets no further token for that API. Tokens it has live on.
    ///
    /// # Errors
    /// When there is no such grant.
    pub async fn delete_grant(&self, id: &str) -> Result<(), RegistrarError> {
        match self.store.delete_grant(id, self.now()).await? {
            true => Ok(()),
            false => Err(RegistrarError::not_found("grant", id)),
        }
    }
}

const GRANT_ID_CHARS: usize = 16;
