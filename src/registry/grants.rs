//! Adding, looking at and deleting client grants.

use super::{Registrar, RegistrarError, attributes};
use crate::claims::Scope;
use crate::store::{ApiRow, Attributes, GrantRow};

/// A client grant to be added.
pub struct NewGrant {
    /// Who.
    pub client_id: String,
    /// For which API, by its identifier or id.
    pub audience: String,
    /// With which scopes; all of the API's where this is `None`.
    pub scope: Option<String>,
}

/// What is to change in a client grant; what is `None` stays.
#[derive(Default)]
pub struct GrantChange {
    /// With which scopes, with spaces between.
    pub scope: Option<String>,
    /// What is kept for Auth0's tools, by name; null takes a name away.
    pub attributes: Attributes,
}

impl GrantChange {
    /// The grant as it would be.
    ///
    /// # Errors
    /// When its API does not know a scope.
    pub fn preview(self, grant: &GrantRow, api: &ApiRow) -> Result<GrantRow, RegistrarError> {
        let mut changed = grant.clone();
        self.apply(&mut changed, api)?;
        Ok(changed)
    }

    fn apply(self, grant: &mut GrantRow, api: &ApiRow) -> Result<(), RegistrarError> {
        if let Some(scope) = &self.scope {
            grant.scope = picked(api, Some(scope))?;
        }
        attributes::merge(&mut grant.attributes, self.attributes)
    }
}

impl Registrar {
    /// Adds a client grant.
    ///
    /// # Errors
    /// When there is no such client or API, the client has one for that API, or the API does not know a scope.
    pub async fn add_grant(&self, new: NewGrant) -> Result<GrantRow, RegistrarError> {
        self.add_grant_with(new, Attributes::new()).await
    }

    /// Adds a client grant, with what is kept for Auth0's tools.
    ///
    /// # Errors
    /// As [`add_grant`](Self::add_grant).
    pub async fn add_grant_with(
        &self,
        new: NewGrant,
        attributes: Attributes,
    ) -> Result<GrantRow, RegistrarError> {
        let api = self.api(&new.audience).await?;
        self.client(&new.client_id).await?;
        let scope = picked(&api, new.scope.as_deref())?;
        attributes::check(&attributes)?;
        let grant = GrantRow {
            id: format!("cgr_{}", self.random.word(GRANT_ID_CHARS)),
            client_id: new.client_id,
            audience: api.identifier,
            scope,
            attributes,
            created_at: self.now(),
        };
        let known_by = format!("{} for {}", grant.client_id, grant.audience);
        let added = self.store.add_grant(&grant, self.by()).await;
        added.map_err(|error| RegistrarError::on_write(error, "grant", &known_by))?;
        Ok(grant)
    }

    /// Checks that there is such an API, by its identifier or id, and that it has the scopes. Tells its identifier.
    ///
    /// # Errors
    /// When there is no such API, or it does not know a scope.
    pub async fn check_grant(
        &self,
        audience: &str,
        scope: Option<&str>,
    ) -> Result<String, RegistrarError> {
        let api = self.api(audience).await?;
        picked(&api, scope)?;
        Ok(api.identifier)
    }

    /// Changes a client grant.
    ///
    /// # Errors
    /// When there is no such grant, or its API does not know a scope.
    pub async fn update_grant(
        &self,
        id: &str,
        change: GrantChange,
    ) -> Result<GrantRow, RegistrarError> {
        let apply = |grant: &mut GrantRow, api: &ApiRow| change.apply(grant, api);
        let updated = self.store.update_grant(id, self.by(), apply).await?;
        updated.ok_or_else(|| RegistrarError::not_found("grant", id))
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
        match self.store.delete_grant(id, self.by()).await? {
            true => Ok(()),
            false => Err(RegistrarError::not_found("grant", id)),
        }
    }
}

/// Those of an API's scopes that are wanted; all where nothing is said.
fn picked(api: &ApiRow, wanted: Option<&str>) -> Result<Vec<String>, RegistrarError> {
    let known = Scope::from_values(api.scopes.iter().map(|scope| scope.value.as_str()))
        .map_err(|problem| RegistrarError::Invalid(problem.to_string()))?;
    let scope = match wanted {
        None => known,
        Some(text) => known
            .pick(text)
            .map_err(|foreign| RegistrarError::ForeignScope {
                api: api.identifier.clone(),
                foreign: foreign.join(" "),
                known: known.to_string(),
            })?,
    };
    Ok(scope.values().map(str::to_owned).collect())
}

const GRANT_ID_CHARS: usize = 16;
