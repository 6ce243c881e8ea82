//! `/rules` and `/reloads`: how the rules stand, and what the server is to do about them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::schema;
use crate::manage::access::Caller;
use crate::manage::error::ManageError;
use crate::manage::list::{Query, answer};
use crate::manage::payload::Payload;
use crate::manage::{Management, scope};
use crate::reload::{Standing, Wish};

type Answer = Result<Response, ManageError>;

/// See how the rules stand.
///
/// It says which run, which do not, and why.
#[utoipa::path(
    get,
    path = "/api/rulemint/v1/rules",
    operation_id = "show_rules",
    tag = "rules",
    responses((status = 200, description = "They stand like this", body = schema::RulesStanding)),
    security(("token" = ["read:rules"]))
)]
pub(in crate::manage) async fn show(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(&[scope::READ_RULES])?;
    Query::none(&uri)?;
    let standing = Standing::read(&management.store).await?;
    Ok(answer(StatusCode::OK, &standing))
}

/// Go back to an earlier generation of the rules.
///
/// Where none is named, that is the one before the live one. It stays until the rules directory changes again.
#[utoipa::path(
    post,
    path = "/api/rulemint/v1/rules/rollback",
    operation_id = "roll_back_rules",
    tag = "rules",
    request_body = Option<schema::Rollback>,
    responses(
        (status = 200, description = "It is live", body = schema::RulesStanding),
        (status = 404, description = "There is no such generation"),
        (status = 409, description = "Its rules cannot run")
    ),
    security(("token" = ["update:rules"]))
)]
pub(in crate::manage) async fn roll_back(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer {
    caller.may(UPDATE)?;
    Query::none(request.uri())?;
    let mut body = Payload::read_if_any(request).await?;
    let wish = Wish::RollBack(body.take("generation")?);
    body.nothing_more()?;
    management.grant(wish, &caller).await
}

/// Look at the rules directory again.
///
/// What failed before is tried again.
#[utoipa::path(
    post,
    path = "/api/rulemint/v1/reloads",
    operation_id = "reload_rules",
    tag = "rules",
    responses(
        (status = 200, description = "It was looked at", body = schema::RulesStanding),
        (status = 409, description = "The directory cannot be read")
    ),
    security(("token" = ["update:rules"]))
)]
pub(in crate::manage) async fn reload(
    State(management): State<Arc<Management>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Answer {
    caller.may(UPDATE)?;
    Query::none(&uri)?;
    management.grant(Wish::Reload, &caller).await
}

impl Management {
    /// Has a wish granted, and says how the rules stand then.
    async fn grant(&self, wish: Wish, caller: &Caller) -> Answer {
        wish.make(&self.store, caller.actor.by(self.now())).await?;
        let standing = Standing::read(&self.store).await?;
        Ok(answer(StatusCode::OK, &standing))
    }
}

const UPDATE: &[&str] = &[scope::UPDATE_RULES];
