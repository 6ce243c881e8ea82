//! Files of the crate import each other one way: no circle, whatever a parent hands on.

use std::collections::{BTreeMap, BTreeSet};

use super::Source;

/// The names on the way from the root of the crate to a file, or to something in it.
type Path = Vec<String>;

/// The files of the crate, and who takes what from whom.
pub(crate) struct Imports {
    files: BTreeSet<Path>,
    /// What a file hands on under a name of its own, and where that comes from.
    handed_on: BTreeMap<(Path, String), Path>,
    arrows: BTreeMap<Path, BTreeSet<Path>>,
}

impl Imports {
    pub(crate) fn of(sources: &[Source]) -> Self {
        let sources: Vec<(Path, Code)> = sources
            .iter()
            .map(|source| (module_of(&source.path), Code::of(source)))
            .collect();
        let mut imports = Self {
            files: sources.iter().map(|(file, _)| file.clone()).collect(),
            handed_on: BTreeMap::new(),
            arrows: BTreeMap::new(),
        };
        for (file, code) in &sources {
            for (name, path) in &code.uses {
                if let Some(path) = imports.absolute(file, path) {
                    imports.handed_on.insert((file.clone(), name.clone()), path);
                }
            }
        }
        for (file, code) in &sources {
            let paths = code.uses.iter().map(|(_, path)| path).chain(&code.paths);
            let targets = paths.filter_map(|path| {
                let path = imports.absolute(file, path)?;
                imports.file_of(&path, HOPS_MAX)
            });
            // What a parent says of its own children is no arrow: it is their table of contents.
            let targets = targets.filter(|target| !target.starts_with(file));
            let targets = targets.collect();
            imports.arrows.insert(file.clone(), targets);
        }
        imports
    }

    /// The arrows that lie on circles, one a line.
    pub(crate) fn circles(mut self) -> Vec<String> {
        while self.drop_ends() {}
        let all = self.arrows.iter();
        let all = all.flat_map(|(file, targets)| targets.iter().map(move |to| (file, to)));
        let back = all.filter(|(file, to)| self.leads(to, file));
        back.map(|(file, to)| {
            let (file, to) = (file.join("/"), to.join("/"));
            format!("src/{file}.rs imports from {to}, which leads back to it")
        })
        .collect()
    }

    /// Whether one file imports from another, however far around.
    fn leads(&self, from: &Path, to: &Path) -> bool {
        let (mut seen, mut ahead) = (BTreeSet::new(), vec![from]);
        while let Some(file) = ahead.pop() {
            if file == to {
                return true;
            }
            if seen.insert(file) {
                ahead.extend(self.arrows.get(file).into_iter().flatten());
            }
        }
        false
    }

    /// Takes out the files that import nothing or that nobody imports: they are on no circle.
    fn drop_ends(&mut self) -> bool {
        let imported: BTreeSet<Path> = self.arrows.values().flatten().cloned().collect();
        let before = self.arrows.len();
        self.arrows
            .retain(|file, targets| !targets.is_empty() && imported.contains(file));
        let left: BTreeSet<Path> = self.arrows.keys().cloned().collect();
        for targets in self.arrows.values_mut() {
            targets.retain(|target| left.contains(target));
        }
        self.arrows.len() < before
    }

    /// A path in a file, from the root of the crate. `None` for what comes from elsewhere.
    fn absolute(&self, file: &Path, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let parent = &file[..file.len().checked_sub(ups)?];
                Some([parent, &path[ups..]].concat())
            }
            _ => {
                let child = [&file[..], std::slice::from_ref(first)].concat();
                self.files
                    .contains(&child)
                    .then(|| [&file[..], path].concat())
            }
        }
    }

    /// The file where a path ends, through those that only hand it on.
    fn file_of(&self, path: &[String], hops: usize) -> Option<Path> {
        let length = (1..=path.len()).rev();
        let file = length
            .map(|length| path[..length].to_vec())
            .find(|file| self.files.contains(file))?;
        let Some(name) = path.get(file.len()) else {
            return Some(file);
        };
        match self.handed_on.get(&(file.clone(), name.clone())) {
            Some(from) if hops > 0 => {
                let rest = &path[file.len() + 1..];
                self.file_of(&[from, rest].concat(), hops - 1)
            }
            _ => Some(file),
        }
    }
}

fn module_of(path: &str) -> Path {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    inside.split('/').map(str::to_owned).collect()
}

/// What a file says of others.
struct Code {
    /// What `use` brings in: each name, and the path it stands for.
    uses: Vec<(String, Path)>,
    /// The paths in the rest of it that begin with `crate` or `super`.
    paths: Vec<Path>,
}

impl Code {
    /// Reads it without the unit tests at its end.
    fn of(source: &Source) -> Self {
        let lines: Vec<&str> = source.code().map(|(_, line)| line.trim()).collect();
        let text = lines.join(" ");
        let text = text
            .split("#[cfg(test)] mod tests")
            .next()
            .unwrap_or_default();
        let (mut uses, mut paths) = (Vec::new(), Vec::new());
        for piece in text.split("use ") {
            let (tree, rest) = match piece.split_once(';') {
                Some((tree, rest)) if is_tree(tree) => (tree, rest),
                _ => ("", piece),
            };
            flatten(tree.trim(), &[], &mut uses);
            paths.extend(paths_in(rest));
        }
        Self { uses, paths }
    }
}

/// Whether this is what stands between `use` and its semicolon.
fn is_tree(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_:{}, *".contains(c))
}

fn flatten(tree: &str, before: &[String], found: &mut Vec<(String, Path)>) {
    if let Some(inside) = tree.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
        for branch in branches(inside) {
            flatten(branch.trim(), before, found);
        }
    } else if let Some((first, rest)) = tree.split_once("::") {
        flatten(rest, &[before, &[first.to_owned()]].concat(), found);
    } else if !tree.is_empty() {
        let (own, name) = tree.split_once(" as ").unwrap_or((tree, tree));
        let path = match own {
            "self" => before.to_vec(),
            own => [before, &[own.to_owned()]].concat(),
        };
        let name = match name {
            "self" => path.last().cloned().unwrap_or_default(),
            name => name.to_owned(),
        };
        found.push((name, path));
    }
}

/// The parts of a list between its own commas.
fn branches(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts
}

fn paths_in(code: &str) -> impl Iterator<Item = Path> {
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    let paths = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    paths.map(|word| {
        let parts = word.trim_end_matches(':').split("::");
        parts.map(str::to_owned).collect()
    })
}

/// How often a name may be handed on before it is where it comes from.
const HOPS_MAX: usize = 8;
