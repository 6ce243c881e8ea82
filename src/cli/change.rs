//! A property before and after, on one line for people.

use serde_json::Value;

/// `name: before → after`. What is too long for a line is cut, so that the place stays where the two begin to differ.
pub(super) fn change_line(name: &str, before: &Value, after: &Value) -> String {
    let (before, after) = (text_of(before), text_of(after));
    let begin = begin_of_window(&before, &after);
    let (before, after) = (window(&before, begin), window(&after, begin));
    format!("{name}: {before} → {after}")
}

/// `name: value`, of what is new as a whole.
pub(super) fn value_line(name: &str, value: &Value) -> String {
    format!("{name}: {}", window(&text_of(value), 0))
}

fn text_of(value: &Value) -> String {
    match value.is_null() {
        true => "nothing".to_owned(),
        false => value.to_string(),
    }
}

/// The character that both windows begin at: the first, while what differs is in view from there.
fn begin_of_window(before: &str, after: &str) -> usize {
    let pairs = before.chars().zip(after.chars());
    let same = pairs.take_while(|(one, other)| one == other).count();
    match same + LEAD_CHARS < SHOWN_CHARS_MAX {
        true => 0,
        false => same - LEAD_CHARS,
    }
}

/// As much as is shown of a text from this character on.
fn window(text: &str, begin: usize) -> String {
    let mut rest = text.chars().skip(begin);
    let shown: String = rest.by_ref().take(SHOWN_CHARS_MAX).collect();
    let before = if begin > 0 { "…" } else { "" };
    let behind = if rest.next().is_some() { "…" } else { "" };
    format!("{before}{shown}{behind}")
}

/// How much of a value fits on a line, in characters.
const SHOWN_CHARS_MAX: usize = 60;
/// How much of what is the same is shown before what differs, in characters.
const LEAD_CHARS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_are_shown_whole() {
        let line = change_line("name", &"shop".into(), &"store".into());
        assert_eq!(line, r#"name: "shop" → "store""#);
        assert_eq!(
            change_line("name", &Value::Null, &1.into()),
            "name: nothing → 1"
        );
    }

    #[test]
    fn long_values_are_cut_around_where_they_differ() {
        let (one, two) = ("é".repeat(100) + "1", "é".repeat(100) + "2");
        let line = change_line("note", &one.into(), &two.into());
        let same = "é".repeat(LEAD_CHARS);
        assert_eq!(line, format!("note: …{same}1\" → …{same}2\""));
    }

    #[test]
    fn what_differs_early_is_cut_behind_that() {
        let line = change_line("note", &"x".repeat(100).into(), &"y".into());
        let shown = "x".repeat(SHOWN_CHARS_MAX - 1);
        assert_eq!(line, format!("note: \"{shown}… → \"y\""));
    }

    #[test]
    fn one_value_that_begins_like_the_other_shows_where_it_ends() {
        let (one, two) = ("x".repeat(80), "x".repeat(90));
        let line = change_line("note", &one.into(), &two.into());
        assert!(line.contains("x\" → …"), "{line}");
    }
}
