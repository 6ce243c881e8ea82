//! What a token will say: the host's claims, typed, and everybody else's, as JSON text.
//!
//! Values that rules set stay text from the rule to the signature: nobody parses them but to check them once.

mod scope;
mod value;

use std::sync::Arc;

pub use scope::{Scope, ScopeError};
pub use value::{JsonText, ValueError, quoted};

/// The claims of one token in the making.
#[derive(Clone, Debug)]
pub struct Claims {
    /// `iss`
    pub issuer: Arc<str>,
    /// `sub`
    pub subject: Arc<str>,
    /// `aud`
    pub audience: Arc<str>,
    /// `client_id` (RFC 9068 section 2.2)
    pub client_id: Arc<str>,
    /// `iat`, in Unix seconds
    pub issued_at: u64,
    /// `exp` minus `iat`, in seconds
    pub lifetime: u32,
    /// `scope`
    pub scope: Scope,
    /// `jti`; the host makes one where no rule did.
    pub jti: Option<Box<str>>,
    /// All others, in the order they were first set.
    custom: Vec<(Box<str>, JsonText)>,
}

impl Claims {
    /// The host's claims, and no others yet.
    pub fn new(issuer: Arc<str>, audience: Arc<str>, client_id: Arc<str>) -> Self {
        Self {
            issuer,
            subject: Arc::clone(&client_id),
            audience,
            client_id,
            issued_at: 0,
            lifetime: 0,
            scope: Scope::default(),
            jti: None,
            custom: Vec::new(),
        }
    }

    /// `exp`, in Unix seconds.
    pub fn expires_at(&self) -> u64 {
        self.issued_at + u64::from(self.lifetime)
    }

    /// One claim as JSON text, whoever set it.
    pub fn get(&self, name: &str) -> Option<String> {
        Some(match name {
            "iss" => quoted(&self.issuer),
            "sub" => quoted(&self.subject),
            "aud" => quoted(&self.audience),
            "client_id" => quoted(&self.client_id),
            "iat" => self.issued_at.to_string(),
            "exp" => self.expires_at().to_string(),
            "scope" if self.scope.is_empty() => return None,
            "scope" => quoted(&self.scope.to_string()),
            "jti" => quoted(self.jti.as_ref()?),
            _ => self.custom(name)?.as_str().to_owned(),
        })
    }

    fn custom(&self, name: &str) -> Option<&JsonText> {
        let found = self.custom.iter().find(|(known, _)| **known == *name);
        found.map(|(_, value)| value)
    }

    /// Sets a claim that is none of the host's; a claim of that name keeps its place.
    pub fn set_custom(&mut self, name: &str, value: JsonText) {
        match self.custom.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, old)) => *old = value,
            None => self.custom.push((name.into(), value)),
        }
    }

    /// Removes a claim that is none of the host's.
    pub fn remove_custom(&mut self, name: &str) {
        self.custom.retain(|(known, _)| **known != *name);
    }

    /// The claims set as JSON (RFC 7519 section 4): what is signed.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(JSON_BYTES_TYPICAL);
        let mut comma = "{";
        let mut push = |name: &str, value: &str| {
            json.push_str(comma);
            value::push_quoted(&mut json, name);
            json.push(':');
            json.push_str(value);
            comma = ",";
        };
        for name in HOST_CLAIMS {
            if let Some(value) = self.get(name) {
                push(name, &value);
            }
        }
        for (name, value) in &self.custom {
            push(name, value.as_str());
        }
        json.push('}');
        json
    }
}

/// The claims that have a field of their own, in the order a token shows them.
const HOST_CLAIMS: [&str; 8] = [
    "iss",
    "sub",
    "aud",
    "client_id",
    "iat",
    "exp",
    "jti",
    "scope",
];

/// A first guess that spares most tokens a second allocation.
const JSON_BYTES_TYPICAL: usize = 512;
