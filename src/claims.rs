//! What a token will say: the host's claims, typed, and everybody else's, as JSON text.
//!
//! Values that rules set stay text from the rule to the signature: nobody parses them but to check them once.

pub mod reserved;
mod scope;
mod value;

use std::fmt::Write as _;
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
    /// The newest cut-off that is known as the token is issued; 0: none. Revocation goes by it.
    pub cutoff: i64,
    /// Its place on a status list, if its API has one.
    pub status: Option<StatusPlace>,
    /// The rules that ran, by the first digits of their digests, with spaces between. Revocation goes by it.
    pub rules: String,
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
            cutoff: 0,
            status: None,
            rules: String::new(),
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

    /// The claims set as JSON (RFC 7519 section 4): what is signed. Written straight into one string: this runs for
    /// every token.
    pub fn to_json(&self) -> String {
        let mut json = Object::new();
        json.text("iss", &self.issuer);
        json.text("sub", &self.subject);
        json.text("aud", &self.audience);
        json.text("client_id", &self.client_id);
        json.number("iat", self.issued_at);
        json.number("exp", self.expires_at());
        if let Some(jti) = &self.jti {
            json.text("jti", jti);
        }
        if !self.scope.is_empty() {
            json.words("scope", self.scope.values());
        }
        if self.cutoff > 0 {
            json.number(CUTOFF, self.cutoff.unsigned_abs());
        }
        if !self.rules.is_empty() {
            json.text(RULES, &self.rules);
        }
        if let Some(place) = &self.status {
            json.status(place);
        }
        for (name, value) in &self.custom {
            json.raw(name, value.as_str());
        }
        json.finish()
    }
}

/// A place on a status list (draft-ietf-oauth-status-list section 6.2).
#[derive(Clone, Debug)]
pub struct StatusPlace {
    /// The list's number, for the ledger.
    pub list: i64,
    /// `idx`
    pub index: u32,
    /// `uri`, as JSON text.
    pub uri: Arc<str>,
}

/// The claim of the newest cut-off that the issuer knew.
pub const CUTOFF: &str = "rm_cutoff";
/// The claim of the rules that ran.
pub const RULES: &str = "rm_rules";

/// A JSON object in the making.
struct Object(String);

impl Object {
    fn new() -> Self {
        let mut json = String::with_capacity(JSON_BYTES_TYPICAL);
        json.push('{');
        Self(json)
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        value::push_quoted(&mut self.0, name);
        self.0.push(':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        value::push_quoted(&mut self.0, text);
    }

    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        let _ = write!(self.0, "{number}"); // Writing to a string does not fail.
    }

    /// Words without anything to escape, with spaces between them.
    fn words<'w>(&mut self, name: &str, words: impl Iterator<Item = &'w str>) {
        self.name(name);
        let mut before = '"';
        for word in words {
            self.0.push(before);
            self.0.push_str(word);
            before = ' ';
        }
        self.0.push('"');
    }

    fn status(&mut self, StatusPlace { index, uri, .. }: &StatusPlace) {
        self.name("status");
        // Writing to a string does not fail.
        let _ = write!(self.0, r#"{{"status_list":{{"idx":{index},"uri":{uri}}}}}"#);
    }

    fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }

    fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A first guess that spares most tokens a second allocation.
const JSON_BYTES_TYPICAL: usize = 512;
