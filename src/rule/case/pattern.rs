//! Results in which matchers stand for values: whether one fits, and how a result differs from it.

use regex::Regex;
use serde_json::Value;
use similar::TextDiff;

/// Whether a value is what a pattern describes.
pub(in crate::rule) fn fits(pattern: &Value, value: &Value) -> Result<bool, String> {
    if let Some(expression) = pattern.get("$matches").and_then(Value::as_str) {
        let expression =
            Regex::new(expression).map_err(|problem| format!("$matches: {problem}"))?;
        return Ok(value.as_str().is_some_and(|text| expression.is_match(text)));
    }
    if pattern.get("$any") == Some(&Value::Bool(true)) {
        return Ok(true);
    }
    match (pattern, value) {
        (Value::Object(pattern), Value::Object(value)) => {
            let same_names = pattern.len() == value.len();
            let mut members = pattern.iter();
            Ok(same_names
                && members.try_fold(true, |fitting, (name, pattern)| match value.get(name) {
                    Some(value) => Ok::<_, String>(fits(pattern, value)? && fitting),
                    None => Ok(false),
                })?)
        }
        (Value::Array(patterns), Value::Array(values)) => {
            let mut pairs = patterns.iter().zip(values);
            Ok(patterns.len() == values.len()
                && pairs.try_fold(true, |fitting, (pattern, value)| {
                    Ok::<_, String>(fits(pattern, value)? && fitting)
                })?)
        }
        _ => Ok(pattern == value),
    }
}

/// A pattern with what its matchers matched in their places, so that a diff shows only what does not fit.
pub(in crate::rule) fn filled(pattern: &Value, value: &Value) -> Value {
    let is_matcher = pattern.get("$matches").is_some() || pattern.get("$any").is_some();
    match (pattern, value) {
        _ if is_matcher && fits(pattern, value) == Ok(true) => value.clone(),
        (Value::Object(patterns), Value::Object(values)) => {
            let member = |(name, pattern): (&String, &Value)| {
                let filled = match values.get(name) {
                    Some(value) => filled(pattern, value),
                    None => pattern.clone(),
                };
                (name.clone(), filled)
            };
            patterns.iter().map(member).collect()
        }
        (Value::Array(patterns), Value::Array(values)) => {
            let pairs = patterns.iter().zip(values);
            let filled = pairs.map(|(pattern, value)| filled(pattern, value));
            let missing = patterns.iter().skip(values.len()).cloned();
            filled.chain(missing).collect()
        }
        _ => pattern.clone(),
    }
}

pub(in crate::rule) fn difference(wanted: &Value, got: &Value) -> String {
    let pretty = |value: &Value| format!("{value:#}\n");
    let (wanted, got) = (pretty(wanted), pretty(got));
    let diff = TextDiff::from_lines(&wanted, &got);
    diff.iter_all_changes()
        .map(|change| format!("{}{}", change.tag(), change.value()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn matchers_stand_for_values_at_any_depth() {
        let pattern = json!({ "changes": [{ "op": "set_claim", "name": "jti", "value": { "$matches": "^[0-9a-f-]{36}$" } }] });
        let answer = |value: Value| json!({ "changes": [{ "op": "set_claim", "name": "jti", "value": value }] });
        let uuid = answer(json!("6f1e9d0a-37a5-4a0b-9f57-0c8c7d6f0001"));
        assert_eq!(fits(&pattern, &uuid), Ok(true));
        assert_eq!(fits(&pattern, &answer(json!("x"))), Ok(false));
        assert_eq!(fits(&pattern, &answer(json!(1))), Ok(false));
        assert_eq!(fits(&json!({ "$any": true }), &uuid), Ok(true));
    }

    #[test]
    fn a_diff_leaves_out_what_a_matcher_matched() {
        let pattern = json!([{ "jti": { "$matches": "^[a-z]+$" } }, { "tier": "gold" }]);
        let answer = json!([{ "jti": "fresh" }, { "tier": "silver" }]);
        let diff = difference(&filled(&pattern, &answer), &answer);
        let changed: Vec<&str> = diff.lines().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(
            changed,
            ["-    \"tier\": \"gold\"", "+    \"tier\": \"silver\""]
        );
        let failing = json!([{ "jti": "4711" }, { "tier": "gold" }]);
        assert!(difference(&filled(&pattern, &failing), &failing).contains("$matches"));
        let pattern = json!({ "a": { "$any": true }, "b": [1, { "$any": true }] });
        assert_eq!(
            filled(&pattern, &json!({ "b": [1] })),
            pattern,
            "what is not there has matched nothing"
        );
    }

    #[test]
    fn everything_else_must_be_equal() {
        assert_eq!(fits(&json!([1, 2]), &json!([1, 2])), Ok(true));
        for other in [
            json!([1]),
            json!([2, 1]),
            json!([1, 2, 3]),
            json!({ "a": 1 }),
            json!(null),
        ] {
            assert_eq!(fits(&json!([1, 2]), &other), Ok(false), "{other}");
        }
        assert_eq!(
            fits(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })),
            Ok(false)
        );
        assert!(fits(&json!({ "$matches": "(" }), &json!("x")).is_err());
    }
}
