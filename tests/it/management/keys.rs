//! `/keys/signing`

use reqwest::Method;
use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{Answer, TestServer, header};

fn kid_of(token: &Answer) -> String {
    header(&token.token())["kid"].as_str().unwrap().to_owned()
}

async fn published(server: &TestServer) -> Vec<String> {
    let keys = server.get("/.well-known/jwks.json").await.json();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    let mut kids: Vec<String> = keys["keys"].as_array().unwrap().iter().map(kid).collect();
    kids.sort();
    kids
}

async fn kid_that_is(admin: &Manager<'_>, state: &str) -> String {
    let keys = admin.get("/keys/signing").await.json();
    let mut keys = keys.as_array().unwrap().iter();
    let found = keys.find(|key| key[state] == true && key["algorithm"] == "ES256");
    found.unwrap()["kid"].as_str().unwrap().to_owned()
}

/// Whether a management call takes a token.
async fn is_taken(server: &TestServer, token: &str) -> bool {
    let holder = Manager {
        server,
        token: token.to_owned(),
    };
    holder.get("/clients").await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_key_is_published_before_it_signs_and_the_previous_one_after() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let (current, next) = (
        kid_that_is(&admin, "current").await,
        kid_that_is(&admin, "next").await,
    );
    assert_eq!(kid_of(&server.ask(&[]).await), current);
    let mut both = vec![current.clone(), next.clone()];
    both.sort();
    assert_eq!(published(&server).await, both);

    let rotated = admin.post("/keys/signing/rotate", json!({})).await;
    assert_eq!(rotated.status, 201, "{rotated:?}");
    let after_next = rotated.json()["kid"].as_str().unwrap().to_owned();
    assert!(
        rotated.json()["cert"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----\n")
    );
    assert_eq!(kid_of(&server.ask(&[]).await), next);
    assert_eq!(kid_that_is(&admin, "next").await, after_next);
    assert_eq!(kid_that_is(&admin, "previous").await, current);
    assert_eq!(published(&server).await.len(), 3);
    assert!(
        is_taken(&server, &admin.token).await,
        "a token of the previous key"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_ends_its_tokens_at_once_and_signs_no_more() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let (current, next) = (
        kid_that_is(&admin, "current").await,
        kid_that_is(&admin, "next").await,
    );
    let path = format!("/keys/signing/{current}/revoke");
    let revoked = admin.call(Method::PUT, &path, None).await;
    assert_eq!(
        (revoked.status.as_u16(), &revoked.json()["kid"]),
        (201, &json!(current))
    );
    assert!(!is_taken(&server, &admin.token).await);
    assert!(!published(&server).await.contains(&current));
    assert_eq!(kid_of(&server.ask(&[]).await), next);

    let admin = Manager::of(&server).await;
    let key = admin.get(&format!("/keys/signing/{current}")).await.json();
    assert_eq!(
        (&key["revoked"], &key["current"]),
        (&json!(true), &json!(false))
    );
    assert!(
        key["revoked_at"].is_string() && key["current_until"].is_string(),
        "{key}"
    );
    let again = admin.call(Method::PUT, &path, None).await;
    refused(&again, 400, "invalid_body");
    let token = admin.token;
    // It stays so after a restart.
    let server = server.stop().await.start().await;
    assert!(!published(&server).await.contains(&current));
    assert!(!is_taken(&server, &token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_key_and_a_previous_one_can_be_revoked_without_harm_to_the_current_one() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let next = kid_that_is(&admin, "next").await;
    let current = kid_that_is(&admin, "current").await;
    let revoke = async |kid: &str| {
        let path = format!("/keys/signing/{kid}/revoke");
        admin.call(Method::PUT, &path, None).await.status.as_u16()
    };
    assert_eq!(revoke(&next).await, 201);
    assert_ne!(kid_that_is(&admin, "next").await, next);
    assert_eq!(kid_of(&server.ask(&[]).await), current);
    admin.post("/keys/signing/rotate", json!({})).await;
    let newer = kid_of(&server.ask(&[]).await);
    let admin = Manager::of(&server).await;
    let path = format!("/keys/signing/{current}/revoke");
    assert_eq!(admin.call(Method::PUT, &path, None).await.status, 201);
    assert_eq!(kid_of(&server.ask(&[]).await), newer);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_as_auth0_writes_them() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let keys = admin.get("/keys/signing").await.json();
    assert_eq!(keys.as_array().unwrap().len(), 2);
    for key in keys.as_array().unwrap() {
        let print = key["fingerprint"].as_str().unwrap();
        assert_eq!(print.len(), 59);
        assert_eq!(print.replace(':', ""), key["thumbprint"].as_str().unwrap());
        let path = format!("/keys/signing/{}", key["kid"].as_str().unwrap());
        assert_eq!(admin.get(&path).await.json(), *key);
        assert_eq!(key["current_since"].is_string(), key["current"] == true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_no_key_for_is_not_rotated() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let none = admin
        .post("/keys/signing/rotate?algorithm=RS256", json!({}))
        .await;
    refused(&none, 404, "inexistent_signing_key");
    let wrong = admin
        .post("/keys/signing/rotate?algorithm=HS256", json!({}))
        .await;
    refused(&wrong, 400, "invalid_query_string");
    refused(
        &admin.get("/keys/signing/x").await,
        404,
        "inexistent_signing_key",
    );
    let nobody = admin
        .call(Method::PUT, "/keys/signing/x/revoke", None)
        .await;
    refused(&nobody, 404, "inexistent_signing_key");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_algorithm_can_be_rotated_alone() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let api = json!({ "identifier": "urn:eddsa", "signing_alg": "EdDSA" });
    admin.add("/resource-servers", api).await;
    let before = kid_that_is(&admin, "current").await;
    let rotated = admin
        .post("/keys/signing/rotate?algorithm=EdDSA", json!({}))
        .await;
    assert_eq!(rotated.status, 201, "{rotated:?}");
    assert_eq!(kid_that_is(&admin, "current").await, before);
    assert_eq!(published(&server).await.len(), 5);
}
