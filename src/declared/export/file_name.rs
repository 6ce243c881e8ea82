//! Names of files, made of names of things.

use std::collections::BTreeSet;

/// The names that are taken in a directory.
#[derive(Default)]
pub(super) struct FileNames(BTreeSet<String>);

impl FileNames {
    /// A name of its own for a thing: what it is called, or with what nothing else is called where that is taken.
    pub(super) fn of(&mut self, name: &str, other_name: &str) -> String {
        let first = sanitized(name);
        let second = sanitized(&format!("{name}-{other_name}"));
        let numbered = (2..).map(|number: u32| format!("{second}-{number}"));
        let mut names = [first, second.clone()].into_iter().chain(numbered);
        // Some file systems do not tell large letters from small ones.
        let free = names.find(|name| self.0.insert(name.to_lowercase()));
        free.unwrap_or(second)
    }
}

/// A name that every file system takes: what has a meaning in paths becomes a hyphen.
fn sanitized(name: &str) -> String {
    let plain = |c: char| match c {
        '/' | '\\' | '?' | '<' | '>' | ':' | '*' | '|' | '"' => '-',
        c if c.is_control() => '-',
        c => c,
    };
    let name: String = name.chars().map(plain).take(CHARS_MAX).collect();
    let name = name.trim_matches(|c: char| c == '.' || c.is_whitespace());
    match name.is_empty() {
        true => "unnamed".to_owned(),
        false => name.to_owned(),
    }
}

/// A file's name has at most 255 bytes; a character has at most four, and an ending follows.
const CHARS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for (name, file) in [
            ("https://api.example/v1", "https---api.example-v1"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("..", "unnamed"),
            ("a\nb", "a-b"),
            ("Caf\u{e9} ", "Caf\u{e9}"),
        ] {
            assert_eq!(sanitized(name), file);
        }
        assert!(sanitized(&"\u{1f512}".repeat(300)).len() <= 255 - ".json".len());
    }

    #[test]
    fn things_of_the_same_name_have_files_of_their_own() {
        let mut names = FileNames::default();
        let three = [
            names.of("shop", "a"),
            names.of("Shop", "b"),
            names.of("shop", "b"),
        ];
        assert_eq!(three, ["shop", "Shop-b", "shop-b-2"]);
    }
}
