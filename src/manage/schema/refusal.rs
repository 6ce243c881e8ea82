//! What refusals a call may meet.

#![expect(
    dead_code,
    reason = "refusals are made elsewhere: this is what callers are told"
)]

use utoipa::IntoResponses;

use crate::manage::error::ErrorBody;

/// Why any call may be refused.
#[derive(IntoResponses)]
pub(in crate::manage) enum Refused {
    /// The query is not as it must be.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token has no scope for this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The client has sent too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store cannot be used: nothing was changed.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// Why a call about one thing may be refused.
#[derive(IntoResponses)]
pub(in crate::manage) enum Missing {
    /// The query is not as it must be.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token has no scope for this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// It is not there.
    #[response(status = 404)]
    NotThere(ErrorBody),
    /// The client has sent too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store cannot be used: nothing was changed.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// Why a call with a body may be refused.
#[derive(IntoResponses)]
pub(in crate::manage) enum RefusedBody {
    /// The query is not as it must be.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token has no scope for this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The body did not come in time.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is no JSON.
    #[response(status = 415)]
    MediaType(ErrorBody),
    /// Its Idempotency-Key was sent with another call.
    #[response(status = 422)]
    KeyReused(ErrorBody),
    /// The client has sent too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store cannot be used: nothing was changed.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// The same, where there may be such a thing already.
#[derive(IntoResponses)]
pub(in crate::manage) enum ConflictBody {
    /// The query is not as it must be.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token has no scope for this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The body did not come in time.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// It is there already.
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is no JSON.
    #[response(status = 415)]
    MediaType(ErrorBody),
    /// Its Idempotency-Key was sent with another call.
    #[response(status = 422)]
    KeyReused(ErrorBody),
    /// The client has sent too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store cannot be used: nothing was changed.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// The same, about one thing.
#[derive(IntoResponses)]
pub(in crate::manage) enum MissingBody {
    /// The query is not as it must be.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token has no scope for this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// It is not there.
    #[response(status = 404)]
    NotThere(ErrorBody),
    /// The body did not come in time.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// It is not what If-Match says.
    #[response(status = 412)]
    Changed(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is no JSON.
    #[response(status = 415)]
    MediaType(ErrorBody),
    /// The client has sent too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store cannot be used: nothing was changed.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// The same, where it may also refer to what is not there.
#[derive(IntoResponses)]
pub(in crate::manage) enum MissingConflictBody {
    /// The query is not as it must be.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// There is no token, or one that is not to be believed.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token has no scope for this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// It is not there.
    #[response(status = 404)]
    NotThere(ErrorBody),
    /// The body did not come in time.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// It is there already.
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// It is not what If-Match says.
    #[response(status = 412)]
    Changed(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is no JSON.
    #[response(status = 415)]
    MediaType(ErrorBody),
    /// Its Idempotency-Key was sent with another call.
    #[response(status = 422)]
    KeyReused(ErrorBody),
    /// The client has sent too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store cannot be used: nothing was changed.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// Why something may not be revoked.
#[derive(IntoResponses)]
pub(in crate::manage) enum RevocationLimit {
    /// The list of revocations is full.
    #[response(status = 409)]
    Full(ErrorBody),
}
