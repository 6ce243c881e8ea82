//! Two versions of one rule, and every way in which a file gets into a directory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::assemble::rule_that_sets;

/// What the rule sets the claim `version` to.
pub(crate) const VERSIONS: [&str; 2] = ["one", "two"];

/// How a new version gets into the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Rename,
    InPlace,
    DeleteAndCreate,
    /// As Kubernetes swaps a volume.
    DataLink,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [
        Self::Rename,
        Self::InPlace,
        Self::DeleteAndCreate,
        Self::DataLink,
    ];

    /// The first three take turns; the last one takes over the directory for good, and so comes last.
    pub(crate) fn of(quarter: usize, reload: usize) -> Self {
        match quarter {
            3 => Self::DataLink,
            _ => Self::ALL[reload % 3],
        }
    }
}

/// Writes the versions in turn.
pub(crate) struct Writer {
    directory: PathBuf,
    files: [Vec<u8>; 2],
    written: usize,
}

impl Writer {
    pub(crate) fn new(directory: PathBuf) -> Self {
        fs::create_dir(&directory).unwrap();
        let writer = Self {
            directory,
            files: VERSIONS.map(rule),
            written: 0,
        };
        fs::write(writer.directory.join(FILE), &writer.files[0]).unwrap();
        writer
    }

    /// Puts the other version there, and says which.
    pub(crate) fn next(&mut self, way: Way) -> &'static str {
        self.written += 1;
        let which = self.written % 2;
        let (file, bytes) = (self.directory.join(FILE), &self.files[which]);
        match way {
            Way::Rename => {
                let draft = self.directory.with_file_name("draft");
                fs::write(&draft, bytes).unwrap();
                fs::rename(draft, file).unwrap();
            }
            Way::InPlace => fs::write(file, bytes).unwrap(),
            Way::DeleteAndCreate => {
                fs::remove_file(&file).unwrap();
                fs::write(file, bytes).unwrap();
            }
            Way::DataLink => self.swap(which),
        }
        VERSIONS[which]
    }

    fn swap(&self, which: usize) {
        let snapshot = format!("..{}", self.written);
        fs::create_dir(self.directory.join(&snapshot)).unwrap();
        fs::write(
            self.directory.join(&snapshot).join(FILE),
            &self.files[which],
        )
        .unwrap();
        let (link, next) = (
            self.directory.join("..data"),
            self.directory.join("..data_tmp"),
        );
        let before = fs::read_link(&link);
        symlink(snapshot, &next).unwrap();
        fs::rename(next, link).unwrap();
        if let Ok(before) = before {
            fs::remove_dir_all(self.directory.join(before)).unwrap();
        }
    }
}

/// A rule that sets the claim `version`.
fn rule(version: &str) -> Vec<u8> {
    rule_that_sets("version", &format!("\"{version}\""))
}

const FILE: &str = "10-version.wasm";
