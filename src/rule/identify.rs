//! Finds out what a file is from what is in it, never from its name.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// The SHA-256 of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(sum)
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut sum = [0; 32];
        hex::decode_to_slice(text, &mut sum).map_err(|_| format!("{text:?} is no SHA-256"))?;
        Ok(Self(sum))
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// How a rule is written, as the ending of its file says. What the file holds has to agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// WebAssembly, of any kind.
    #[default]
    Wasm,
    /// JavaScript: a Rule, a Hook or an Action.
    Script,
}

impl Form {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Wasm, Self::Script];

    /// The ending of its files, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Script => "js",
        }
    }

    /// The form whose files have this ending.
    pub fn of_ending(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.ending() == ending)
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A WebAssembly component.
    Component,
    /// A core module.
    CoreModule,
    /// Machine code that an engine compiled before. Running it would be running whatever its author likes.
    Precompiled,
    /// WebAssembly in text form.
    Text,
    /// A web page, as left behind by a download that failed.
    Html,
    /// Nothing.
    Empty,
    /// Something else.
    Unknown,
}

/// Whether a core module exports something of this name.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of thirty kinds of section one is wanted"
)]
pub(super) fn exports(module: &[u8], name: &str) -> bool {
    let sections = wasmparser::Parser::new(0).parse_all(module).flatten();
    let exported = sections.filter_map(|section| match section {
        wasmparser::Payload::ExportSection(exports) => Some(exports.into_iter().flatten()),
        _ => None,
    });
    exported.flatten().any(|export| export.name == name)
}

pub(super) fn identify(bytes: &[u8]) -> Kind {
    // The version field tells components and core modules apart: its second half is the layer.
    match bytes {
        [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => return Kind::Component,
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => return Kind::CoreModule,
        [0x7f, b'E', b'L', b'F', ..] => return Kind::Precompiled,
        _ => {}
    }
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Kind::Precompiled;
    }
    match bytes.trim_ascii_start() {
        [] => Kind::Empty,
        [b'(', ..] => Kind::Text,
        [b'<', ..] => Kind::Html,
        _ => Kind::Unknown,
    }
}
