//! Adding, looking at and deleting APIs.

use super::api::{LIFETIME_SECONDS_DEFAULT, LIFETIME_SECONDS_MAX};
use super::clients::checked_name;
use super::{Registrar, RegistrarError};
use crate::claims::Scope;
use crate::keys::{self, Algorithm};
use crate::store::{ApiRow, ScopeRow};

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
    /// Whether it is the management API of this server.
    pub is_system: bool,
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
            is_system: false,
        }
    }
}

impl Registrar {
    /// Adds an API, and makes the first key of its signing algorithm where there is none.
    ///
    /// # Errors
    /// When the identifier is taken or a value cannot be what it is.
    pub async fn add_api(&self, new: NewApi) -> Result<ApiRow, RegistrarError> {
        check_identifier(&new.identifier)?;
        Scope::from_values(new.scopes.iter().map(|scope| scope.value.as_str()))
            .map_err(|problem| RegistrarError::Invalid(problem.to_string()))?;
        if !(1..=LIFETIME_SECONDS_MAX).contains(&new.lifetime) {
            let rule = format!("a token lives 1 to {LIFETIME_SECONDS_MAX} seconds (30 days)");
            return Err(RegistrarError::Invalid(format!(
                "{rule}, not {}",
                new.lifetime
            )));
        }
        keys::ensure_key(&self.store, &self.master, new.algorithm, self.now()).await?;
        let api = ApiRow {
            id: hex::encode(self.random.bytes::<12>()),
            name: checked_name(new.name.unwrap_or_else(|| new.identifier.clone()))?,
            identifier: new.identifier,
            scopes: new.scopes,
            signing_alg: new.algorithm.as_str().to_owned(),
            token_lifetime: i64::from(new.lifetime),
            is_system: new.is_system,
            created_at: self.now(),
        };
        let added = self.store.add_api(&api).await;
        added.map_err(|error| RegistrarError::on_write(error, "API", &api.identifier))?;
        Ok(api)
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
            let why = "the management API cannot be deleted".to_owned();
            return Err(RegistrarError::Invalid(why));
        }
        self.store.delete_api(&api.identifier, self.now()).await?;
        Ok(())
    }
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

const IDENTIFIER_CHARS_MAX: usize = 600;
