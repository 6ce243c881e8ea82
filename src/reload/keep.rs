//! Keeps what was good: the bytes of every rule of the recent chains, so that a restart with a broken directory, and a
//! rollback, find them. The chains are one history, whichever directory they came from.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::report::EarlierReport;
use crate::audit::Actor;
use crate::rule::{Cases, Chain, Digest, Fingerprint, Form, Manifest, OnError, Rule, Source};
use crate::store::{GenerationRow, NewGeneration, Store, StoreError};

/// The recent chains.
pub(super) struct Keep {
    pub(super) store: Store,
    /// Where the bytes are, each under its digest.
    pub(super) files: PathBuf,
    /// The rules directory that is configured.
    pub(super) rules_dir: String,
    /// The one that what is live came from: another than that until all of it has been found there.
    pub(super) origin: String,
    /// How many chains besides the live one.
    pub(super) count: u32,
    /// Who makes a chain live: the server, whoever changed the directory.
    pub(super) actor: Actor,
}

/// A chain as it is written down.
pub(super) struct KeptChain {
    pub(super) row: GenerationRow,
    pub(super) rules: Vec<KeptRule>,
}

/// One rule of it.
#[derive(Deserialize, Serialize)]
pub(super) struct KeptRule {
    pub(super) name: Arc<str>,
    #[serde(default)]
    pub(super) form: Form,
    pub(super) digest: Digest,
    pub(super) manifest: Option<Arc<str>>,
    /// Stands for the golden cases that it passed.
    #[serde(default)]
    pub(super) cases: Option<Digest>,
}

impl KeptRule {
    /// Whether its manifest says that tokens may be issued without it.
    pub(super) fn is_optional(&self) -> bool {
        let manifest = self.manifest.as_deref();
        let manifest = manifest.and_then(|text| Manifest::parse(text, "").ok());
        manifest.is_some_and(|manifest| manifest.on_error == OnError::Skip)
    }
}

/// Why a chain is live.
#[derive(Clone, Default)]
pub(super) struct Why {
    pub(super) cause: String,
    /// After a rollback: the digest of the directory it holds against.
    pub(super) holds: Option<Digest>,
    /// Since when, in Unix seconds.
    pub(super) since: i64,
}

impl Keep {
    /// Whether what is live came from another directory than the configured one.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.origin != self.rules_dir
    }

    /// The configured directory is the one that counts from now on.
    pub(super) fn arrive(&mut self) {
        self.origin.clone_from(&self.rules_dir);
    }

    /// The chain that was live last.
    pub(super) async fn last(&self) -> Result<Option<KeptChain>, StoreError> {
        let newest = self.store.generations(1).await?.pop();
        Ok(newest.and_then(KeptChain::read))
    }

    /// An earlier chain.
    pub(super) async fn chain(&self, number: i64) -> Result<Option<KeptChain>, StoreError> {
        let row = self.store.generation(number).await?;
        Ok(row.and_then(KeptChain::read))
    }

    /// Keeps the bytes of a rule that loaded.
    pub(super) fn put_file(&self, source: &Source) -> io::Result<()> {
        let path = self.file(&source.digest);
        if path.exists() {
            return Ok(());
        }
        let draft = path.with_extension("draft");
        let mut file = File::create(&draft)?;
        file.write_all(&source.bytes)?;
        file.sync_all()?;
        fs::rename(draft, path)
    }

    /// Reads a kept rule back. A file that is not what its name says is worth nothing.
    pub(super) fn source(&self, rule: &KeptRule) -> Option<Source> {
        let bytes = fs::read(self.file(&rule.digest)).ok()?;
        (Digest::of(&bytes) == rule.digest).then(|| Source {
            name: Arc::clone(&rule.name),
            form: rule.form,
            digest: rule.digest,
            bytes: bytes.into(),
            manifest: rule.manifest.clone(),
            manifest_file: format!("{}.toml", rule.name).into(),
            outside: Fingerprint::default(),
            cases: Cases {
                digest: rule.cases,
                ..Cases::default()
            },
            is_proven: true,
        })
    }

    /// Writes a chain down and gives it its number.
    pub(super) async fn put_chain(&self, rules: &[KeptRule], why: &Why) -> Result<i64, StoreError> {
        let rules = serde_json::to_string(rules).expect("names and digests are JSON");
        let generation = NewGeneration {
            rules_dir: &self.origin,
            cause: &why.cause,
            rules: &rules,
            holds: why.holds.map(|digest| digest.to_string()),
        };
        let by = self.actor.by(why.since);
        self.store.add_generation(generation, self.count, by).await
    }

    /// Says anew of the live chain where it came from and what it holds against.
    pub(super) async fn amend(&self, number: i64, why: &Why) -> Result<(), StoreError> {
        let holds = why.holds.map(|digest| digest.to_string());
        let store = &self.store;
        store.amend_generation(number, &self.origin, holds).await
    }

    /// Deletes the bytes that no chain needs any more.
    pub(super) async fn forget_files(&self) -> Result<(), StoreError> {
        let rows = self.store.generations(self.count + 1).await?;
        let needed: HashSet<PathBuf> = rows
            .into_iter()
            .filter_map(KeptChain::read)
            .flat_map(|chain| chain.rules)
            .map(|rule| self.file(&rule.digest))
            .collect();
        if let Ok(entries) = fs::read_dir(&self.files) {
            for path in entries.flatten().map(|entry| entry.path()) {
                if !needed.contains(&path) {
                    let _ = fs::remove_file(path); // Too much kept is no harm.
                }
            }
        }
        Ok(())
    }

    /// The chains that can be rolled back to, the newest first.
    pub(super) async fn earlier(&self, than: i64) -> Result<Vec<EarlierReport>, StoreError> {
        let chains = self.chains().await?.into_iter();
        let earlier = chains.filter(|chain| chain.row.number < than);
        Ok(earlier.map(KeptChain::report).collect())
    }

    /// All chains that are kept, the newest first.
    pub(super) async fn chains(&self) -> Result<Vec<KeptChain>, StoreError> {
        let rows = self.store.generations(self.count + 1).await?;
        Ok(rows.into_iter().filter_map(KeptChain::read).collect())
    }

    /// Whatever the form: what is in it is not looked for by name.
    fn file(&self, digest: &Digest) -> PathBuf {
        self.files
            .join(Path::new(&digest.to_string()).with_extension("wasm"))
    }
}

impl KeptChain {
    /// `None` where another version wrote it in a way that this one does not understand.
    fn read(row: GenerationRow) -> Option<Self> {
        let rules = serde_json::from_str(&row.rules).ok()?;
        Some(Self { row, rules })
    }

    /// Where a rollback went that made this chain live.
    pub(super) fn went_back_to(&self) -> Option<i64> {
        went_back_to(&self.row.cause)
    }

    fn report(self) -> EarlierReport {
        let short = |rule: &KeptRule| format!("{}@{:.12}", rule.name, rule.digest.to_string());
        EarlierReport {
            generation: self.row.number,
            since: self.row.created_at,
            cause: self.row.cause,
            rules: self.rules.iter().map(short).collect(),
        }
    }
}

/// Why a chain is live that was gone back to.
pub(super) fn went_back(to: i64) -> String {
    format!("{WENT_BACK}{to}")
}

/// Where a rollback went, if that is the reason.
pub(super) fn went_back_to(cause: &str) -> Option<i64> {
    cause.strip_prefix(WENT_BACK)?.parse().ok()
}

/// Whether two chains run the same versions of the same rules.
pub(super) fn same_rules(one: &Chain, other: &[Arc<Rule>]) -> bool {
    let (one, other) = (one.rules().iter(), other.iter());
    one.len() == other.len() && one.zip(other).all(|(one, other)| Arc::ptr_eq(one, other))
}

/// What a person reads of a rollback, and what tells a rollback from a change.
const WENT_BACK: &str = "rollback to generation ";
