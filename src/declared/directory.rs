//! The directory format: a directory for each kind of thing, and in it a JSON file for each thing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Keywords;
use super::entry::{Declared, MANIFEST_ENDING, Reader, Section};
use super::known;

/// Reads a directory.
pub(super) fn read(root: &Path, keywords: &Keywords) -> Declared {
    let mut reader = Reader::new(root, keywords);
    for section in Section::ALL {
        read_section(&mut reader, section, &root.join(section.directory()));
    }
    match sorted(root) {
        Ok(paths) => paths.iter().for_each(|path| look_at(&mut reader, path)),
        Err(problem) => reader.mistake(
            &root.display().to_string(),
            format!("it cannot be read: {problem}"),
        ),
    }
    reader.finish()
}

/// Reads what there is of one kind.
pub(super) fn read_section(reader: &mut Reader<'_>, section: Section, directory: &Path) {
    let paths = match sorted(directory) {
        Ok(paths) => paths,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return,
        Err(problem) => {
            let place = reader.place(directory);
            return reader.mistake(&place, format!("it cannot be read: {problem}"));
        }
    };
    reader.begin(section);
    // The code of an Action is named from the root; everything else from where it stands.
    let root = directory.parent().filter(|_| section == Section::Actions);
    let base = root.unwrap_or(directory);
    if matches!(section, Section::Rules | Section::Hooks) {
        check_manifests(reader, &paths);
    }
    for path in paths.iter().filter(|path| is_json(path)) {
        let Some(text) = reader.text(path) else {
            continue;
        };
        let place = reader.place(path);
        match serde_json::from_str(&text) {
            Ok(value) => reader.add(section, place, value, base),
            Err(problem) => reader.mistake(&place, format!("it is no JSON: {problem}")),
        }
    }
}

/// A manifest without a script is one that nobody reads.
fn check_manifests(reader: &mut Reader<'_>, paths: &[PathBuf]) {
    let is_manifest = |path: &&PathBuf| path.extension().is_some_and(|it| it == MANIFEST_ENDING);
    for path in paths.iter().filter(is_manifest) {
        if !path.with_extension("js").is_file() {
            let problem = "there is no script of that name beside it".to_owned();
            reader.mistake(&reader.place(path), problem);
        }
    }
}

/// What else a tenant's export has.
fn look_at(reader: &mut Reader<'_>, path: &Path) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_ours = Section::ALL
        .iter()
        .any(|section| section.directory() == name);
    if is_ours || name.starts_with('.') || name == CONFIGURATION {
        return;
    }
    let what = name.trim_end_matches(".json").to_owned();
    let names = || Section::ALL.into_iter().map(Section::directory);
    if let Some(meant) = known::slip(&what, names(), known::SECTIONS) {
        if path.is_dir() || is_json(path) {
            reader.doubt(name.into_owned(), meant);
        }
    } else if path.is_dir() {
        let files = count(path);
        if files > 0 {
            let files = if files == 1 {
                "1 file".to_owned()
            } else {
                format!("{files} files")
            };
            reader.leave_out(format!("{name}/ ({files})"), &name);
        }
    } else if is_json(path) {
        reader.leave_out(name.into_owned(), &what);
    }
}

fn count(directory: &Path) -> usize {
    let paths = sorted(directory).unwrap_or_default();
    // Links are not followed: they may lead round in a circle.
    let is_below = |path: &PathBuf| path.is_dir() && !path.is_symlink();
    let files = |path: &PathBuf| if is_below(path) { count(path) } else { 1 };
    paths.iter().map(files).sum()
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "json") && path.is_file()
}

fn sorted(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The deploy tool's own settings, which often stand beside what it deploys.
const CONFIGURATION: &str = "config.json";
