//! What is to be so of a client: what it may say when it is added, and what may change in it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::client::AuthMethod;
use super::credential::{NewCredential, PRIVATE_KEY_JWT, use_credentials};
use super::name::checked_name;
use super::{RegistrarError, attributes};
use crate::store::{Attributes, ClientRow};

/// A client to be added.
pub struct NewClient {
    /// Its id, instead of a made-up one.
    pub id: Option<String>,
    /// A name for people.
    pub name: String,
    /// Whether it has no secret.
    pub public: bool,
    /// Its secret, instead of a generated one.
    pub secret: Option<SecretString>,
    /// Public keys that it proves itself by, instead of a secret.
    pub credentials: Vec<NewCredential>,
    /// The grant types it may use.
    pub grant_types: Vec<String>,
    /// What rules may know about it.
    pub metadata: BTreeMap<String, String>,
    /// What is kept for Auth0's tools, and its token quota, which is acted on.
    pub attributes: Attributes,
}

impl Default for NewClient {
    fn default() -> Self {
        Self {
            id: None,
            name: String::new(),
            public: false,
            secret: None,
            credentials: Vec::new(),
            grant_types: vec![CLIENT_CREDENTIALS.to_owned()],
            metadata: BTreeMap::new(),
            attributes: Attributes::new(),
        }
    }
}

/// What is to change in a client; what is `None` stays.
#[derive(Default)]
pub struct ClientChange {
    /// A name for people.
    pub name: Option<String>,
    /// Whether it has no secret. One that gets to have one is given a new one.
    pub public: Option<bool>,
    /// A secret that takes the place of all it has.
    pub secret: Option<SecretString>,
    /// The credentials that it proves itself by from now on instead of a secret, by id; by none: it does so by keys no more,
    /// and is given a new secret unless it is public.
    pub credentials: Option<Vec<String>>,
    /// The grant types it may use.
    pub grant_types: Option<Vec<String>>,
    /// What rules may know about it, by key; `None` takes a key away.
    pub metadata: BTreeMap<String, Option<String>>,
    /// What is kept for Auth0's tools, and its token quota, by name; null takes a name away.
    pub attributes: Attributes,
}

impl NewClient {
    /// Checks all that can be checked before it is added.
    ///
    /// # Errors
    /// When a value cannot be what it is.
    pub fn check(&self) -> Result<(), RegistrarError> {
        if let Some(id) = &self.id {
            checked_id(id.clone())?;
        }
        if let Some(secret) = &self.secret {
            given_checked(secret)?;
        }
        self.credentials.iter().try_for_each(NewCredential::check)?;
        if self.method() == AuthMethod::PrivateKeyJwt && (self.public || self.secret.is_some()) {
            return Err(two_ways());
        }
        checked_name(self.name.clone())?;
        check_metadata(&self.metadata)?;
        check_grant_types(&self.grant_types)?;
        attributes::check(&self.attributes)
    }

    /// How it will prove who it is.
    pub(super) fn method(&self) -> AuthMethod {
        match self.credentials.is_empty() {
            true => AuthMethod::of(self.public),
            false => AuthMethod::PrivateKeyJwt,
        }
    }
}

fn two_ways() -> RegistrarError {
    RegistrarError::Invalid(format!(
        "a client proves itself by its credentials ({PRIVATE_KEY_JWT}) or by a secret, or is public: say one of them"
    ))
}

impl ClientChange {
    /// The client as it would be.
    ///
    /// # Errors
    /// When a value cannot be what it is.
    pub fn preview(self, client: &ClientRow) -> Result<ClientRow, RegistrarError> {
        let mut changed = client.clone();
        self.apply(&mut changed)?;
        Ok(changed)
    }

    pub(super) fn apply(self, client: &mut ClientRow) -> Result<(), RegistrarError> {
        let method = self.method_after(client)?;
        method.as_str().clone_into(&mut client.auth_method);
        if let Some(name) = self.name {
            client.name = checked_name(name)?;
        }
        if let Some(grant_types) = self.grant_types {
            check_grant_types(&grant_types)?;
            client.grant_types = grant_types;
        }
        for (key, value) in self.metadata {
            match value {
                Some(value) => client.metadata.insert(key, value),
                None => client.metadata.remove(&key),
            };
        }
        check_metadata(&client.metadata)?;
        if let Some(ids) = &self.credentials {
            use_credentials(&mut client.attributes, ids);
        }
        attributes::merge(&mut client.attributes, self.attributes)
    }

    /// How the client will prove who it is.
    ///
    /// # Errors
    /// When the change says two ways, or another way while the client's credentials are in use.
    pub(super) fn method_after(&self, client: &ClientRow) -> Result<AuthMethod, RegistrarError> {
        let was = AuthMethod::parse(&client.auth_method).unwrap_or(AuthMethod::Secret);
        let by_keys = self.credentials.as_ref().map(|ids| !ids.is_empty());
        match (by_keys, was, self.public) {
            (Some(true), _, None) => Ok(AuthMethod::PrivateKeyJwt),
            (Some(true), _, Some(_)) => Err(two_ways()),
            (None, AuthMethod::PrivateKeyJwt, Some(_)) => Err(RegistrarError::Invalid(
                "the client proves itself by its credentials: take client_authentication_methods away (null) with \
                 the same change"
                    .to_owned(),
            )),
            (Some(false), AuthMethod::PrivateKeyJwt, public) => {
                Ok(AuthMethod::of(public.unwrap_or_default()))
            }
            (_, _, Some(public)) => Ok(AuthMethod::of(public)),
            (_, was, None) => Ok(was),
        }
    }
}

/// RFC 6749 appendix A.1: visible ASCII. The colon is left out, because it ends the id in a Basic header.
fn checked_id(id: String) -> Result<String, RegistrarError> {
    let fits = (1..=ID_CHARS_MAX).contains(&id.len());
    if fits && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(id);
    }
    let rule = format!("a client id is 1 to {ID_CHARS_MAX} visible ASCII characters");
    Err(RegistrarError::Invalid(format!("{rule}, not {id:?}")))
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), RegistrarError> {
    let over = |(key, value): (&String, &String)| {
        let is_long = |text: &String| text.chars().count() > METADATA_CHARS_MAX;
        key.is_empty() || is_long(key) || is_long(value)
    };
    if metadata.len() <= METADATA_ENTRIES_MAX && !metadata.iter().any(over) {
        return Ok(());
    }
    Err(RegistrarError::Invalid(format!(
        "metadata is at most {METADATA_ENTRIES_MAX} pairs of at most {METADATA_CHARS_MAX} characters each side, and no \
         key is empty"
    )))
}

/// Those that this server does not know do no harm: nobody gets a token by them.
fn check_grant_types(grant_types: &[String]) -> Result<(), RegistrarError> {
    let fits = |name: &String| {
        (1..=GRANT_TYPE_CHARS_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if grant_types.len() <= GRANT_TYPES_MAX && grant_types.iter().all(fits) {
        return Ok(());
    }
    Err(RegistrarError::Invalid(format!(
        "grant_types are at most {GRANT_TYPES_MAX}, each of 1 to {GRANT_TYPE_CHARS_MAX} visible ASCII characters"
    )))
}

pub(super) fn given_checked(given: &SecretString) -> Result<&SecretString, RegistrarError> {
    let length = given.expose_secret().len();
    match (SECRET_CHARS_MIN..=SECRET_CHARS_MAX).contains(&length) {
        true => Ok(given),
        false => Err(RegistrarError::Invalid(format!(
            "a client secret has {SECRET_CHARS_MIN} to {SECRET_CHARS_MAX} characters: leave it out to have one made"
        ))),
    }
}

/// The grant type of RFC 6749 section 4.4.
const CLIENT_CREDENTIALS: &str = "client_credentials";
/// What people may have chosen elsewhere; who calls the management API may be held to more.
const SECRET_CHARS_MIN: usize = 8;
const SECRET_CHARS_MAX: usize = 1_024;
const GRANT_TYPES_MAX: usize = 30;
const GRANT_TYPE_CHARS_MAX: usize = 255;
const ID_CHARS_MAX: usize = 255;
const METADATA_ENTRIES_MAX: usize = 50;
const METADATA_CHARS_MAX: usize = 1_024;
