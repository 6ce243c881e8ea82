//! The YAML format: one file with a list for each kind of thing, and scripts beside it.

use std::path::Path;

use serde_json::Value;

use super::entry::{Declared, Reader, Section};
use super::{Keywords, directory, known, root_of};
use crate::manage::shape::Object;

/// Whether a path is called like a YAML file.
pub(super) fn is_named_so(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending == "yaml" || ending == "yml"
}

/// Reads a file, and what stands beside it because the deploy tool refuses it in one.
pub(super) fn read(file: &Path, keywords: &Keywords) -> Declared {
    let root = root_of(file);
    let mut reader = Reader::new(root, keywords);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if let Some(text) = reader.text(file) {
        match parse(&text) {
            Ok(sections) => {
                for (key, value) in sections {
                    read_section(&mut reader, &name, &key, value, root);
                }
            }
            Err(problem) => reader.mistake(&name, problem),
        }
    }
    let beside = root.join(Section::ApiServers.directory());
    directory::read_section(&mut reader, Section::ApiServers, &beside);
    reader.finish()
}

fn parse(text: &str) -> Result<Object, String> {
    if text.trim().is_empty() {
        return Ok(Object::new());
    }
    match serde_saphyr::from_str(text) {
        Ok(Value::Object(sections)) => Ok(sections),
        Ok(Value::Null) => Ok(Object::new()),
        Ok(_) => Err("it is no mapping of sections, such as clients".to_owned()),
        Err(problem) => Err(format!(
            "it is no YAML: {}",
            problem.render_with_formatter(&serde_saphyr::UserMessageFormatter)
        )),
    }
}

fn read_section(reader: &mut Reader<'_>, file: &str, key: &str, value: Value, root: &Path) {
    let place = format!("{file}: {key}");
    let Some(section) = Section::ALL
        .into_iter()
        .find(|section| section.key() == key)
    else {
        let names = Section::ALL.into_iter().map(Section::key);
        match known::slip(key, names, known::SECTIONS) {
            Some(meant) => reader.doubt(place, meant),
            None if says_nothing(&value) => {}
            None => reader.leave_out(place, key),
        }
        return;
    };
    // A login page is named from the directory of clients, everything else from the root.
    let base = match section == Section::Clients {
        true => root.join(section.directory()),
        false => root.to_owned(),
    };
    match value {
        Value::Null => {}
        Value::Object(_) if section == Section::Triggers => {
            reader.begin(section);
            reader.add(section, place, value, &base);
        }
        Value::Array(things) => {
            reader.begin(section);
            for (index, thing) in things.into_iter().enumerate() {
                reader.add(section, format!("{place}[{index}]"), thing, &base);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            reader.mistake(&place, "it is no list".to_owned());
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(things) => things.is_empty(),
        Value::Object(things) => things.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Writes sections as YAML.
pub(super) fn write(sections: &Object) -> Result<String, String> {
    serde_saphyr::to_string(sections).map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_that_looks_like_something_else_comes_back_as_text() {
        let odd = vec![
            "yes",
            "no",
            "on",
            "null",
            "~",
            "1e3",
            "0x1f",
            "01",
            "- a",
            "a: b",
            "#x",
            " x ",
            "",
            "line\nbreak",
            "@x",
            "'",
            "\"",
            "true",
            "2026-11-25",
            "{}",
            "[]",
            "!x",
            "&a",
            "*a",
            "%",
            "tab\there",
            "\u{1f512}",
            "long long long long long long long long long long long long long long long",
            "a\n\nb\n",
            "\n",
            "trailing \nspaces",
            "##KEY##",
            "1_000",
            ".inf",
            "12:30:45",
        ];
        let sections = Object::from_iter([("clients".to_owned(), json!([{ "odd": odd }]))]);
        let written = write(&sections).unwrap();
        assert_eq!(parse(&written).unwrap(), sections, "{written}");
    }

    #[test]
    fn a_file_that_is_no_mapping_is_refused() {
        assert!(parse("- a").unwrap_err().contains("no mapping"));
        assert!(parse("a: [").unwrap_err().contains("no YAML"));
        assert!(parse("# nothing\n").unwrap().is_empty());
    }

    #[test]
    fn aliases_cannot_make_a_small_file_large() {
        let level = |level: u32| {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            format!("a{level}: &a{level} [{aliases}]\n")
        };
        let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        let bomb = bomb + &(1..12).map(level).collect::<String>();
        assert!(parse(&bomb).is_err());
    }
}
