//! A rule as it is in the rules directory, not yet judged.

use std::sync::Arc;

use super::{Cases, Digest, Fingerprint, Form};

/// The bytes of a rule and of its manifest, read from the rules directory.
#[derive(Clone)]
pub struct Source {
    /// The file's name without its ending.
    pub name: Arc<str>,
    /// How it is written.
    pub form: Form,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// The SHA-256 of the file.
    pub digest: Digest,
    /// The manifest's text, if there is one.
    pub manifest: Option<Arc<str>>,
    /// What the manifest's file is called, to people who are told of a mistake in it.
    pub manifest_file: Arc<str>,
    /// The golden cases beside it.
    pub cases: Cases,
    /// Stands for what the manifest refers to outside the directory: see [`Loader::fingerprint`](super::Loader::fingerprint).
    pub outside: Fingerprint,
    /// Whether it has passed its golden cases before: then it is not asked again.
    pub is_proven: bool,
}

impl Source {
    /// The file's name.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.name, self.form.ending())
    }
}
