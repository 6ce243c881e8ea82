//! `/cutoffs`: everything that was issued before a moment is revoked, and brought back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::schema;
use crate::clock::moment;
use crate::manage::access::Caller;
use crate::manage::error::ManageError;
use crate::manage::id::Id;
use crate::manage::list::{PAGE_DEFAULT, Query, answer};
use crate::manage::payload::Payload;
use crate::manage::{Management, scope};
use crate::revocation::{NewRevocation, TargetNames};

type Answer = Result<Response, ManageError>;

/// List what is revoked.
///
/// Single tokens are among it. The newest come first.
#[utoipa::path(
    get,
    path = "/api/rulemint/v1/cutoffs",
    operation_id = "list_cutoffs",
    tag = "cutoffs",
    params(schema::CutoffFilters, schema::Checkpoint),
    responses((status = 200, description = "A part of the list", body = schema::Cutoffs)),
    security(("token" = ["read:cutoffs"]))
)]
pub(in crate::manage) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_CUTOFFS])?;
    let query = Query::only(&uri, &["undone", "from", "take"])?;
    let undone = query.flag("undone")?.unwrap_or_default();
    let before = query.parsed("from", "the next of an earlier answer")?;
    let before = before.unwrap_or(i64::MAX);
    let count = query.count("take")?.unwrap_or(PAGE_DEFAULT);
    let mut rows = management.revoker.list(before, count + 1, undone).await?;
    let mut part = json!({});
    if rows.len() > count as usize {
        rows.truncate(count as usize);
        part["next"] = rows.last().map(|row| row.id.to_string()).into();
    }
    part["cutoffs"] = json!(rows);
    Ok(answer(StatusCode::OK, &part))
}

/// Revoke what was issued before a moment.
///
/// That is everything that was issued to a client, for an API ..., before now or an earlier moment. With `dry_run` it is only said
/// how many tokens that would meet. What neither the store nor the ledger nor the audit log knows is refused with 404 unless
/// `anyway` says so; a `jti` and a `subject` may be unknown.
#[utoipa::path(
    post,
    path = "/api/rulemint/v1/cutoffs",
    operation_id = "create_cutoff",
    tag = "cutoffs",
    request_body = schema::CutoffCreate,
    responses(
        (status = 200, description = "A dry run: nothing was done", body = schema::DryRun),
        (status = 201, description = "It is in force", body = schema::Cutoff),
        (status = 404, description = "There is no such grant, key or rule"),
        (status = 409, description = "The list of revocations is full")
    ),
    security(("token" = ["create:cutoffs"]))
)]
pub(in crate::manage) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(&[scope::CREATE_CUTOFFS])?;
    Query::none(request.uri())?;
    let mut body = Payload::read(request).await?;
    let names = names(&mut body)?;
    let issued_before = take_moment(&mut body)?;
    let reason = body.take("reason")?;
    let is_dry = body.take("dry_run")?.unwrap_or_default();
    body.nothing_more()?;
    let revoker = &management.revoker;
    let target = names.target(revoker).await?;
    let (count, _) = revoker.would_meet(&target, issued_before).await?;
    if is_dry {
        return Ok(answer(StatusCode::OK, &json!({ "would_revoke": count })));
    }
    let new = NewRevocation {
        target,
        issued_before,
        expires_at: None,
        reason,
        actor: caller.actor,
    };
    let gone = revoker.revoke(new).await?;
    management.nudge.caught_up().await;
    let mut told = json!(gone.row);
    told["tokens"] = count.into();
    Ok(answer(StatusCode::CREATED, &told))
}

/// Take a revocation back.
///
/// What it met and has not expired is good again.
#[utoipa::path(
    delete,
    path = "/api/rulemint/v1/cutoffs/{id}",
    operation_id = "undo_cutoff",
    tag = "cutoffs",
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = 200, description = "It was taken back", body = schema::Cutoff),
        (status = 404, description = "There is no such revocation"),
        (status = 409, description = "It is about a key that was revoked")
    ),
    security(("token" = ["delete:cutoffs"]))
)]
pub(in crate::manage) async fn undo(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::DELETE_CUTOFFS])?;
    Query::none(&uri)?;
    let unknown = |_| ManageError::NotThere {
        what: "revocation with the number",
        id: id.clone(),
    };
    let number: i64 = id.parse().map_err(unknown)?;
    let undone = management.revoker.undo(number, &caller.actor).await?;
    management.nudge.caught_up().await;
    Ok(answer(StatusCode::OK, &json!(undone.row)))
}

fn names(body: &mut Payload) -> Result<TargetNames, ManageError> {
    Ok(TargetNames {
        jti: body.take("jti")?,
        client_id: body.take("client_id")?,
        grant_id: body.take("grant_id")?,
        subject: body.take("subject")?,
        audience: body.take("audience")?,
        key: body.take("key")?,
        rule: body.take("rule")?,
        anyway: body.take("anyway")?.unwrap_or_default(),
    })
}

/// A moment as a number or as text.
fn take_moment(body: &mut Payload) -> Result<Option<i64>, ManageError> {
    let Some(value) = body.take::<Value>(BEFORE)? else {
        return Ok(None);
    };
    let wrong = || {
        let form = "a moment like 2026-11-25T12:00:00Z, or Unix seconds";
        ManageError::Body(format!("{BEFORE}: it is {form}"))
    };
    let read = value.as_str().map_or_else(|| value.as_i64(), moment);
    read.map(Some).ok_or_else(wrong)
}

const BEFORE: &str = "issued_before";
