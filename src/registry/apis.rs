//! Adding, looking at and deleting APIs.

use super::api::{LIFETIME_SECONDS_DEFAULT, LIFETIME_SECONDS_MAX};
use super::name::checked_name;
use super::{Registrar, RegistrarError, attributes};
use crate::claims::Scope;
use crate::keys::{self, Algorithm};
use crate::store::{ApiRow, Attributes, ScopeRow};

/// An API to be added.
pub struct NewApi {
    /// What tokens will carry as `aud`. It never changes.
    pub identifier: String,
    /// A name for people; the identifier where there is none.
    pub name: Option<String>,
    /// The scopes it knows.
    pub scopes: Vec<ScopeRow>,
    /// How its tokens are signed.
    pub algorithm: Algorithm,
    /// How long its tokens live, in seconds.
    pub lifetime: u32,
    /// Whether its tokens have a place on a status list.
    pub status_list: bool,
    /// Whether it is the management API of this server.
    pub is_system: bool,
    /// What is kept for Auth0's tools.
    pub attributes: Attributes,
}

/// What is to change in an API; what is `None` stays.
#[derive(Default)]
pub struct ApiChange {
    /// A name for people.
    pub name: Option<String>,
    /// The scopes it knows. Those it loses are taken from the grants for it.
    pub scopes: Option<Vec<ScopeRow>>,
    /// How its tokens are signed.
    pub algorithm: Option<Algorithm>,
    /// How long its tokens live, in seconds.
    pub lifetime: Option<u32>,
    /// Whether its tokens have a place on a status list.
    pub status_list: Option<bool>,
    /// What is kept for Auth0's tools, by name; null takes a name away.
    pub attributes: Attributes,
}

impl NewApi {
    /// An API with the defaults of everything but its identifier.
    pub fn named(identifier: &str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            name: None,
            scopes: Vec::new(),
            algorithm: Algorithm::default(),
            lifetime: LIFETIME_SECONDS_DEFAULT,
            status_list: false,
            is_system: false,
            attributes: Attributes::new(),
        }
    }

    /// Checks all that can be checked before it is added.
    ///
    /// # Errors
    /// When a value cannot be what it is.
    pub fn check(&self) -> Result<(), RegistrarError> {
        check_identifier(&self.identifier)?;
        checked_name(self.name.clone().unwrap_or_else(|| self.identifier.clone()))?;
        check_scopes(&self.scopes)?;
        check_lifetime(self.lifetime)?;
        attributes::check(&self.attributes)
    }
}

impl Registrar {
    /// Adds an API, and makes the first key of its signing algorithm where there is none.
    ///
    /// # Errors
    /// When the identifier is taken or a value cannot be what it is.
    pub async fn add_api(&self, new: NewApi) -> Result<ApiRow, RegistrarError> {
        new.check()?;
        self.check_status_list(new.status_list)?;
        keys::ensure_key(&self.store, &self.master, new.algorithm, self.by()).await?;
        let api = ApiRow {
            id: hex::encode(self.random.bytes::<12>()),
            name: new.name.unwrap_or_else(|| new.identifier.clone()),
            identifier: new.identifier,
            scopes: new.scopes,
            signing_alg: new.algorithm.as_str().to_owned(),
            token_lifetime: i64::from(new.lifetime),
            status_list: new.status_list,
            is_system: new.is_system,
            attributes: new.attributes,
            created_at: self.now(),
        };
        let added = self.store.add_api(&api, self.by()).await;
        added.map_err(|error| RegistrarError::on_write(error, "API", &api.identifier))?;
        Ok(api)
    }

    /// Changes an API, and makes the first key of its signing algorithm where there is none. Its identifier stays, and
    /// so do name and scopes of the management API.
    ///
    /// # Errors
    /// When there is no such API, or a value cannot be what it is.
    pub async fn update_api(
        &self,
        identifier_or_id: &str,
        change: ApiChange,
    ) -> Result<ApiRow, RegistrarError> {
        self.check_status_list(change.status_list == Some(true))?;
        if let Some(algorithm) = change.algorithm {
            self.api(identifier_or_id).await?;
            keys::ensure_key(&self.store, &self.master, algorithm, self.by()).await?;
        }
        let apply = |api: &mut ApiRow| change.apply(api);
        let updated = self.store.update_api(identifier_or_id, self.by(), apply);
        let api = updated.await?;
        api.ok_or_else(|| RegistrarError::not_found("API", identifier_or_id))
    }

    fn check_status_list(&self, wanted: bool) -> Result<(), RegistrarError> {
        match wanted && !self.has_ledger {
            true => Err(RegistrarError::Invalid(STATUS_LISTS_NEED_LEDGER.to_owned())),
            false => Ok(()),
        }
    }

    /// Every API.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn apis(&self) -> Result<Vec<ApiRow>, RegistrarError> {
        Ok(self.store.apis().await?)
    }

    /// One API, by its identifier or id.
    ///
    /// # Errors
    /// When there is no such API.
    pub async fn api(&self, identifier_or_id: &str) -> Result<ApiRow, RegistrarError> {
        let found = self.store.api(identifier_or_id).await?;
        found.ok_or_else(|| RegistrarError::not_found("API", identifier_or_id))
    }

    /// Deletes an API and every grant for it.
    ///
    /// # Errors
    /// When there is no such API, or it is the management API.
    pub async fn delete_api(&self, identifier_or_id: &str) -> Result<(), RegistrarError> {
        let api = self.api(identifier_or_id).await?;
        if api.is_system {
            return Err(RegistrarError::Protected(
                "the management API cannot be deleted",
            ));
        }
        self.store.delete_api(&api.identifier, self.by()).await?;
        Ok(())
    }
}

impl ApiChange {
    /// The API as it would be.
    ///
    /// # Errors
    /// When a value cannot be what it is.
    pub fn preview(self, api: &ApiRow) -> Result<ApiRow, RegistrarError> {
        let mut changed = api.clone();
        self.apply(&mut changed)?;
        Ok(changed)
    }

    fn apply(self, api: &mut ApiRow) -> Result<(), RegistrarError> {
        let same = |wanted: &Vec<ScopeRow>| *wanted == api.scopes;
        let same_name = |wanted: &String| *wanted == api.name;
        if api.is_system && !(self.scopes.iter().all(same) && self.name.iter().all(same_name)) {
            let why = "name and scopes of the management API are this server's own";
            return Err(RegistrarError::Protected(why));
        }
        if let Some(name) = self.name {
            api.name = checked_name(name)?;
        }
        if let Some(scopes) = self.scopes {
            check_scopes(&scopes)?;
            api.scopes = scopes;
        }
        if let Some(algorithm) = self.algorithm {
            api.signing_alg = algorithm.as_str().to_owned();
        }
        if let Some(lifetime) = self.lifetime {
            check_lifetime(lifetime)?;
            api.token_lifetime = i64::from(lifetime);
        }
        if let Some(status_list) = self.status_list {
            api.status_list = status_list;
        }
        attributes::merge(&mut api.attributes, self.attributes)
    }
}

fn check_scopes(scopes: &[ScopeRow]) -> Result<(), RegistrarError> {
    let checked = Scope::from_values(scopes.iter().map(|scope| scope.value.as_str()));
    match checked {
        Ok(unique) if unique.values().count() == scopes.len() => Ok(()),
        Ok(_) => Err(RegistrarError::Invalid("a scope is there twice".to_owned())),
        Err(problem) => Err(RegistrarError::Invalid(problem.to_string())),
    }
}

fn check_lifetime(seconds: u32) -> Result<(), RegistrarError> {
    if (1..=LIFETIME_SECONDS_MAX).contains(&seconds) {
        return Ok(());
    }
    let rule = format!("a token lives 1 to {LIFETIME_SECONDS_MAX} seconds (30 days)");
    Err(RegistrarError::Invalid(format!("{rule}, not {seconds}")))
}

/// Any text may name an API, a URL is usual: it is compared to the letter. Spaces and controls would only mislead.
fn check_identifier(identifier: &str) -> Result<(), RegistrarError> {
    let fits = (1..=IDENTIFIER_CHARS_MAX).contains(&identifier.len());
    if fits && identifier.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let rule =
        format!("an API's identifier is 1 to {IDENTIFIER_CHARS_MAX} visible ASCII characters");
    Err(RegistrarError::Invalid(format!(
        "{rule}, a URL for example, not {identifier:?}"
    )))
}

const STATUS_LISTS_NEED_LEDGER: &str = "a status list is made from the ledger, which is off: \
     set ledger.mode to async or sync first";
const IDENTIFIER_CHARS_MAX: usize = 600;
