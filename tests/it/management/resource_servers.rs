//! `/resource-servers`

use rulemint::config::LedgerMode;
use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::AUDIENCE;

/// The path of the API that every test server has, by its identifier.
const BY_IDENTIFIER: &str = "/resource-servers/https%3A%2F%2Fapi.example";

#[tokio::test(flavor = "multi_thread")]
async fn an_api_comes_back_as_it_was_sent() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let sent = json!({
        "name": "Orders",
        "identifier": "https://orders.example",
        "scopes": [
            { "value": "read:orders", "description": "Look at orders" },
            { "value": "write:orders", "description": "" },
        ],
        "signing_alg": "RS256",
        "token_lifetime": 600,
        "token_lifetime_for_web": 300,
        "allow_offline_access": true,
        "skip_consent_for_verifiable_first_party_clients": true,
    });
    let created = admin.add("/resource-servers", sent.clone()).await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(id.len(), 24);
    let by_id = admin.get(&format!("/resource-servers/{id}")).await.json();
    let path = "/resource-servers/https%3A%2F%2Forders.example";
    assert_eq!(by_id, admin.get(path).await.json());
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!((&created[name], &by_id[name]), (value, value), "{name}");
    }
    assert_eq!(created["is_system"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_says_nothing_gets_the_defaults() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let bare = json!({ "identifier": "urn:bare" });
    let created = admin.add("/resource-servers", bare).await;
    assert_eq!(created["name"], "urn:bare");
    assert_eq!(created["token_lifetime"], 86_400);
    assert_eq!(created["signing_alg"], "ES256");
    assert_eq!(created["scopes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_given_status_lists_where_there_is_a_ledger() {
    let server = setup()
        .but(|config| config.ledger.mode = LedgerMode::Async)
        .start()
        .await;
    let admin = Manager::of(&server).await;
    let has = async || admin.get(BY_IDENTIFIER).await.json()["status_list"].clone();
    assert_eq!(has().await, false);
    let change = json!({ "status_list": true });
    admin.patch(BY_IDENTIFIER, change).await;
    assert_eq!(has().await, true);
    let token = server.ask(&[]).await;
    assert!(token.claims()["status"]["status_list"]["idx"].is_u64());
    let new = json!({ "identifier": "urn:listed", "status_list": true });
    assert_eq!(
        admin.add("/resource-servers", new).await["status_list"],
        true
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_gets_no_status_lists_without_a_ledger() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let change = json!({ "status_list": true });
    let answer = admin.patch(BY_IDENTIFIER, change).await;
    let message = refused(&answer, 400, "invalid_body");
    assert!(message.contains("ledger.mode"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_is_taken_once() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let again = admin
        .post("/resource-servers", json!({ "identifier": AUDIENCE }))
        .await;
    let message = refused(&again, 409, "resource_server_conflict");
    assert!(message.contains(AUDIENCE), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_the_next_token() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let change = json!({ "token_lifetime": 60, "signing_alg": "RS256", "name": "New" });
    let changed = admin.patch(BY_IDENTIFIER, change).await.json();
    assert_eq!(
        (&changed["name"], &changed["identifier"]),
        (&json!("New"), &json!(AUDIENCE))
    );
    let answer = server.ask(&[]).await;
    assert_eq!(answer.json()["expires_in"], 60);
    assert_eq!(crate::harness::header(&answer.token())["alg"], "RS256");
    let keys: Value = server.get("/.well-known/jwks.json").await.json();
    let rsa = |key: &Value| key["kty"] == "RSA";
    assert!(keys["keys"].as_array().unwrap().iter().any(rsa));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_gone_is_gone_from_every_grant() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    assert_eq!(server.ask(&[]).await.claims()["scope"], "read write");
    let fewer = json!({ "scopes": [{ "value": "read" }, { "value": "fly" }] });
    assert_eq!(admin.patch(BY_IDENTIFIER, fewer).await.status, 200);
    assert_eq!(server.ask(&[]).await.claims()["scope"], "read");
    let grants = admin.get("/client-grants?client_id=c1").await.json();
    assert_eq!(grants[0]["scope"], json!(["read"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_does_not_change() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let answer = admin
        .patch(
            BY_IDENTIFIER,
            json!({ "identifier": "https://new.example" }),
        )
        .await;
    let message = refused(&answer, 400, "invalid_body");
    assert!(message.contains("not allowed: identifier"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_api_is_gone_with_its_grants() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    assert_eq!(admin.delete(BY_IDENTIFIER).await.status, 204);
    server.ask(&[]).await.refused(400, "invalid_target");
    assert_eq!(
        admin.get("/client-grants?client_id=c1").await.json(),
        json!([])
    );
    for answer in [
        admin.get(BY_IDENTIFIER).await,
        admin.delete(BY_IDENTIFIER).await,
        admin.patch(BY_IDENTIFIER, json!({})).await,
        admin
            .patch(BY_IDENTIFIER, json!({ "signing_alg": "EdDSA" }))
            .await,
    ] {
        let message = refused(&answer, 404, "inexistent_resource_server");
        assert_eq!(message, format!("No resource with identifier {AUDIENCE}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_management_api_itself_stays() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let all = admin.get("/resource-servers").await.json();
    let system = all
        .as_array()
        .unwrap()
        .iter()
        .find(|api| api["is_system"] == true);
    let system = system.unwrap();
    assert_eq!(system["identifier"], format!("{}/api/v2/", server.address));
    let path = format!("/resource-servers/{}", system["id"].as_str().unwrap());
    refused(&admin.delete(&path).await, 403, "operation_not_supported");
    for change in [json!({ "name": "mine" }), json!({ "scopes": [] })] {
        refused(
            &admin.patch(&path, change).await,
            403,
            "operation_not_supported",
        );
    }
    assert_eq!(admin.get(&path).await.json(), *system);
}
