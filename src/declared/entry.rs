//! What files declare, as they say it, before anything is made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Keywords;
use crate::document::Mistake;
use crate::manage::shape::Object;

/// What the files say there is, by section. A section that they do not have says nothing; an empty one says that there is
/// nothing.
#[derive(Debug, Default)]
pub struct Declared {
    pub(super) sections: BTreeMap<Section, Vec<Entry>>,
    pub(super) left_out: Vec<LeftOut>,
    /// What nobody knows, and what is most likely a slip: mistakes, unless they may be left out.
    pub(super) doubts: Vec<LeftOut>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) is_lenient: bool,
}

impl Declared {
    /// Has what nobody knows left out, as what Auth0 has and this server has not.
    pub fn leniently(mut self, is_lenient: bool) -> Self {
        self.is_lenient = is_lenient;
        self
    }

    /// What is wrong with the files themselves. [`Plan::of`](super::Plan::of) tells it with all that is wrong with the rest.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

/// One declared thing.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where it stands: `clients/shop.json`, or `tenant.yaml: clients[0]`.
    pub(super) place: String,
    pub(super) properties: Object,
    /// The manifest that stands beside its script.
    pub(super) manifest: Option<Beside>,
    /// A file that it names could not be read, which is told already.
    pub(super) is_incomplete: bool,
}

/// A file that stands beside what declares a thing.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) place: String,
    pub(super) text: String,
}

/// Something that this server does not do, and so did not take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct LeftOut {
    /// The file, or the part of one.
    pub place: String,
    /// The property; all of it where there is none.
    pub property: Option<String>,
    /// Why.
    pub why: String,
}

/// What kinds of things files speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    ResourceServers,
    Clients,
    ClientGrants,
    /// Which clients are APIs themselves, which Auth0 does not know.
    ApiServers,
    RulesConfigs,
    Rules,
    Hooks,
    Actions,
    Triggers,
}

impl Section {
    pub(super) const ALL: [Self; 9] = [
        Self::ResourceServers,
        Self::Clients,
        Self::ClientGrants,
        Self::ApiServers,
        Self::RulesConfigs,
        Self::Rules,
        Self::Hooks,
        Self::Actions,
        Self::Triggers,
    ];

    /// Its key in a YAML file.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::ResourceServers => "resourceServers",
            Self::Clients => "clients",
            Self::ClientGrants => "clientGrants",
            Self::ApiServers => "apiServers",
            Self::RulesConfigs => "rulesConfigs",
            Self::Rules => "rules",
            Self::Hooks => "hooks",
            Self::Actions => "actions",
            Self::Triggers => "triggers",
        }
    }

    /// Its directory.
    pub(super) const fn directory(self) -> &'static str {
        match self {
            Self::ResourceServers => "resource-servers",
            Self::ClientGrants => "grants",
            Self::ApiServers => "api-servers",
            Self::RulesConfigs => "rules-configs",
            Self::Clients | Self::Rules | Self::Hooks | Self::Actions | Self::Triggers => {
                self.key()
            }
        }
    }

    /// The property that names a file beside it, whose text it stands for.
    pub(super) const fn file_property(self) -> Option<&'static str> {
        match self {
            Self::Clients => Some("custom_login_page"),
            Self::Rules | Self::Hooks => Some("script"),
            Self::Actions => Some("code"),
            Self::ResourceServers
            | Self::ClientGrants
            | Self::ApiServers
            | Self::RulesConfigs
            | Self::Triggers => None,
        }
    }
}

/// Takes files in, and collects what is wrong with them.
pub(super) struct Reader<'r> {
    root: &'r Path,
    keywords: &'r Keywords,
    declared: Declared,
}

impl<'r> Reader<'r> {
    /// One for files below a directory; nothing outside of it is read.
    pub(super) fn new(root: &'r Path, keywords: &'r Keywords) -> Self {
        Self {
            root,
            keywords,
            declared: Declared::default(),
        }
    }

    /// The text of a file, with keywords replaced: a file with one that nothing stands for says something else than it means.
    pub(super) fn text(&mut self, path: &Path) -> Option<String> {
        match read(path) {
            Ok(text) => self.replaced(path, &text),
            Err(problem) => {
                self.mistake(&self.place(path), format!("it {problem}"));
                None
            }
        }
    }

    fn replaced(&mut self, path: &Path, text: &str) -> Option<String> {
        let missing = self.keywords.missing(text);
        let is_whole = missing.is_empty();
        for problem in missing {
            self.mistake(&self.place(path), problem);
        }
        is_whole.then(|| self.keywords.replace(text))
    }

    /// How a file is called in what is told: from the root.
    pub(super) fn place(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.root).unwrap_or(path);
        inside.display().to_string()
    }

    /// The section is there, even if nothing should be in it.
    pub(super) fn begin(&mut self, section: Section) {
        self.declared.sections.entry(section).or_default();
    }

    /// Adds a thing. `base` is where paths in it begin.
    pub(super) fn add(&mut self, section: Section, place: String, value: Value, base: &Path) {
        let Value::Object(properties) = value else {
            return self.mistake(&place, format!("{} is no object", section.key()));
        };
        if properties.is_empty() {
            return;
        }
        let file = section
            .file_property()
            .and_then(|name| Some((name, path_in(&properties, name, base)?)));
        let mut entry = Entry {
            place,
            properties,
            manifest: None,
            is_incomplete: false,
        };
        if let Some((name, (said, path))) = file {
            let text = self.beside(&entry.place, (name, &said), &path);
            entry.is_incomplete = text.is_none();
            if let Some(text) = text {
                entry.properties.insert(name.to_owned(), text.into());
            }
            if section != Section::Clients {
                entry.manifest = self.manifest(&entry.place, &path);
            }
        }
        let entries = self.declared.sections.entry(section).or_default();
        entries.push(entry);
    }

    /// The text of a file that is named at a place.
    fn beside(&mut self, place: &str, (name, said): (&str, &str), path: &Path) -> Option<String> {
        let problem = match said.is_empty() {
            true => format!("{name} is empty: name the file that has it"),
            false if !is_below(path, self.root) => {
                format!("{name}: {said:?} leads out of the directory: move the file into it")
            }
            false => match read(path) {
                Ok(text) => return self.replaced(path, &text),
                // Whoever wrote the path can mend it: the file that is not there says nothing.
                Err(problem) => format!("{name}: the file {said:?} {problem}"),
            },
        };
        self.mistake(place, problem);
        None
    }

    /// The manifest of a script, which the deploy tool knows nothing of, and so nothing names: it has the script's name.
    fn manifest(&mut self, place: &str, script: &Path) -> Option<Beside> {
        let path = script.with_extension(MANIFEST_ENDING);
        if !path.is_file() {
            return None;
        }
        let said = self.place(&path);
        let text = self.beside(place, ("manifest", &said), &path)?;
        Some(Beside { place: said, text })
    }

    pub(super) fn mistake(&mut self, place: &str, problem: String) {
        let place = place.to_owned();
        self.declared.mistakes.push(Mistake { place, problem });
    }

    /// Notes that this server has no such things.
    pub(super) fn leave_out(&mut self, place: String, what: &str) {
        let why = match what {
            "tenant" => "settings of the server are in rulemint.toml".to_owned(),
            _ => format!("rulemint has no {what}"),
        };
        self.declared.left_out.push(LeftOut {
            place,
            property: None,
            why,
        });
    }

    /// Notes what is called almost like something that there is.
    pub(super) fn doubt(&mut self, place: String, meant: &str) {
        self.declared.doubts.push(LeftOut {
            place,
            property: None,
            why: format!("nobody knows that; did you mean {meant}?"),
        });
    }

    pub(super) fn finish(self) -> Declared {
        self.declared
    }
}

/// The path that a property says, as it says it and as it is. A login page may also stand there itself.
fn path_in(properties: &Object, name: &str, base: &Path) -> Option<(String, PathBuf)> {
    let said = properties.get(name)?.as_str()?;
    let path: PathBuf = base.join(said.replace('\\', "/")).components().collect();
    let is_page = name == "custom_login_page";
    (!is_page || path.is_file()).then(|| (said.to_owned(), path))
}

/// The text of a file, or what is the matter with it.
fn read(path: &Path) -> Result<String, String> {
    match fs::metadata(path) {
        Ok(file) if file.len() > FILE_BYTES_MAX => Err(format!(
            "has {} bytes, and may have {FILE_BYTES_MAX}",
            file.len()
        )),
        _ => fs::read_to_string(path).map_err(|problem| format!("cannot be read: {problem}")),
    }
}

/// Whether a path stays below a directory, links followed. One that is not there leads nowhere, and is told when it is read.
fn is_below(path: &Path, root: &Path) -> bool {
    let climbs = |path: &PathBuf| path.components().any(|part| part == Component::ParentDir);
    match (path.canonicalize(), root.canonicalize()) {
        (Ok(path), Ok(root)) => path.starts_with(root),
        _ => path.starts_with(root) && !climbs(&path.to_owned()),
    }
}

/// How the file of a manifest ends, which stands beside that of its script.
pub(super) const MANIFEST_ENDING: &str = "toml";
/// More than any script that runs here, and any tenant in one file.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
