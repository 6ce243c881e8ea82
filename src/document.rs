//! Reads a TOML or JSON document into a typed value, and reports every mistake in it at once.
//!
//! The type is the only description there is: its JSON Schema (from serde's attributes and the doc comments) finds the
//! mistakes, names what was meant by a misspelt key, and is what the reference pages are generated from.

use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One thing wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file or variable and the key, such as `rulemint.toml: rules.dir`.
    pub place: String,
    /// What is wrong and, where it can be said, what to do.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.problem)
    }
}

/// A check of a string by name, for the `format` keyword: the error says what a right value looks like.
pub type Format = (&'static str, fn(&str) -> Result<(), String>);

/// Reads `document` as a `T`. `place` names where a key (in dotted form) came from.
///
/// # Errors
/// Every mistake that the schema of `T` finds, sorted by place.
pub fn read<T: DeserializeOwned + JsonSchema>(
    document: &Value,
    formats: &[Format],
    place: impl Fn(&str) -> String,
) -> Result<T, Vec<Mistake>> {
    let schema = schema::<T>();
    let mut mistakes: Vec<Mistake> = validator(&schema, formats)
        .iter_errors(document)
        .flat_map(|error| describe(&error, &schema, formats, &place))
        .collect();
    if mistakes.is_empty() {
        let whole = |error: serde_json::Error| Mistake {
            place: place(""),
            problem: error.to_string(),
        };
        return T::deserialize(document).map_err(|error| vec![whole(error)]);
    }
    mistakes.sort();
    mistakes.dedup();
    Err(mistakes)
}

/// What is left of a document without what is wrong in it, so that more can be said about the rest at once.
pub fn without_mistakes<T: DeserializeOwned + JsonSchema>(mut document: Value) -> Option<T> {
    let schema = schema::<T>();
    let wrong: Vec<Vec<String>> = validator(&schema, &[])
        .iter_errors(&document)
        .flat_map(|error| wrong_parts(&error))
        .collect();
    for path in wrong {
        remove(&mut document, &path);
    }
    T::deserialize(document).ok()
}

/// The keys that lead to what has to go because of a mistake: an unknown key alone; of a value its table, since a table that
/// lacks something would look like another mistake. Nothing is taken out of a list: the rest would get other numbers.
fn wrong_parts(error: &ValidationError<'_>) -> Vec<Vec<String>> {
    let mut path = Vec::new();
    for segment in error.instance_path() {
        match segment {
            LocationSegment::Property(name) => path.push(name.into_owned()),
            LocationSegment::Index(_) => return vec![path],
        }
    }
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other kind is about the part itself"
    )]
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|key| path.iter().chain([key]).cloned().collect())
            .collect(),
        _ => {
            path.truncate(path.len().saturating_sub(1).max(1));
            vec![path]
        }
    }
}

fn remove(document: &mut Value, path: &[String]) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let parent = above.iter().try_fold(document, |at, key| at.get_mut(key));
    if let Some(Value::Object(members)) = parent {
        members.remove(last);
    }
}

/// Checks a document against a JSON Schema that somebody else wrote. It may not refer to other documents.
pub fn check(schema: &Value, document: &Value, place: impl Fn(&str) -> String) -> Vec<Mistake> {
    let mistake = |path: &str, problem: String| Mistake {
        place: place(path),
        problem,
    };
    match jsonschema::draft202012::new(schema) {
        Ok(validator) => validator
            .iter_errors(document)
            .map(|error| mistake(&dotted(&error), error.to_string()))
            .collect(),
        Err(problem) => vec![mistake("", format!("their schema is none: {problem}"))],
    }
}

/// Parses TOML text into what JSON can say: dates and times become strings, as RFC 3339 writes them.
///
/// # Errors
/// The one syntax error that the parser stops at, with its line and column.
pub fn parse_toml(text: &str, file: &str) -> Result<Value, Mistake> {
    let document = toml::from_str(text).map_err(|error| Mistake {
        place: match error.span().map(|span| line_and_column(text, span.start)) {
            Some((line, column)) => format!("{file}:{line}:{column}"),
            None => file.to_owned(),
        },
        problem: error.message().to_owned(),
    });
    document.map(as_json)
}

fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is_so) => is_so.into(),
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => {
            let members = table.into_iter();
            members
                .map(|(name, value)| (name, as_json(value)))
                .collect()
        }
    }
}

/// The JSON Schema (draft 2020-12) of a type, without references.
pub fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|with| with.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// A key that a document may hold: its dotted path and its schema.
pub struct Leaf<'s> {
    /// Such as `rules.dir`.
    pub path: String,
    /// Its schema, with `description`, `default` and `type`.
    pub schema: &'s Value,
}

/// Every key below a schema, in alphabetical order.
pub fn leaves(schema: &Value) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    collect(schema, "", &mut found);
    found
}

fn collect<'s>(schema: &'s Value, prefix: &str, found: &mut Vec<Leaf<'s>>) {
    let Some(properties) = schema["properties"].as_object() else {
        found.push(Leaf {
            path: prefix.to_owned(),
            schema,
        });
        return;
    };
    for (name, below) in properties {
        collect(below, &join(prefix, name), found);
    }
}

/// The word of `known` that is most like `word`, if any is like it at all.
pub fn closest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, candidate)| candidate)
}

fn validator(schema: &Value, formats: &[Format]) -> Validator {
    let mut options = jsonschema::draft202012::options().should_validate_formats(true);
    for (name, check) in formats {
        let check = *check;
        options = options.with_format(*name, move |text: &str| check(text).is_ok());
    }
    options
        .build(schema)
        .expect("a schema derived from a type is a valid schema")
}

fn describe(
    error: &ValidationError<'_>,
    schema: &Value,
    formats: &[Format],
    place: &impl Fn(&str) -> String,
) -> Vec<Mistake> {
    let path = dotted(error);
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library has words for every other kind, and adds kinds"
    )]
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|key| unknown_key(error, key, schema, place))
            .collect(),
        ValidationErrorKind::Format { format } => vec![Mistake {
            place: place(&path),
            problem: format_problem(error, format, formats),
        }],
        ValidationErrorKind::OneOfNotValid { .. } => vec![Mistake {
            place: place(&path),
            problem: choice_problem(error, &path, schema),
        }],
        _ => vec![Mistake {
            place: place(&path),
            problem: error.to_string(),
        }],
    }
}

/// A key that takes one of a few words got something else.
fn choice_problem(error: &ValidationError<'_>, path: &str, schema: &Value) -> String {
    let leaves = leaves(schema);
    let leaf = leaves.iter().find(|leaf| leaf.path == path);
    let choices = leaf.map_or_else(Vec::new, |leaf| choices(leaf.schema));
    match choices.is_empty() {
        true => error.to_string(),
        false => format!("{} is none of {}", error.instance(), choices.join(", ")),
    }
}

/// The words that a key takes, where it takes only a few.
pub fn choices(schema: &Value) -> Vec<&str> {
    let one_of = schema["oneOf"].as_array().into_iter().flatten();
    one_of
        .filter_map(|choice| choice["const"].as_str())
        .collect()
}

/// What was meant is a key of that place; at the top it may be one of a table, too.
fn unknown_key(
    error: &ValidationError<'_>,
    key: &str,
    schema: &Value,
    place: &impl Fn(&str) -> String,
) -> Mistake {
    let path = join(&dotted(error), key);
    let elsewhere = leaves(schema);
    let paths = elsewhere.iter().map(|leaf| leaf.path.as_str());
    let is_at_the_top = path == key;
    let beside = keys_at(error, schema);
    let known = beside.into_iter().chain(paths.filter(|_| is_at_the_top));
    let meant = closest(key, known);
    Mistake {
        place: place(&path),
        problem: match meant {
            Some(meant) => format!("there is no such key; did you mean {meant}?"),
            None => "there is no such key".to_owned(),
        },
    }
}

/// The keys that the object may have in which a mistake is.
fn keys_at<'s>(error: &ValidationError<'_>, schema: &'s Value) -> Vec<&'s str> {
    let mut at = vec![schema];
    for segment in error.instance_path() {
        let below = |schema: &&'s Value| match &segment {
            LocationSegment::Property(name) => schema["properties"]
                .get(&**name)
                .or_else(|| schema.get("additionalProperties")),
            LocationSegment::Index(_) => schema.get("items"),
        };
        at = at.iter().filter_map(below).flat_map(alternatives).collect();
    }
    let properties = at
        .iter()
        .filter_map(|schema| schema["properties"].as_object());
    properties
        .flat_map(|keys| keys.keys().map(String::as_str))
        .collect()
}

/// A schema, and those it offers to choose from: that of an optional key is one of two.
fn alternatives(schema: &Value) -> Vec<&Value> {
    let offered = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| schema[key].as_array());
    [schema].into_iter().chain(offered.flatten()).collect()
}

fn format_problem(error: &ValidationError<'_>, format: &str, formats: &[Format]) -> String {
    let check = formats.iter().find(|(name, _)| *name == format);
    match (check, error.instance().as_str()) {
        (Some((_, check)), Some(text)) => check(text).err(),
        _ => None,
    }
    .unwrap_or_else(|| error.to_string())
}

fn dotted(error: &ValidationError<'_>) -> String {
    error
        .instance_path()
        .iter()
        .fold(String::new(), |path, segment| match segment {
            LocationSegment::Property(name) => join(&path, &name),
            LocationSegment::Index(index) => format!("{path}[{index}]"),
        })
}

fn join(prefix: &str, name: &str) -> String {
    match prefix {
        "" => name.to_owned(),
        _ => format!("{prefix}.{name}"),
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// Below this, a suggestion would be a guess (Jaro-Winkler, 0 to 1).
const LIKENESS_MIN: f64 = 0.8;

#[cfg(test)]
mod tests;
