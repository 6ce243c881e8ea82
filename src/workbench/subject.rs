//! A rule to work on, read from where it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::Mistake;
use crate::rule::{Build, CASES_ENDING, Case, Cases, Digest, Fingerprint, Form, Manifest, Source};

/// A project directory with a `rule.toml`, or a rule file with its manifest and its cases beside it.
#[derive(Clone)]
pub struct Subject {
    /// The rule's name: that of the project directory, or of the file without its ending.
    pub name: Arc<str>,
    /// The project directory, if it is one.
    pub project: Option<PathBuf>,
    /// The rule file. In a project it may not be there yet.
    pub file: PathBuf,
    /// What its operator says about it.
    pub manifest: Manifest,
    manifest_text: Option<Arc<str>>,
    /// Its golden cases, as they were read.
    pub cases: Cases,
    bytes: Arc<[u8]>,
}

impl Subject {
    /// Opens a rule whose file is there.
    ///
    /// # Errors
    /// When it cannot be read, or its manifest has mistakes.
    pub fn open(path: &Path) -> Result<Self, SubjectError> {
        let mut subject = Self::outline(path)?;
        let file = subject.file.clone();
        subject.bytes = match fs::read(&file) {
            Ok(bytes) => bytes.into(),
            Err(problem)
                if problem.kind() == io::ErrorKind::NotFound && subject.project.is_some() =>
            {
                return Err(SubjectError::NotBuilt { file });
            }
            Err(problem) => {
                return Err(SubjectError::Read {
                    path: file,
                    source: problem,
                });
            }
        };
        Ok(subject)
    }

    /// Opens a rule whose file need not be there: its manifest and its cases.
    ///
    /// # Errors
    /// When they cannot be read, or the manifest has mistakes.
    pub fn outline(path: &Path) -> Result<Self, SubjectError> {
        match path.is_dir() {
            true => Self::of_project(path),
            false => Self::of_file(path),
        }
    }

    fn of_project(directory: &Path) -> Result<Self, SubjectError> {
        let path = directory.join(PROJECT_MANIFEST);
        if !path.is_file() {
            return Err(SubjectError::NoProject {
                directory: directory.to_owned(),
            });
        }
        let text = read(&path)?;
        let manifest = Manifest::parse(&text, &path.display().to_string())?;
        let Some(build) = &manifest.build else {
            return Err(SubjectError::NoBuild { manifest: path });
        };
        let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        Ok(Self {
            name: stem(&absolute),
            file: directory.join(&build.output),
            project: Some(directory.to_owned()),
            manifest,
            manifest_text: Some(text.into()),
            cases: cases(&directory.join(PROJECT_CASES))?,
            bytes: Arc::default(),
        })
    }

    fn of_file(file: &Path) -> Result<Self, SubjectError> {
        let path = file.with_extension("toml");
        let text = match path.is_file() {
            true => Some(read(&path)?),
            false => None,
        };
        let manifest = match &text {
            Some(text) => Manifest::parse(text, &path.display().to_string())?,
            None => Manifest::default(),
        };
        let stem = stem(&file.with_extension(""));
        Ok(Self {
            cases: cases(&file.with_file_name(format!("{stem}{CASES_ENDING}")))?,
            name: stem,
            project: None,
            file: file.to_owned(),
            manifest,
            manifest_text: text.map(Arc::from),
            bytes: Arc::default(),
        })
    }

    /// The rule files in a directory, in the order of their names. Nothing where the path is a rule itself: a file, or a
    /// project. A directory without any is taken for a project that lacks something.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn files_in(path: &Path) -> Result<Option<Vec<PathBuf>>, SubjectError> {
        if !path.is_dir() || path.join(PROJECT_MANIFEST).is_file() {
            return Ok(None);
        }
        let unreadable = |source| SubjectError::Read {
            path: path.to_owned(),
            source,
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let ending = file.extension().unwrap_or_default().to_string_lossy();
            if Form::of_ending(&ending).is_some() && !stem(&file).starts_with('.') {
                files.push(file);
            }
        }
        files.sort();
        Ok((!files.is_empty()).then_some(files))
    }

    /// The golden cases in a directory.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn cases_in(directory: &Path) -> Result<Cases, SubjectError> {
        fs::read_dir(directory).map_err(|source| SubjectError::Read {
            path: directory.to_owned(),
            source,
        })?;
        cases(directory)
    }

    /// The commands that make its file, if it is a project.
    pub fn build(&self) -> Option<&Build> {
        self.project.as_ref()?;
        self.manifest.build.as_ref()
    }

    /// The rule file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How it is written, as the ending of its file says.
    pub fn form(&self) -> Form {
        let ending = self.file.extension().unwrap_or_default();
        Form::of_ending(&ending.to_string_lossy()).unwrap_or_default()
    }

    /// The manifest as it was written.
    pub fn manifest_text(&self) -> Option<&str> {
        self.manifest_text.as_deref()
    }

    /// Every golden case, those in the manifest included, by name.
    ///
    /// # Errors
    /// When a file is no golden case.
    pub fn all_cases(&self) -> Result<Vec<(String, Case)>, String> {
        let mut all = self.cases.parse()?;
        let inline = self.manifest.cases.iter().cloned().enumerate();
        all.extend(inline.map(|(index, case)| (format!("cases[{index}]"), case)));
        Ok(all)
    }

    /// What a loader takes, but for the cases.
    pub(super) fn source(&self) -> Source {
        Source {
            name: Arc::clone(&self.name),
            form: self.form(),
            digest: Digest::of(&self.bytes),
            bytes: Arc::clone(&self.bytes),
            manifest: self.manifest_text.clone(),
            manifest_file: match self.project {
                Some(_) => PROJECT_MANIFEST.into(),
                None => format!("{}.toml", self.name).into(),
            },
            outside: Fingerprint::default(),
            cases: Cases::default(),
            is_proven: true,
        }
    }
}

fn stem(path: &Path) -> Arc<str> {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into()
}

fn read(path: &Path) -> Result<String, SubjectError> {
    fs::read_to_string(path).map_err(|source| SubjectError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The golden cases in a directory, which need not be there.
fn cases(directory: &Path) -> Result<Cases, SubjectError> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(Cases::default());
    };
    let mut files = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = stem(&path);
        if name.ends_with(".json") && !name.starts_with('.') {
            files.push((name.to_string(), read(&path)?));
        }
    }
    Ok(Cases::new(files))
}

/// Why there is nothing to work on.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// A directory that is no project.
    #[error(
        "{} is no rule project: it has no {PROJECT_MANIFEST}. Name a project, or a .wasm or .js file; \
         `rulemint rule new` begins a project",
        directory.display()
    )]
    NoProject {
        /// The directory.
        directory: PathBuf,
    },
    /// A project that does not say how it is built.
    #[error(
        "{} says nothing about how the rule is built; add [build] with run and output",
        manifest.display()
    )]
    NoBuild {
        /// Its manifest.
        manifest: PathBuf,
    },
    /// A project that was not built yet.
    #[error("{} is not there yet: run `rulemint rule build`", file.display())]
    NotBuilt {
        /// What building it makes.
        file: PathBuf,
    },
    /// A file that cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The manifest has mistakes.
    #[error("the manifest has {} mistake(s):{}", .0.len(), listed(.0))]
    Manifest(Vec<Mistake>),
}

impl SubjectError {
    /// With its cause.
    pub(super) fn said(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}

impl From<Vec<Mistake>> for SubjectError {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Manifest(mistakes)
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .map(|mistake| format!("\n  {mistake}"))
        .collect()
}

/// A project's manifest. It is deployed as that of the rule.
pub(super) const PROJECT_MANIFEST: &str = "rule.toml";
/// A project's golden cases.
pub(super) const PROJECT_CASES: &str = "cases";
