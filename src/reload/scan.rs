//! Reads the rules directory: what is there, as it is at this moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::report::Problem;
use crate::rule::{CASES_ENDING, Cases, Digest, FILE_BYTES_MAX, Fingerprint, Form, Loader, Source};
use crate::rules_dir::{DirectoryId, OpenDir, ReadProblem};

/// The rules directory at one moment.
pub(super) struct Scan {
    /// By rule name, which is the order they run in.
    pub(super) found: BTreeMap<Arc<str>, Result<Source, Problem>>,
    /// Stands for all of it: equal digests, nothing changed in the directory.
    pub(super) digest: Digest,
    /// When the youngest file was last written to, in Unix milliseconds.
    pub(super) modified_ms: i64,
    /// Which directory it was, and which directories of golden cases are in it.
    pub(super) places: Places,
    /// Whether nobody was in the middle of a change that takes several files.
    pub(super) is_whole: bool,
}

/// The directories that a change can happen in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// The rules directory: there may be another of the same name.
    pub(super) directory: DirectoryId,
    /// The names of the directories of golden cases in it.
    pub(super) cases: BTreeSet<String>,
}

/// Stands for all that was seen: the directory, and what its manifests refer to outside of it.
pub(super) type Seen = (Digest, Vec<Fingerprint>);

impl Scan {
    /// Looks at what the manifests refer to as well. Blocks.
    pub(super) fn look_outside(mut self, loader: &Loader) -> Self {
        for source in self.found.values_mut().flatten() {
            source.outside = loader.fingerprint(source.form, source.manifest.as_deref());
        }
        self
    }

    /// Equal to another look's, nothing changed in between.
    pub(super) fn seen(&self) -> Seen {
        let sources = self.found.values().flatten();
        (self.digest, sources.map(|source| source.outside).collect())
    }
}

/// Reads everything. Blocks: call it where that is allowed.
///
/// # Errors
/// When the directory itself cannot be read.
pub(super) fn scan(directory: &Path) -> io::Result<Scan> {
    let open = OpenDir::open(directory)?;
    let is_whole = open.keep_writers_out();
    let names = open.names()?;
    let mut scan = Scanner {
        manifests: names
            .iter()
            .filter_map(|name| name.strip_suffix(".toml"))
            .collect(),
        directories: names
            .iter()
            .map(String::as_str)
            .filter(|name| name.ends_with(CASES_ENDING))
            .collect(),
        open: &open,
        found: BTreeMap::new(),
        modified_ms: 0,
    };
    for name in &names {
        if let Some((stem, ending)) = rule_file(name) {
            let found = scan.source(name, stem, ending);
            scan.add(stem, found);
        }
    }
    let cases = scan
        .directories
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    for orphan in std::mem::take(&mut scan.manifests) {
        if rule_file(&format!("{orphan}.wasm")).is_some() {
            let text = format!(
                "{orphan}.toml is a manifest without a rule: there is no {orphan}.wasm and no {orphan}.js"
            );
            scan.add(orphan, Err(Problem::new("manifest", text)));
        }
    }
    Ok(Scan {
        digest: digest_of(&scan.found),
        found: scan.found,
        modified_ms: scan.modified_ms,
        is_whole,
        places: Places {
            directory: open.id(),
            cases,
        },
    })
}

struct Scanner<'d> {
    open: &'d OpenDir,
    /// Those that no rule has claimed yet.
    manifests: BTreeSet<&'d str>,
    /// Those with golden cases.
    directories: BTreeSet<&'d str>,
    found: BTreeMap<Arc<str>, Result<Source, Problem>>,
    modified_ms: i64,
}

impl Scanner<'_> {
    fn source(&mut self, file: &str, stem: &str, ending: &str) -> Result<Source, Problem> {
        let has_manifest = self.manifests.remove(stem);
        // Machine code is told from WebAssembly by what is in it, and refused for that.
        let form = Form::of_ending(ending).unwrap_or_default();
        if !is_rule_name(stem) {
            let text = "a rule's name is 1 to 100 letters, digits, dots, hyphens and underscores"
                .to_owned();
            return Err(Problem::new("name", text));
        }
        let bytes = self.read(file, FILE_BYTES_MAX)?;
        let manifest = match has_manifest {
            true => Some(self.read(&format!("{stem}.toml"), MANIFEST_BYTES_MAX)?),
            false => None,
        };
        let text = manifest
            .map(String::from_utf8)
            .transpose()
            .map_err(|_| Problem::new("manifest", format!("{stem}.toml is not UTF-8")))?;
        Ok(Source {
            name: stem.into(),
            form,
            digest: Digest::of(&bytes),
            bytes: bytes.into(),
            manifest: text.map(Arc::from),
            manifest_file: format!("{stem}.toml").into(),
            outside: Fingerprint::default(),
            cases: self.cases(stem)?,
            is_proven: false,
        })
    }

    /// The golden cases beside a rule: the `*.json` files of the directory that is named after it.
    fn cases(&mut self, stem: &str) -> Result<Cases, Problem> {
        let directory = format!("{stem}{CASES_ENDING}");
        if !self.directories.contains(directory.as_str()) {
            return Ok(Cases::default());
        }
        let cannot = |text: String| Problem::new("case", format!("{directory}: {text}"));
        let names = self
            .open
            .names_in(&directory)
            .map_err(|problem| cannot(problem.to_string()))?;
        let mut names: Vec<String> = names
            .into_iter()
            .filter(|name| is_case_file(name))
            .collect();
        if names.len() > CASES_MAX {
            return Err(cannot(format!("more than {CASES_MAX} golden cases")));
        }
        names.sort();
        let mut files = Vec::with_capacity(names.len());
        for name in names {
            let bytes = self.read(&format!("{directory}/{name}"), CASE_BYTES_MAX)?;
            let text =
                String::from_utf8(bytes).map_err(|_| cannot(format!("{name} is not UTF-8")))?;
            files.push((name, text));
        }
        Ok(Cases::new(files))
    }

    fn read(&mut self, file: &str, bytes_max: u64) -> Result<Vec<u8>, Problem> {
        let read = self.open.read(file, bytes_max);
        let read = read.map_err(|problem| {
            let code = match problem {
                ReadProblem::TooLarge(_) => "too_large",
                ReadProblem::LeadsAway
                | ReadProblem::NotAFile
                | ReadProblem::WritableByAll
                | ReadProblem::Unreadable(_) => "unreadable",
            };
            Problem::new(code, problem.to_string())
        })?;
        self.modified_ms = self.modified_ms.max(read.modified_ms);
        Ok(read.bytes)
    }

    /// Two files may want to be the same rule, `a.wasm` and `a.js`: then neither is.
    fn add(&mut self, stem: &str, found: Result<Source, Problem>) {
        let found = match self.found.contains_key(stem) {
            true => {
                let text = format!("there is more than one file for the rule {stem}");
                Err(Problem::new("ambiguous", text))
            }
            false => found,
        };
        self.found.insert(stem.into(), found);
    }
}

/// A file that wants to be a rule: its stem and its ending. Hidden files, editors' drafts and other files are none.
fn rule_file(name: &str) -> Option<(&str, &str)> {
    let (stem, ending) = name.rsplit_once('.')?;
    let wants = !stem.is_empty() && !name.starts_with('.') && ENDINGS.contains(&ending);
    wants.then_some((stem, ending))
}

fn is_case_file(name: &str) -> bool {
    !name.starts_with('.') && name.ends_with(".json")
}

fn is_rule_name(stem: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=NAME_BYTES_MAX).contains(&stem.len()) && stem.bytes().all(plain)
}

fn digest_of(found: &BTreeMap<Arc<str>, Result<Source, Problem>>) -> Digest {
    let mut lines = String::new();
    for (name, found) in found {
        let line = match found {
            Ok(source) => format!(
                "{name} {} {:?} {:?}\n",
                source.digest, source.manifest, source.cases.digest
            ),
            Err(problem) => format!("{name} {problem:?}\n"),
        };
        lines.push_str(&line);
    }
    Digest::of(lines.as_bytes())
}

const ENDINGS: &[&str] = &["wasm", "cwasm", "js"];
const MANIFEST_BYTES_MAX: u64 = 256 * 1024;
const NAME_BYTES_MAX: usize = 100;
const CASES_MAX: usize = 1_000;
const CASE_BYTES_MAX: u64 = 256 * 1024;
