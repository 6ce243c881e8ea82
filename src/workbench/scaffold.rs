//! Begins a rule project: a copy of the `partner-tier` example in the language of choice, which builds and passes its own
//! golden cases as it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;

/// The examples, as they stand in the repository. Links are followed: so a project brings the contract and the golden
/// cases along.
#[derive(RustEmbed)]
#[folder = "rules/examples/"]
#[exclude = "*/target/*"]
#[exclude = "*/node_modules/*"]
#[exclude = "*/.venv/*"]
#[exclude = "*/__pycache__/*"]
#[exclude = "*/build/*"]
#[exclude = "*/types/*"]
#[exclude = "*.wasm"]
#[exclude = "*/jti/*"]
struct Examples;

/// A language that projects can be begun in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name, and that of its directory among the examples.
    pub name: &'static str,
    /// Other names people use.
    pub aliases: &'static [&'static str],
}

/// Every language there is an example in.
pub const LANGUAGES: &[Language] = &[
    language("assemblyscript", &["as"]),
    language("c", &[]),
    language("cpp", &["c++", "cxx"]),
    language("go", &["golang"]),
    language("javascript", &["js"]),
    language("python", &["py"]),
    language("rust", &["rs"]),
    language("typescript", &["ts"]),
    language("zig", &[]),
];

const fn language(name: &'static str, aliases: &'static [&'static str]) -> Language {
    Language { name, aliases }
}

impl Language {
    /// The language of this name.
    ///
    /// # Errors
    /// When there is no example in it; the text lists those there are.
    pub fn named(name: &str) -> Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        let is_it = |known: &&Self| known.name == lower || known.aliases.contains(&lower.as_str());
        let found = LANGUAGES.iter().find(is_it).copied();
        found.ok_or_else(|| {
            let names: Vec<&str> = LANGUAGES.iter().map(|known| known.name).collect();
            format!(
                "there is no example in {name:?}, only in {}; anything that compiles to WASI will do all the same: \
                 see docs/rules.md",
                names.join(", ")
            )
        })
    }
}

/// Begins a project in a directory that is not there yet. Gives the files it made, in order.
///
/// # Errors
/// When the directory is there already, its name is no rule's name, or a file cannot be written.
pub fn begin(language: Language, directory: &Path) -> Result<Vec<PathBuf>, ScaffoldError> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let slug = slug(&name).ok_or_else(|| ScaffoldError::Name(name.to_string()))?;
    if directory.exists() {
        return Err(ScaffoldError::Exists(directory.to_owned()));
    }
    let mut made = Vec::new();
    for path in Examples::iter() {
        let Some(place) = place(&path, language) else {
            continue;
        };
        let Some(file) = Examples::get(&path) else {
            continue;
        };
        let target = directory.join(place);
        write(&target, &renamed(&file.data, &slug)).map_err(|source| ScaffoldError::Write {
            path: target.clone(),
            source,
        })?;
        made.push(target);
    }
    made.sort();
    Ok(made)
}

/// Where a file of the examples goes in the new project, if it goes there.
fn place(path: &str, language: Language) -> Option<PathBuf> {
    let inside = path.strip_prefix(language.name)?.strip_prefix('/')?;
    let inside = inside.strip_prefix(EXAMPLE)?.strip_prefix('/')?;
    Some(inside.into())
}

/// The project's own name in place of the example's.
fn renamed(bytes: &[u8], slug: &str) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let text = text.replace(EXAMPLE, slug);
            let text = text.replace(&EXAMPLE.replace('-', "_"), &slug.replace('-', "_"));
            text.into_bytes()
        }
        Err(_) => bytes.to_vec(),
    }
}

/// A name that every language's tools take for a package: a rule's name without the number before it.
fn slug(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
        return None;
    }
    let letters = name.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let slug: String = letters
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    Some(match slug.trim_matches('-') {
        "" => "rule".to_owned(),
        slug => slug.to_owned(),
    })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    fs::write(path, bytes)
}

/// Why a project cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// It would write over something.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The name of the directory is that of the rule.
    #[error(
        "{0:?} is no name for a rule: use 1 to {NAME_BYTES_MAX} letters, digits, dots, hyphens and underscores, \
         such as 20-tier"
    )]
    Name(String),
    /// A file cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

const EXAMPLE: &str = "partner-tier";
const NAME_BYTES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_after_the_rule_without_its_number() {
        for (name, package) in [
            ("20-tier", "tier"),
            ("Acme.Tier_2", "acme-tier-2"),
            ("99", "rule"),
        ] {
            assert_eq!(slug(name).as_deref(), Some(package));
        }
        assert_eq!(slug("a b"), None);
        assert_eq!(slug(""), None);
    }

    #[test]
    fn every_language_has_an_example_to_begin_with() {
        for language in LANGUAGES {
            let manifest = format!("{}/{EXAMPLE}/rule.toml", language.name);
            assert!(Examples::get(&manifest).is_some(), "{manifest}");
        }
    }
}
