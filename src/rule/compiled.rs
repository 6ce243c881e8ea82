//! Compiled rules on disk, so that a start and a known file cost no compilation.
//!
//! Compiled code is native code: whoever can put a file here that is believed owns the server. So the directory is the
//! owner's alone, each file carries an HMAC over its name and content under a key derived from the master key, and what
//! does not check out is compiled anew. The only unsafe code of the crate is here.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_lc_rs::hmac;
use tracing::{debug, warn};
use wasmtime::component::Component;
use wasmtime::{Module, Precompiled};

use super::engine::Engine;
use super::identify::Digest;
use crate::master_key::{MasterKey, Purpose};

/// The machine code of a rule.
pub(super) enum Compiled {
    /// Of a component.
    Component(Component),
    /// Of a core module that is a program.
    Module(Module),
}

/// The compiled rules of an installation.
pub struct CompiledRules {
    directory: PathBuf,
    key: hmac::Key,
}

impl CompiledRules {
    /// The compiled rules in a directory that exists.
    pub fn new(directory: PathBuf, master: &MasterKey) -> Self {
        Self {
            directory,
            key: master.hmac_key(Purpose::CompiledRules),
        }
    }

    /// What was compiled from a file before, if it still can be used.
    pub(super) fn get(&self, digest: &Digest, engine: &Engine) -> Option<Compiled> {
        match load(&self.read(&self.path(digest, engine))?, engine) {
            Ok(compiled) => Some(compiled),
            Err(problem) => {
                debug!(%problem, "a compiled rule of another version is compiled anew");
                None
            }
        }
    }

    /// Keeps fresh machine code and makes it ready to be linked. Only code that our own compiler just made may come here.
    pub(super) fn put(
        &self,
        digest: &Digest,
        code: &[u8],
        engine: &Engine,
    ) -> wasmtime::Result<Compiled> {
        let compiled = load(code, engine)?;
        self.write(&self.path(digest, engine), code);
        Ok(compiled)
    }

    /// The compiled functions that all scripts share, as the compiler gave them; empty where there are none.
    pub(super) fn functions(&self, engine: &Engine) -> Vec<u8> {
        self.read(&self.functions_path(engine)).unwrap_or_default()
    }

    /// Keeps the compiled functions that all scripts share. Only what our own compiler just made may come here.
    pub(super) fn put_functions(&self, functions: &[u8], engine: &Engine) {
        self.write(&self.functions_path(engine), functions);
    }

    /// What is in a file, if it is ours and whole.
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let mut file = fs::read(path).ok()?;
        let (tag, content) = file.split_at_checked(TAG_BYTES)?;
        if hmac::verify(&self.key, &authenticated(path, content), tag).is_err() {
            warn!(file = %path.display(), "a compiled rule has been altered; it is compiled anew");
            return None;
        }
        Some(file.split_off(TAG_BYTES))
    }

    fn write(&self, path: &Path, content: &[u8]) {
        let tag = hmac::sign(&self.key, &authenticated(path, content));
        if let Err(problem) = write(path, &[tag.as_ref(), content]).and_then(|()| self.prune()) {
            warn!(%problem, "a compiled rule could not be kept; the next start compiles it again");
        }
    }

    /// Forgets what was compiled from a file.
    pub(super) fn forget(&self, digest: &Digest, engine: &Engine) {
        let _ = fs::remove_file(self.path(digest, engine)); // What is not there is forgotten already.
    }

    /// What a file compiles to depends on the file and on everything about the engine.
    fn path(&self, digest: &Digest, engine: &Engine) -> PathBuf {
        self.named(&digest.to_string(), engine)
    }

    fn functions_path(&self, engine: &Engine) -> PathBuf {
        self.named("functions", engine)
    }

    fn named(&self, name: &str, engine: &Engine) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine
            .wasmtime()
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        self.directory
            .join(format!("{name}-{:016x}.bin", hasher.finish()))
    }

    /// Forgets the oldest when there are too many.
    fn prune(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(&self.directory)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
            })
            .collect();
        files.sort();
        for (_, path) in files.iter().rev().skip(FILES_MAX) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// The name is under the tag too: a file moved to another name is another rule's code.
fn authenticated(path: &Path, code: &[u8]) -> Vec<u8> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    [name, b"\0", code].concat()
}

fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = fs::File::create(&draft)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[expect(unsafe_code, reason = "wasmtime cannot know that the code is ours")]
fn load(code: &[u8], engine: &Engine) -> wasmtime::Result<Compiled> {
    let engine = engine.wasmtime();
    let is_module = wasmtime::Engine::detect_precompiled(code) == Some(Precompiled::Module);
    // SAFETY: `code` is what our own compiler wrote: either it came from the child process that this server started
    // just now, or its HMAC says that this installation kept it.
    unsafe {
        match is_module {
            true => Module::deserialize(engine, code).map(Compiled::Module),
            false => Component::deserialize(engine, code).map(Compiled::Component),
        }
    }
}

const TAG_BYTES: usize = 32;
const FILES_MAX: usize = 64;
