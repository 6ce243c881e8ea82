//! A public key that a client proves itself by, as it may be; and which of them are in use.

use serde_json::{Value, json};

use super::RegistrarError;
use super::name::checked_name;
use crate::keys::GivenKey;
use crate::store::{Attributes, ClientRow, CredentialRow};

/// A public key to be added to a client.
#[derive(Clone, Debug, Default)]
pub struct NewCredential {
    /// A name for people; empty for none.
    pub name: String,
    /// The key: PEM text, of a public key or of a certificate with it.
    pub pem: String,
    /// What assertions will name it by; its RFC 7638 thumbprint where there is none.
    pub kid: Option<String>,
    /// What it is to check, as a JOSE header names it; what is usual for such a key where there is none.
    pub algorithm: Option<String>,
    /// When it ends, in Unix seconds. This goes before what a certificate says.
    pub expires_at: Option<i64>,
    /// Whether it ends when the certificate does that it comes in.
    pub ends_with_certificate: bool,
}

impl NewCredential {
    /// Checks all that can be checked before it is added.
    ///
    /// # Errors
    /// When a value cannot be what it is.
    pub fn check(&self) -> Result<(), RegistrarError> {
        // Whether it has ended is looked at when it is added.
        self.row(("", ""), i64::MIN).map(drop)
    }

    /// The row with this id, of this client.
    pub(super) fn row(
        &self,
        (id, client_id): (&str, &str),
        now: i64,
    ) -> Result<CredentialRow, RegistrarError> {
        let invalid = |name: &str, why: &str| RegistrarError::Invalid(format!("{name}: {why}"));
        let key = GivenKey::from_pem(&self.pem).map_err(|why| invalid("pem", &why.to_string()))?;
        let algorithm = key.algorithm(self.algorithm.as_deref());
        let algorithm = algorithm.map_err(|why| invalid("alg", &why.to_string()))?;
        let name = match self.name.as_str() {
            "" => String::new(),
            name => checked_name(name.to_owned())?,
        };
        let kid = match &self.kid {
            Some(kid) => checked_kid(kid)?,
            None => key.thumbprint(),
        };
        Ok(CredentialRow {
            id: id.to_owned(),
            client_id: client_id.to_owned(),
            name,
            kid,
            algorithm: algorithm.as_str().to_owned(),
            public_key: key.der().to_vec(),
            expires_at: self.ends_at(&key, now)?,
            created_at: now,
            updated_at: now,
        })
    }

    fn ends_at(&self, key: &GivenKey, now: i64) -> Result<Option<i64>, RegistrarError> {
        let of_certificate = match (self.ends_with_certificate, key.certificate_ends_at()) {
            (false, _) => None,
            (true, Some(end)) => Some(end),
            (true, None) => {
                let why = "parse_expiry_from_cert: pem is no certificate: say expires_at";
                return Err(RegistrarError::Invalid(why.to_owned()));
            }
        };
        match self.expires_at.or(of_certificate) {
            Some(end) if end <= now => {
                let why = "expires_at: it would have ended already";
                Err(RegistrarError::Invalid(why.to_owned()))
            }
            end => Ok(end),
        }
    }
}

/// The credentials that a client proves itself by, by id. None: it does not do so by keys.
pub fn credentials_in_use(client: &ClientRow) -> Vec<&str> {
    let methods = client.attributes.get(AUTHENTICATION_METHODS);
    let list = methods.and_then(|methods| methods[PRIVATE_KEY_JWT]["credentials"].as_array());
    let ids = list.into_iter().flatten();
    ids.filter_map(|one| one["id"].as_str()).collect()
}

/// Writes down that a client proves itself by these credentials; by none: not by keys at all.
pub(super) fn use_credentials(attributes: &mut Attributes, ids: &[String]) {
    if ids.is_empty() {
        attributes.remove(AUTHENTICATION_METHODS);
        return;
    }
    let ids: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    let methods = json!({ PRIVATE_KEY_JWT: { "credentials": ids } });
    attributes.insert(AUTHENTICATION_METHODS.to_owned(), methods);
}

/// Checks that a client has the credentials that it is to prove itself by.
pub(super) fn check_are_there(
    wanted: &[String],
    credentials: &[CredentialRow],
) -> Result<(), RegistrarError> {
    let is_there = |id: &str| credentials.iter().any(|one| one.id == id);
    match wanted.iter().find(|id| !is_there(id)) {
        None => Ok(()),
        Some(id) => Err(RegistrarError::Invalid(format!(
            "{AUTHENTICATION_METHODS}: the client has no credential {id:?}: add it first"
        ))),
    }
}

/// Auth0's rule for the names of keys.
fn checked_kid(kid: &str) -> Result<String, RegistrarError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = (KID_CHARS_MIN..=KID_CHARS_MAX).contains(&kid.len()) && kid.bytes().all(is_word);
    match fits {
        true => Ok(kid.to_owned()),
        false => Err(RegistrarError::Invalid(format!(
            "kid: it has {KID_CHARS_MIN} to {KID_CHARS_MAX} letters, digits, - and _: leave it out to have one made of the key"
        ))),
    }
}

/// What Auth0 calls the property of a client that says which credentials are in use.
pub const AUTHENTICATION_METHODS: &str = "client_authentication_methods";
/// OpenID Connect Core section 9.
pub const PRIVATE_KEY_JWT: &str = "private_key_jwt";
const KID_CHARS_MIN: usize = 10;
const KID_CHARS_MAX: usize = 64;
