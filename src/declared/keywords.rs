//! Keywords in files, as the deploy tool replaces them: `##KEY##` by a text, `@@KEY@@` by any JSON value.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::document::Mistake;

/// What stands for which keyword.
#[derive(Debug, Default)]
pub struct Keywords(Map<String, Value>);

impl Keywords {
    /// The keywords of a configuration file of the deploy tool, and those of the environment, which come first.
    ///
    /// # Errors
    /// When one of the two is not of the format.
    pub fn of(file: Option<(&str, &str)>, variable: Option<&str>) -> Result<Self, Mistake> {
        if let Some(text) = variable {
            return Ok(Self(object(text, MAPPINGS)?));
        }
        let Some((name, text)) = file else {
            return Ok(Self::default());
        };
        match object(text, name)?.remove(MAPPINGS) {
            None => Ok(Self::default()),
            Some(Value::Object(mappings)) => Ok(Self(mappings)),
            Some(_) => Err(Mistake {
                place: format!("{name}: {MAPPINGS}"),
                problem: "it is no object of keywords".to_owned(),
            }),
        }
    }

    /// What is wrong with a text: each of its keywords that nothing stands for.
    pub(super) fn missing(&self, text: &str) -> Vec<String> {
        let name = |marker: &str| marker[MARK_BYTES..marker.len() - MARK_BYTES].to_owned();
        let unknown = markers(text)
            .into_iter()
            .filter(|marker| !self.0.contains_key(&name(marker)));
        let problem = |marker| {
            format!(
                "nothing stands for {marker}: say what does with --keywords FILE or {MAPPINGS}; to keep the text as it \
                 is, let it stand for itself"
            )
        };
        unknown.map(problem).collect()
    }

    /// A text with every keyword replaced that is known.
    pub(super) fn replace(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (keyword, value) in &self.0 {
            let marker = format!("@@{keyword}@@");
            if text.contains(&marker) {
                let json = value.to_string();
                for quote in ["'", "\"", ""] {
                    text = text.replace(&format!("{quote}{marker}{quote}"), &json);
                }
            }
        }
        for (keyword, value) in &self.0 {
            let marker = format!("##{keyword}##");
            if text.contains(&marker) {
                let plain = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                text = text.replace(&marker, &plain);
            }
        }
        text
    }
}

/// The keywords of a text, as they stand there. Small letters are left alone: templates have such.
fn markers(text: &str) -> BTreeSet<&str> {
    let rests = text.char_indices().map(|(begin, _)| &text[begin..]);
    rests.filter_map(marker).collect()
}

/// The keyword that a text begins with.
fn marker(text: &str) -> Option<&str> {
    let (around, rest) = text.split_at_checked(MARK_BYTES)?;
    let is_plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let length = rest.bytes().take_while(is_plain).count();
    let is_whole =
        ["##", "@@"].contains(&around) && length > 0 && rest[length..].starts_with(around);
    is_whole.then(|| &text[..length + 2 * MARK_BYTES])
}

fn object(text: &str, place: &str) -> Result<Map<String, Value>, Mistake> {
    serde_json::from_str(text).map_err(|problem| Mistake {
        place: place.to_owned(),
        problem: format!("it is no JSON object: {problem}"),
    })
}

/// Where the deploy tool has them, in its configuration and in the environment.
pub const MAPPINGS: &str = "AUTH0_KEYWORD_REPLACE_MAPPINGS";
/// Of what stands on each side of a keyword.
const MARK_BYTES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn keywords(text: &str) -> Keywords {
        Keywords::of(None, Some(text)).unwrap()
    }

    #[test]
    fn texts_and_values_are_put_in() {
        let keywords = keywords(r#"{"HOST": "acme.example", "URLS": ["a", "b"], "SECONDS": 60}"#);
        let text =
            r#"{"a": "https://##HOST##/", "b": "@@URLS@@", "c": @@URLS@@, "d": ##SECONDS##}"#;
        assert_eq!(
            keywords.replace(text),
            r#"{"a": "https://acme.example/", "b": ["a","b"], "c": ["a","b"], "d": 60}"#
        );
    }

    #[test]
    fn what_looks_like_a_pattern_is_put_in_as_it_is() {
        assert_eq!(
            keywords(r#"{"A": "$& $1 \\"}"#).replace("##A##"),
            r"$& $1 \"
        );
    }

    #[test]
    fn the_environment_comes_before_the_file() {
        let file = r#"{"AUTH0_DOMAIN": "x", "AUTH0_KEYWORD_REPLACE_MAPPINGS": {"A": "file"}}"#;
        let of_file = Keywords::of(Some(("config.json", file)), None).unwrap();
        assert_eq!(of_file.replace("##A##"), "file");
        let of_both = Keywords::of(Some(("config.json", file)), Some(r#"{"A": "env"}"#)).unwrap();
        assert_eq!(of_both.replace("##A##"), "env");
    }

    #[test]
    fn keywords_that_are_no_object_are_refused() {
        let told = |file, variable| Keywords::of(file, variable).unwrap_err().to_string();
        assert!(told(None, Some("[]")).starts_with("AUTH0_KEYWORD_REPLACE_MAPPINGS: "));
        assert!(told(Some(("c.json", "x")), None).starts_with("c.json: it is no JSON"));
        let list = r#"{"AUTH0_KEYWORD_REPLACE_MAPPINGS": []}"#;
        assert!(told(Some(("c.json", list)), None).contains("it is no object of keywords"));
    }

    #[test]
    fn a_keyword_that_nothing_stands_for_is_found_wherever_it_stands() {
        let keywords = keywords(r#"{"KNOWN": "x"}"#);
        let text = "{'a': 'see ###KEY_1##', 'b': @@URLS@@, 'c': '##KNOWN####KEY_1##'}";
        let missing = keywords.missing(text);
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!(missing[0].starts_with("nothing stands for ##KEY_1##: "));
        assert!(missing[1].starts_with("nothing stands for @@URLS@@: "));
    }

    #[test]
    fn what_is_no_keyword_is_left_alone() {
        let none = Keywords::default();
        for plain in [
            "@@password@@",
            "## KEY ##",
            "####",
            "##",
            "#KEY#",
            "##é",
            "##KEY@@",
        ] {
            assert_eq!(none.missing(plain), Vec::<String>::new(), "{plain}");
        }
    }

    #[test]
    fn text_that_only_looks_like_a_keyword_can_stand_for_itself() {
        let keywords = keywords(r###"{"A": "##A##"}"###);
        assert!(keywords.missing("##A##").is_empty());
        assert_eq!(keywords.replace("##A##"), "##A##");
    }
}
