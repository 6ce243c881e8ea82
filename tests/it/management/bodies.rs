//! Bodies that are no good.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::Answer;

async fn sent(admin: &Manager<'_>, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let url = format!("{}/api/v2/clients", admin.server.address);
    let request = admin.server.http.post(url).bearer_auth(&admin.token);
    let request = request.header(CONTENT_TYPE, media_type).body(body);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_more_than_a_megabyte_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let large = json!({ "name": "x".repeat(1_000_000) }).to_string();
    let answer = sent(&admin, "application/json", large).await;
    refused(&answer, 413, "payload_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_object_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for body in ["", "{", "[]", "\"name\"", "null", "{\"name\":\"a\"} x"] {
        let message = refused(
            &sent(&admin, "application/json", body).await,
            400,
            "invalid_body",
        );
        assert!(
            message.starts_with("Payload validation error: "),
            "{message}"
        );
    }
    let form = sent(&admin, "application/x-www-form-urlencoded", "name=a").await;
    refused(&form, 415, "invalid_body");
    let good = sent(
        &admin,
        "application/json; charset=utf-8",
        "{\"name\":\"a\"}",
    )
    .await;
    assert_eq!(good.status, 201);
}

type Refused = Vec<(Value, &'static str)>;

/// Bodies that are refused, with words of the reason.
fn bad_clients() -> Refused {
    let client = |member: &str, value: Value| json!({ "name": "a", member: value });
    let quota = |limits: Value| client("token_quota", json!({ "client_credentials": limits }));
    vec![
        (json!({}), "Missing required property: name"),
        (json!({ "name": null }), "Missing required property: name"),
        (json!({ "name": 5 }), "name: "),
        (json!({ "name": "" }), "a name is 1 to"),
        (client("nmae", json!("b")), "not allowed: nmae"),
        (client("client_id", json!("b")), "not allowed: client_id"),
        (
            client("client_metadata", json!({ "a": 1 })),
            "client_metadata: ",
        ),
        (client("grant_types", json!("b")), "grant_types: "),
        (client("grant_types", json!([""])), "grant_types"),
        (client("client_secret", json!("short")), "at least 32"),
        (
            client("client_authentication_methods", json!({ "a": 1 })),
            "client_authentication_methods: this server cannot",
        ),
        (client("token_quota", json!(5)), "token_quota: "),
        (client("token_quota", json!({})), "`client_credentials`"),
        (
            client("token_quota", json!({ "a": 1 })),
            "token_quota: unknown field `a`",
        ),
        (quota(json!({ "per_hour": 0 })), "a limit is 1 to"),
        (
            quota(json!({ "per_day": 2_147_483_648_u32 })),
            "a limit is 1 to",
        ),
        (quota(json!({ "per_day": -1 })), "a limit is 1 to"),
        (quota(json!({ "per_day": null })), "token_quota: "),
        (quota(json!({ "per_week": 1 })), "unknown field `per_week`"),
        (quota(json!({ "enforce": "no" })), "token_quota: "),
        (
            client("token_endpoint_auth_method", json!("private_key_jwt")),
            "not possible here",
        ),
        (
            client("description", json!("x".repeat(70_000))),
            "65536 bytes",
        ),
    ]
}

fn bad_resource_servers() -> Refused {
    let api = |member: &str, value: Value| json!({ "identifier": "a", member: value });
    vec![
        (json!({}), "Missing required property: identifier"),
        (json!({ "identifier": "a b" }), "visible ASCII"),
        (api("signing_alg", json!("HS256")), "signing_alg: "),
        (api("token_lifetime", json!(0)), "1 to 2592000"),
        (api("token_lifetime", json!(-1)), "token_lifetime: "),
        (api("scopes", json!(["a"])), "scopes: "),
        (api("scopes", json!([{ "value": "a b" }])), "no scope value"),
        (
            api("scopes", json!([{ "value": "a" }, { "value": "a" }])),
            "there twice",
        ),
        (api("is_system", json!(true)), "not allowed: is_system"),
        (api("token_encryption", json!({ "a": 1 })), "cannot do that"),
        (
            api("token_dialect", json!("access_token_authz")),
            "cannot do that",
        ),
    ]
}

fn bad_grants() -> Refused {
    vec![
        (
            json!({ "audience": "a" }),
            "Missing required property: client_id",
        ),
        (
            json!({ "client_id": "a" }),
            "Missing required property: audience",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_in_a_body_is_named() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for (path, bodies) in [
        ("/clients", bad_clients()),
        ("/resource-servers", bad_resource_servers()),
        ("/client-grants", bad_grants()),
    ] {
        for (body, reason) in bodies {
            let message = refused(&admin.post(path, body).await, 400, "invalid_body");
            assert!(message.contains(reason), "{path}: {message}");
        }
    }
}
