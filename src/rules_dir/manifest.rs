//! Changes the two keys of a manifest that tools set, and leaves the rest as an operator wrote it, comments too.

use toml_edit::{DocumentMut, value};

/// The manifest with these keys; `None` where there is nothing to say.
///
/// # Errors
/// When the text is no TOML.
pub(super) fn edited(
    text: Option<&str>,
    title: Option<&str>,
    disabled: bool,
) -> Result<Option<String>, String> {
    let parsed: Result<DocumentMut, _> = text.unwrap_or_default().parse();
    let mut document = parsed.map_err(|problem| problem.to_string())?;
    match title {
        Some(title) => document[TITLE] = value(title),
        None => drop(document.remove(TITLE)),
    }
    match disabled {
        true => document[DISABLED] = value(true),
        false => drop(document.remove(DISABLED)),
    }
    let edited = document.to_string();
    Ok((!edited.trim().is_empty()).then_some(edited))
}

const TITLE: &str = "title";
const DISABLED: &str = "disabled";

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "# Ours.\non_error = \"skip\" # for now\n\n[settings]\na = 1\n";

    #[test]
    fn what_an_operator_wrote_stays() {
        let with = edited(Some(WRITTEN), Some("A title"), true)
            .unwrap()
            .unwrap();
        assert!(
            with.starts_with("# Ours.\non_error = \"skip\" # for now\n"),
            "{with}"
        );
        assert!(with.ends_with("[settings]\na = 1\n"), "{with}");
        let manifest = crate::rule::Manifest::parse(&with, "f").unwrap();
        assert_eq!(
            (manifest.title.as_str(), manifest.disabled),
            ("A title", true)
        );
        assert_eq!(edited(Some(&with), None, false).unwrap().unwrap(), WRITTEN);
    }

    #[test]
    fn a_manifest_with_nothing_to_say_is_none() {
        assert_eq!(edited(None, None, false).unwrap(), None);
        assert_eq!(
            edited(Some("disabled = true\n"), None, false).unwrap(),
            None
        );
        assert!(edited(Some("a = = b"), None, false).is_err());
    }
}
