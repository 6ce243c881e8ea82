//! Writes what there is as files that declare it. No secret is in them: clients and rules keep theirs where they are.

mod file_name;
mod sections;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::entry::{MANIFEST_ENDING, Section};
use super::{LeftOut, Registered, root_of, yaml};
use crate::manage::shape::Object;
use file_name::FileNames;
use sections::{Sections, Thing};

/// What is written, and where.
pub struct Export<'e> {
    /// What there is.
    pub registered: &'e Registered,
    /// A directory, or a file that ends with `.yaml` or `.yml`.
    pub place: &'e Path,
    /// Leaves client ids out, for an installation that is to make its own.
    pub without_ids: bool,
    /// Replaces what an earlier export has left there.
    pub overwrite: bool,
}

/// What was written.
pub struct Exported {
    /// How many things, by section.
    pub counts: Vec<(&'static str, usize)>,
    /// What files of these formats cannot say.
    pub left_out: Vec<LeftOut>,
}

/// Writes it.
///
/// # Errors
/// When something is there already, or cannot be written.
pub fn export(export: &Export<'_>) -> Result<Exported, ExportError> {
    let is_yaml = yaml::is_named_so(export.place);
    let sections = Sections::of(export.registered, export.without_ids);
    let root = root_of(export.place);
    let files = match is_yaml {
        true => as_yaml(&sections, export.place)?,
        false => as_directory(&sections),
    };
    make_room(export, root, is_yaml)?;
    for (path, text) in &files {
        let path = root.join(path);
        let failed = |source| ExportError::write(&path, source);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(failed)?;
        }
        fs::write(&path, text).map_err(failed)?;
    }
    Ok(Exported {
        counts: sections.counts(),
        left_out: sections.left_out,
    })
}

/// By path below the root.
type Files = BTreeMap<PathBuf, String>;

fn as_directory(sections: &Sections) -> Files {
    let mut files = Files::new();
    for (section, things) in &sections.things {
        put_files(&mut files, *section, things);
    }
    files
}

fn put_files(files: &mut Files, section: Section, things: &[Thing]) {
    let directory = Path::new(section.directory());
    let mut names = FileNames::default();
    for thing in things {
        let name = names.of(&thing.file_name, &thing.other_name);
        let properties = put_aside(files, (section, ""), &name, thing);
        let text = pretty(&Value::Object(properties));
        files.insert(directory.join(format!("{name}.json")), text);
    }
}

fn as_yaml(sections: &Sections, place: &Path) -> Result<Files, ExportError> {
    let mut files = Files::new();
    let mut document = Object::new();
    // The deploy tool refuses a document with a section that it does not know: those stay files of their own.
    let is_ours_alone = |section: Section| section == Section::ApiServers;
    let (beside, inside): (Vec<_>, Vec<_>) = sections
        .things
        .iter()
        .partition(|(section, _)| is_ours_alone(*section));
    for (section, things) in beside {
        put_files(&mut files, *section, things);
    }
    for (section, things) in inside {
        let mut names = FileNames::default();
        let listed = things.iter().map(|thing| {
            let name = names.of(&thing.file_name, &thing.other_name);
            let from_root = section.directory();
            Value::Object(put_aside(&mut files, (*section, from_root), &name, thing))
        });
        let listed: Vec<Value> = listed.collect();
        let value = match *section == Section::Triggers {
            true => listed.into_iter().next().unwrap_or_default(),
            false => Value::from(listed),
        };
        document.insert(section.key().to_owned(), value);
    }
    let text = yaml::write(&document).map_err(ExportError::Yaml)?;
    let name = place.file_name().unwrap_or_default();
    files.insert(PathBuf::from(name), text);
    Ok(files)
}

/// A text that has a file of its own is replaced by where that is: from the directory of its section, or from the root, as the
/// deploy tool has it. A manifest stands beside its script. Gives what is left.
fn put_aside(
    files: &mut Files,
    (section, from_root): (Section, &str),
    name: &str,
    thing: &Thing,
) -> Object {
    let mut properties = thing.properties.clone();
    let Some(property) = section.file_property() else {
        return properties;
    };
    let Some(Value::String(text)) = properties.get(property) else {
        return properties;
    };
    let directory = section.directory();
    let (file, said) = if section == Section::Clients {
        let file = format!("{name}_custom_login_page.html");
        (file.clone(), format!("./{file}"))
    } else if section == Section::Actions {
        let file = format!("{name}/code.js");
        (file.clone(), format!("./{directory}/{file}"))
    } else {
        let file = format!("{name}.js");
        let said = Path::new(".").join(from_root).join(&file);
        (file, said.display().to_string())
    };
    let file = Path::new(directory).join(file);
    if let Some(manifest) = &thing.manifest {
        files.insert(file.with_extension(MANIFEST_ENDING), manifest.clone());
    }
    files.insert(file, text.clone());
    properties.insert(property.to_owned(), said.into());
    properties
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// What an earlier export has left would be taken for declared.
fn make_room(export: &Export<'_>, root: &Path, is_yaml: bool) -> Result<(), ExportError> {
    let file = is_yaml.then(|| export.place.to_owned());
    let directories = Section::ALL.map(|section| root.join(section.directory()));
    let places = file.into_iter().chain(directories);
    let there: Vec<PathBuf> = places.filter(|place| place.exists()).collect();
    match there.first() {
        Some(first) if !export.overwrite => return Err(ExportError::Exists(first.clone())),
        _ => {}
    }
    for place in there {
        let removed = match place.is_dir() {
            true => fs::remove_dir_all(&place),
            false => fs::remove_file(&place),
        };
        removed.map_err(|source| ExportError::write(&place, source))?;
    }
    Ok(())
}

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is an earlier export.
    #[error("{} is there already: --overwrite replaces what an earlier export has left", .0.display())]
    Exists(PathBuf),
    /// Something cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be said in YAML.
    #[error("write YAML: {0}")]
    Yaml(String),
}

impl ExportError {
    fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Write { path, source }
    }
}
