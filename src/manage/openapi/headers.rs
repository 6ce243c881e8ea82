//! Headers: those that the doorman and its like read from every call and write to every answer, and what each of them says.

use utoipa::Modify;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi as Document, RefOr, Response};

use super::operations;
use crate::manage::doorman::CORRELATION_CHARS_MAX;
use crate::manage::idempotency::KEY_CHARS_MAX;

/// Adds the headers that many calls have in common, and says what those are for that handlers name.
pub(super) struct Headers;

impl Modify for Headers {
    fn modify(&self, document: &mut Document) {
        for item in document.paths.paths.values_mut() {
            for (method, operation) in operations(item) {
                let is_post = method == HttpMethod::Post;
                ask(operation, is_post);
                for (status, response) in &mut operation.responses.responses {
                    if let RefOr::T(response) = response {
                        tell(response, status, is_post);
                    }
                }
            }
        }
    }
}

fn ask(operation: &mut Operation, is_post: bool) {
    let parameters = operation.parameters.get_or_insert_default();
    if is_post {
        let what = "Has the call carried out once: whoever sends it again with the same key within an hour gets the first answer again";
        parameters.push(parameter("Idempotency-Key", KEY_CHARS_MAX, what));
    }
    let what = "The caller's own name for the call: it comes back, and stands in the log and in the audit log";
    parameters.push(parameter("X-Correlation-ID", CORRELATION_CHARS_MAX, what));
}

fn parameter(name: &str, chars_max: usize, what: &str) -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .min_length(Some(1))
        .max_length(Some(chars_max))
        .pattern(Some(VISIBLE));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(what))
        .schema(Some(text))
        .build()
}

/// Adds what an answer of this status has, and says what those are that it has already.
pub(super) fn tell(response: &mut Response, status: &str, is_post: bool) {
    for (name, header) in &mut response.headers {
        let known = OWN.iter().find(|(own, _)| own == name);
        header.description = known.map(|(_, what)| (*what).to_owned());
    }
    let with = ALL.iter().filter(|(of, ..)| match of {
        On::Every => true,
        On::Status(statuses) => statuses.contains(&status),
        On::Done => is_post && status.starts_with('2'),
    });
    for (_, name, kind, what) in with {
        let header = header(kind.clone(), what);
        response.headers.insert((*name).to_owned(), header);
    }
}

fn header(kind: Type, what: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(SchemaType::new(kind));
    HeaderBuilder::new()
        .schema(schema)
        .description(Some(what))
        .build()
}

/// Which answers.
enum On {
    Every,
    Status(&'static [&'static str]),
    /// Those of a POST that was carried out.
    Done,
}

const ALL: &[(On, &str, Type, &str)] = &[
    (
        On::Every,
        "X-RateLimit-Limit",
        Type::Integer,
        "How many calls the client may make a second",
    ),
    (
        On::Every,
        "X-RateLimit-Remaining",
        Type::Integer,
        "How many of them are left",
    ),
    (
        On::Every,
        "X-RateLimit-Reset",
        Type::Integer,
        "When all of them are there again, in Unix seconds",
    ),
    (
        On::Every,
        "X-Correlation-ID",
        Type::String,
        "The caller's own name for the call, where it has one",
    ),
    (
        On::Status(&["401", "403"]),
        "WWW-Authenticate",
        Type::String,
        "What is wrong with the token (RFC 6750)",
    ),
    (
        On::Status(&["429", "503"]),
        "Retry-After",
        Type::Integer,
        "In how many seconds to try again",
    ),
    (
        On::Done,
        "Idempotency-Replayed",
        Type::String,
        "`true`: this is the first answer again, and nothing was done",
    ),
];

/// Those that handlers name.
const OWN: &[(&str, &str)] = &[
    ("ETag", "Which version of the thing it is, for If-Match"),
    (
        "Link",
        "The first and the last page, where pages are asked for (RFC 8288)",
    ),
    (
        "Location",
        "Where the ledger tells how the token came to be",
    ),
    (
        "X-Transaction-Id",
        "What the log and the ledger call the request",
    ),
];

/// Visible ASCII, with blanks within.
const VISIBLE: &str = r"^[!-~]([\t -~]*[!-~])?$";
