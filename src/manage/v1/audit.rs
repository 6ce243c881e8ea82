//! `/audit`: who changed what.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::json;

use super::schema;
use crate::clock::moment;
use crate::manage::access::Caller;
use crate::manage::error::ManageError;
use crate::manage::list::{PAGE_DEFAULT, Query, answer};
use crate::manage::{Management, scope};
use crate::store::{AuditFilter, AuditWindow, UnknownAuditWord, audit_operation};

/// List who changed what, when and from where.
///
/// The newest come first, or with `order=oldest` the oldest: whoever copies the log goes on from the last entry there is.
#[utoipa::path(
    get,
    path = "/api/rulemint/v1/audit",
    operation_id = "list_audit",
    tag = "audit",
    params(schema::AuditFilters, schema::Checkpoint),
    responses((status = 200, description = "A part of the log", body = schema::AuditLog)),
    security(("token" = ["read:audit"]))
)]
pub(in crate::manage) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, ManageError> {
    caller.may(&[scope::READ_AUDIT])?;
    let query = Query::only(&uri, NAMES)?;
    let text = |name: &str| query.one(name).map(str::to_owned);
    let filter = AuditFilter {
        since: take_moment(&query, "since")?,
        until: take_moment(&query, "until")?,
        actor: text("actor"),
        operation: known(&query, "operation", audit_operation)?,
        correlation_id: text("correlation_id"),
        ..AuditFilter::default()
    };
    let count = query.count("take")?.unwrap_or(PAGE_DEFAULT);
    let window = AuditWindow {
        behind: query.parsed("from", "the number of an entry")?,
        limit: count + 1,
        newest_first: newest_first(&query)?,
    };
    let filter = filter.about(known(&query, "object", str::parse)?);
    let mut rows = management.store.audit(&filter, window).await?;
    let mut part = json!({});
    if rows.len() > count as usize {
        rows.truncate(count as usize);
        part["next"] = rows.last().map(|row| row.id.to_string()).into();
    }
    part["audit"] = json!(rows);
    Ok(answer(StatusCode::OK, &part))
}

/// What no entry can match is refused: an empty answer would look as if nothing had happened.
fn known<T>(
    query: &Query,
    name: &str,
    read: impl Fn(&str) -> Result<T, UnknownAuditWord>,
) -> Result<Option<T>, ManageError> {
    let read = query.one(name).map(read).transpose();
    read.map_err(|problem| ManageError::Query(format!("{name}: {problem}")))
}

fn take_moment(query: &Query, name: &str) -> Result<Option<i64>, ManageError> {
    let Some(text) = query.one(name) else {
        return Ok(None);
    };
    let wrong = || {
        let form = "a moment like 2026-11-25T12:00:00Z, or Unix seconds";
        ManageError::Query(format!("{name} must be {form}"))
    };
    moment(text).map(Some).ok_or_else(wrong)
}

fn newest_first(query: &Query) -> Result<bool, ManageError> {
    match query.one("order") {
        None | Some("newest") => Ok(true),
        Some("oldest") => Ok(false),
        Some(_) => Err(ManageError::Query(
            "order must be newest or oldest".to_owned(),
        )),
    }
}

const NAMES: &[&str] = &[
    "since",
    "until",
    "actor",
    "operation",
    "object",
    "correlation_id",
    "order",
    "from",
    "take",
];
