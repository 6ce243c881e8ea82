//! A client's token quota, as it is typed and as it is shown.

use serde_json::{Map, Value, json};

use crate::quota::{Limits, TokenQuota};
use crate::store::{Attributes, ClientRow};

/// Reads `per_hour=10,per_day=50,enforce=false`, of which one limit must be there.
pub(super) fn read(text: &str) -> Result<TokenQuota, String> {
    let mut limits = Map::new();
    for part in text.split(',') {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| format!("{part:?} is not LIMIT=TOKENS: write per_hour=10,per_day=50"))?;
        let value = serde_json::from_str(value).map_err(|_| {
            format!("{part:?} is not as it must be: limits are numbers, enforce is true or false")
        })?;
        if limits.insert(name.to_owned(), value).is_some() {
            return Err(format!("{name} is there twice"));
        }
    }
    if !limits.contains_key("per_hour") && !limits.contains_key("per_day") {
        return Err("it names no limit: per_hour or per_day is missing".to_owned());
    }
    let quota = json!({ "client_credentials": limits });
    serde_json::from_value(quota).map_err(|problem| problem.to_string())
}

/// What it is among the attributes of a client.
pub(super) fn attributes(quota: Option<TokenQuota>) -> Attributes {
    let named = |quota: TokenQuota| (TokenQuota::NAME.to_owned(), quota.to_json());
    quota.map(named).into_iter().collect()
}

/// The attributes that take it away.
pub(super) fn removed() -> Attributes {
    Attributes::from_iter([(TokenQuota::NAME.to_owned(), Value::Null)])
}

/// As a line.
pub(super) fn words(client: &ClientRow) -> String {
    let kept = client.attributes.get(TokenQuota::NAME);
    let quota = kept.and_then(|kept| serde_json::from_value::<TokenQuota>(kept.clone()).ok());
    let Some(TokenQuota { client_credentials }) = quota else {
        return String::new();
    };
    let Limits {
        enforce,
        per_hour,
        per_day,
    } = client_credentials;
    let per_hour = per_hour.map(|limit| format!("{} an hour", u32::from(limit)));
    let per_day = per_day.map(|limit| format!("{} a day", u32::from(limit)));
    let enforce = (!enforce).then(|| "not enforced".to_owned());
    let parts: Vec<String> = [per_hour, per_day, enforce].into_iter().flatten().collect();
    parts.join(", ")
}
