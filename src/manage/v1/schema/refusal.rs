//! What refusals a call may meet.

use utoipa::IntoResponses;

use crate::manage::problem::Problem;

/// Why any call may be refused.
#[derive(IntoResponses)]
pub(in crate::manage::v1) enum Refused {
    /// The query is not as it must be.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The token has no scope for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The client has sent too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// It cannot be done now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Why a call about one thing may be refused.
#[derive(IntoResponses)]
pub(in crate::manage::v1) enum Missing {
    /// The query is not as it must be.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The token has no scope for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It is not there.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Problem),
    /// The client has sent too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// It cannot be done now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Why a revocation may not be undone.
#[derive(IntoResponses)]
pub(in crate::manage::v1) enum UndoRefused {
    /// The query is not as it must be.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The token has no scope for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It is not there.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Problem),
    /// It is about a key that was revoked.
    #[response(status = 409, content_type = "application/problem+json")]
    Final(Problem),
    /// The client has sent too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// It cannot be done now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Why a token may not be issued.
#[derive(IntoResponses)]
pub(in crate::manage::v1) enum IssueRefused {
    /// The query is not as it must be.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The token has no scope for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// There is no such API.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Problem),
    /// The body did not come in time.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is no JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
    /// A rule refuses it.
    #[response(status = 422, content_type = "application/problem+json")]
    Denied(Problem),
    /// The client has sent too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// A rule, or the server, failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Problem),
    /// It cannot be done now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Why nothing may be revoked.
#[derive(IntoResponses)]
pub(in crate::manage::v1) enum CutoffRefused {
    /// The query is not as it must be.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The token has no scope for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It is not there.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Problem),
    /// The body did not come in time.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(Problem),
    /// It cannot be done as things stand.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is no JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
    /// The client has sent too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// It cannot be done now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Why nothing may be done about the rules.
#[derive(IntoResponses)]
pub(in crate::manage::v1) enum WishRefused {
    /// The query is not as it must be.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The token has no scope for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It is not there.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Problem),
    /// The body did not come in time.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(Problem),
    /// It cannot be done as things stand.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is no JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
    /// The client has sent too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// It cannot be done now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
