//! What a call may be refused for. A handler names what only it can say; what the doorman, the reader of bodies and the like
//! say of every call is added here, in the shape of the call's API.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::Modify;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, Response};

use super::headers::tell;
use super::{IF_MATCH, operations};
use crate::manage::v1;

/// Adds the refusals that many calls have in common, each written once, and gives every refusal its body.
pub(super) struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut Document) {
        let mut shared = BTreeMap::new();
        for (path, item) in &mut document.paths.paths {
            let shape = Shape::of(path);
            for (method, operation) in operations(item) {
                for (status, why) in common(&method, operation) {
                    if let Some(name) = shape.add(operation, (status, why)) {
                        let mut refusal = shape.refusal(why);
                        tell(&mut refusal, status.as_str(), false);
                        shared.insert(name, refusal.into());
                    }
                }
                shape.fill(operation);
            }
        }
        let components = document.components.get_or_insert_default();
        components.responses.extend(shared);
    }
}

/// How refusals are written.
struct Shape {
    schema: &'static str,
    content_type: &'static str,
    /// What ends the names of those that are written once.
    ending: &'static str,
}

impl Shape {
    fn of(path: &str) -> Self {
        match path.starts_with(v1::PREFIX) {
            true => Self {
                schema: "Problem",
                content_type: "application/problem+json",
                ending: "Problem",
            },
            false => Self {
                schema: "ErrorBody",
                content_type: "application/json",
                ending: "",
            },
        }
    }

    /// Adds a refusal to a call. Gives the name that it refers to; none where the call says something of its own as well.
    fn add(
        &self,
        operation: &mut Operation,
        (status, why): (StatusCode, &'static str),
    ) -> Option<String> {
        let responses = &mut operation.responses.responses;
        if let Some(RefOr::T(own)) = responses.get_mut(status.as_str()) {
            own.description = format!("{}. Or: {why}", own.description);
            return None;
        }
        let words = status.canonical_reason().unwrap_or_default();
        let name = format!("{}{}", words.replace(' ', ""), self.ending);
        let reference = Ref::from_response_name(name.as_str());
        responses.insert(status.as_str().to_owned(), reference.into());
        Some(name)
    }

    /// Gives those that are the call's own their body.
    fn fill(&self, operation: &mut Operation) {
        for (status, response) in &mut operation.responses.responses {
            if let (false, RefOr::T(refusal)) = (status.starts_with('2'), response) {
                refusal.content = self.refusal("").content;
            }
        }
    }

    fn refusal(&self, why: &str) -> Response {
        let schema = Ref::from_schema_name(self.schema);
        ResponseBuilder::new()
            .description(why)
            .content(self.content_type, Content::new(Some(schema)))
            .build()
    }
}

/// What a call may be refused for because of what it has.
fn common(
    method: &HttpMethod,
    operation: &Operation,
) -> impl Iterator<Item = (StatusCode, &'static str)> + use<> {
    let has_body = operation.request_body.is_some();
    let is_post = *method == HttpMethod::Post;
    let parameters = operation.parameters.iter().flatten();
    let is_conditional = parameters.into_iter().any(|known| known.name == IF_MATCH);
    COMMON.iter().filter_map(move |(of, status, why)| {
        let applies = match of {
            Of::Every => true,
            Of::Body => has_body,
            Of::Read => has_body || is_post,
            Of::Post => is_post,
            Of::Conditional => is_conditional,
        };
        applies.then_some((*status, *why))
    })
}

/// Which calls.
enum Of {
    Every,
    /// Those that are described with a body.
    Body,
    /// Those whose body is read: whatever a POST has belongs to what its Idempotency-Key stands for.
    Read,
    Post,
    /// Those that take If-Match.
    Conditional,
}

const COMMON: &[(Of, StatusCode, &str)] = &[
    (
        Of::Every,
        StatusCode::BAD_REQUEST,
        "Query, body or a header is not as it must be",
    ),
    (
        Of::Every,
        StatusCode::UNAUTHORIZED,
        "There is no token, or one that is not to be believed",
    ),
    (
        Of::Every,
        StatusCode::FORBIDDEN,
        "The token has no scope for this, or the server needs the thing itself",
    ),
    (
        Of::Read,
        StatusCode::REQUEST_TIMEOUT,
        "The body did not come in time",
    ),
    (
        Of::Post,
        StatusCode::CONFLICT,
        "The call with this Idempotency-Key is being carried out",
    ),
    (
        Of::Conditional,
        StatusCode::PRECONDITION_FAILED,
        "It is not what If-Match says",
    ),
    (
        Of::Read,
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is too large",
    ),
    (
        Of::Body,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is no JSON",
    ),
    (
        Of::Post,
        StatusCode::UNPROCESSABLE_ENTITY,
        "Its Idempotency-Key was sent with another call",
    ),
    (
        Of::Every,
        StatusCode::TOO_MANY_REQUESTS,
        "The client has sent too many requests",
    ),
    (
        Of::Every,
        StatusCode::SERVICE_UNAVAILABLE,
        "It cannot be done now",
    ),
];
