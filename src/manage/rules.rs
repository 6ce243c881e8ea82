//! `/rules`: the scripts in the rules directory. What is written here comes alive as any file that is put there.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::access::Caller;
use super::condition::{IfMatch, tagged};
use super::directory::Directory;
use super::error::ManageError;
use super::id::Id;
use super::list::{Object, Query, answer};
use super::payload::Payload;
use super::{Management, schema, scope};
use crate::rules_dir::{NewScript, Prepared, ScriptChange, ScriptRule, ScriptRules};

type Answer = Result<Response, ManageError>;

/// List scripts.
///
/// They come in the order they run. State and reason are in it where `fields` asks for them.
#[utoipa::path(
    get,
    path = "/api/v2/rules",
    operation_id = "get_rules",
    tag = "rules",
    params(schema::Pages, schema::Projection, schema::RuleFilters),
    responses((status = 200, description = "The list", body = schema::Rules, headers(("Link")))),
    security(("token" = ["read:rules"]))
)]
pub(super) async fn list(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_RULES])?;
    let query = Query::of_pages(&uri, &["enabled", "stage"])?;
    let enabled = query.flag("enabled")?;
    if query.one("stage").is_some_and(|stage| stage != STAGE) {
        let why = format!("stage must be {STAGE}: there is no other here");
        return Err(ManageError::Query(why));
    }
    let asked_for = query.list("fields");
    let directory = &management.directory;
    let all = directory.work(|scripts| scripts.all()).await?;
    let wanted = all
        .iter()
        .filter(|rule| enabled.is_none_or(|enabled| rule.enabled == enabled));
    let object = |rule: &ScriptRule| {
        let mut object = object(directory, rule);
        // Tools send back what they read in a list, and these two are nobody's to set.
        object.retain(|name, _| !STANDING.contains(&name.as_str()) || asked_for.contains(name));
        object
    };
    management.list_of(&query, "rules", wanted.map(object).collect())
}

/// Look at one script.
#[utoipa::path(
    get,
    path = "/api/v2/rules/{id}",
    operation_id = "get_rules_by_id",
    tag = "rules",
    params(("id" = String, Path, description = "The rule's id"), schema::Projection),
    responses(
        (status = 200, description = "It is this", body = schema::Rule, headers(("ETag"))),
        (status = 404, description = "There is no such script")
    ),
    security(("token" = ["read:rules"]))
)]
pub(super) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_RULES])?;
    let query = Query::of_one(&uri)?;
    let directory = &management.directory;
    let rule = directory.work(move |scripts| scripts.one(&id)).await?;
    let object = query.projected(object(directory, &rule))?;
    Ok(tagged(answer(StatusCode::OK, &object), &written(&rule)))
}

/// Add a script.
///
/// The answer says whether it runs, and why not.
#[utoipa::path(
    post,
    path = "/api/v2/rules",
    operation_id = "post_rules",
    tag = "rules",
    request_body = schema::RuleCreate,
    responses(
        (status = 201, description = "It was added", body = schema::Rule, headers(("ETag"))),
        (status = 409, description = "Its name or its order is taken")
    ),
    security(("token" = ["create:rules"]))
)]
pub(super) async fn create(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(&[scope::CREATE_RULES])?;
    Query::none(request.uri())?;
    let mut body = Payload::read(request).await?;
    let new = NewScript {
        name: body.require("name")?,
        script: body.require("script")?,
        order: body.take("order")?,
        enabled: body.take("enabled")?.unwrap_or(true),
        manifest: None,
    };
    take_stage(&mut body)?;
    body.nothing_more()?;
    let directory = &management.directory;
    let prepare = move |scripts: &ScriptRules| scripts.prepare_adding(&new);
    let (prepared, rule) = directory.work(prepare).await?;
    directory.make(&caller, prepared).await?;
    let object = object(directory, &rule);
    Ok(tagged(
        answer(StatusCode::CREATED, &object),
        &written(&rule),
    ))
}

/// Change a script.
///
/// What is not named stays. The answer says whether it runs, and why not.
#[utoipa::path(
    patch,
    path = "/api/v2/rules/{id}",
    operation_id = "patch_rules_by_id",
    tag = "rules",
    params(("id" = String, Path, description = "The rule's id"), schema::Condition),
    request_body = schema::RuleUpdate,
    responses(
        (status = 200, description = "It was changed", body = schema::Rule, headers(("ETag"))),
        (status = 404, description = "There is no such script"),
        (status = 409, description = "Its name or its order is taken")
    ),
    security(("token" = ["update:rules"]))
)]
pub(super) async fn update(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    request: Request,
) -> Answer {
    caller.may(&[scope::UPDATE_RULES])?;
    Query::none(request.uri())?;
    let seen = IfMatch::of(request.headers())?;
    let mut body = Payload::read(request).await?;
    let change = ScriptChange {
        name: body.take("name")?,
        script: body.take("script")?,
        order: body.take("order")?,
        enabled: body.take("enabled")?,
        manifest: None,
    };
    take_stage(&mut body)?;
    body.nothing_more()?;
    let directory = &management.directory;
    let prepare = move |scripts: &ScriptRules| scripts.prepare_change(&id, &change);
    let (prepared, rule) = directory.work(prepare).await?;
    check_seen(&seen, &prepared)?;
    directory.make(&caller, prepared).await?;
    let object = object(directory, &rule);
    Ok(tagged(answer(StatusCode::OK, &object), &written(&rule)))
}

/// Delete a script.
///
/// Its manifest and its golden cases go with it.
#[utoipa::path(
    delete,
    path = "/api/v2/rules/{id}",
    operation_id = "delete_rules_by_id",
    tag = "rules",
    params(("id" = String, Path, description = "The rule's id"), schema::Condition),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such script")
    ),
    security(("token" = ["delete:rules"]))
)]
pub(super) async fn delete(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    caller.may(&[scope::DELETE_RULES])?;
    Query::none(&uri)?;
    let directory = &management.directory;
    let seen = IfMatch::of(&headers)?;
    let prepare = move |scripts: &ScriptRules| scripts.prepare_deletion(&id);
    let prepared = directory.work(prepare).await?;
    check_seen(&seen, &prepared)?;
    directory.make(&caller, prepared).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Checks that a script is what whoever changes it has seen, if they say what that was. Nobody comes in between: what is
/// prepared has the directory locked.
fn check_seen(seen: &IfMatch, prepared: &Prepared) -> Result<(), ManageError> {
    match &prepared.before {
        Some(before) if seen.asks() => seen.check(&written(before)),
        _ => Ok(()),
    }
}

/// A script as Auth0 writes a Rule, with how it stands.
fn object(directory: &Directory, rule: &ScriptRule) -> Object {
    let standing = directory.standing(rule);
    let mut object = written(rule);
    object.insert("state".to_owned(), json!(standing.state));
    if let Some(reason) = standing.reason {
        object.insert("reason".to_owned(), json!(reason));
    }
    object
}

/// As much of it as a change can change.
fn written(rule: &ScriptRule) -> Object {
    let mut object = Object::from_iter([
        ("id".to_owned(), json!(rule.id)),
        ("name".to_owned(), json!(rule.name)),
        ("script".to_owned(), json!(rule.script)),
        ("enabled".to_owned(), json!(rule.enabled)),
        ("stage".to_owned(), json!(STAGE)),
    ]);
    if let Some(order) = rule.order {
        object.insert("order".to_owned(), json!(order));
    }
    object
}

/// There is one stage here.
fn take_stage(body: &mut Payload) -> Result<(), ManageError> {
    match body.take::<String>("stage")? {
        Some(other) if other != STAGE => Err(ManageError::Body(format!(
            "stage: {other:?} is not possible here; leave it out, or use {STAGE}"
        ))),
        _ => Ok(()),
    }
}

const STAGE: &str = "login_success";
const STANDING: &[&str] = &["state", "reason"];
