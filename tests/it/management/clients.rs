//! `/clients`

use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, TestServer};

fn path(client: &Value) -> String {
    format!("/clients/{}", client["client_id"].as_str().unwrap())
}

async fn token_with(server: &TestServer, secret: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", secret),
        ("audience", AUDIENCE),
    ];
    server.post(&form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_comes_back_as_it_was_sent() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let sent = json!({
        "name": "warehouse",
        "description": "Counts things",
        "app_type": "non_interactive",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
        "client_metadata": { "tier": "gold" },
        "jwt_configuration": { "alg": "RS256", "lifetime_in_seconds": 36_000 },
        "callbacks": [],
    });
    let created = admin.add("/clients", sent.clone()).await;
    assert_eq!(created["client_id"].as_str().unwrap().len(), 32);
    assert!(
        created["client_secret"]
            .as_str()
            .unwrap()
            .starts_with("rms_")
    );
    let found = admin.get(&path(&created)).await.json();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!((&created[name], &found[name]), (value, value), "{name}");
    }
    assert_eq!(found["global"], false);
    assert_eq!(found["is_first_party"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_and_only_to_whoever_may_see_it() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let body = || json!({ "name": "warehouse" });
    let created = admin.add("/clients", body()).await;
    for path in [path(&created), "/clients".to_owned()] {
        let answer = admin.get(&path).await;
        assert!(!answer.body.contains("client_secret\""), "{}", answer.body);
    }
    let clerk = Manager::with_scope(&server, "create:clients").await;
    assert!(
        clerk
            .add("/clients", body())
            .await
            .get("client_secret")
            .is_none()
    );
    let secret = "a-secret-that-somebody-made-up-0123456789";
    let given = json!({ "name": "warehouse", "client_secret": secret });
    assert_eq!(admin.add("/clients", given).await["client_secret"], secret);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_takes_the_place_of_the_old_one_at_once() {
    let server = setup().start().await;
    let keeper = Manager::with_scope(&server, "update:client_keys").await;
    let rotated = keeper.post("/clients/c1/rotate-secret", json!({})).await;
    let new = rotated.json()["client_secret"].as_str().unwrap().to_owned();
    token_with(&server, &new).await.token();
    token_with(&server, SECRET)
        .await
        .refused(401, "invalid_client");
    let without_body = keeper.call(reqwest::Method::POST, "/clients/c1/rotate-secret", None);
    assert_eq!(without_body.await.status, 200);
    let nobody = keeper
        .post("/clients/nobody/rotate-secret", json!({}))
        .await;
    refused(&nobody, 404, "inexistent_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_touches_what_it_names_and_nothing_else() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let created = admin
        .add(
            "/clients",
            json!({
                "name": "warehouse", "description": "Counts", "callbacks": ["https://a.example"],
                "client_metadata": { "a": "1", "b": "2" },
            }),
        )
        .await;
    let change = json!({
        "name": "store", "description": null, "client_metadata": { "a": null, "c": "3" },
    });
    let changed = admin.patch(&path(&created), change).await.json();
    assert_eq!(changed, admin.get(&path(&created)).await.json());
    assert_eq!(changed["name"], "store");
    assert_eq!(changed["client_metadata"], json!({ "b": "2", "c": "3" }));
    assert_eq!(changed["callbacks"], json!(["https://a.example"]));
    assert!(changed.get("description").is_none() && changed.get("client_secret").is_none());
    let unchanged = admin.patch(&path(&created), json!({})).await.json();
    assert_eq!(unchanged, changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_client_at_the_same_time_are_all_kept() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let changes = (0..20).map(|number| {
        let entry = json!({ format!("key{number}"): "x" });
        admin.patch("/clients/c1", json!({ "client_metadata": entry }))
    });
    let answers = futures_util::future::join_all(changes).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let found = admin.get("/clients/c1").await.json();
    assert_eq!(found["client_metadata"].as_object().unwrap().len(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_becomes_public_loses_its_secret_and_gets_a_new_one_later() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let method = |method: &str| json!({ "token_endpoint_auth_method": method });
    let public = admin.patch("/clients/c1", method("none")).await.json();
    assert_eq!(public["token_endpoint_auth_method"], "none");
    token_with(&server, SECRET)
        .await
        .refused(401, "invalid_client");
    let refusal = admin.post("/clients/c1/rotate-secret", json!({})).await;
    assert!(refused(&refusal, 400, "invalid_body").contains("public"));
    let back = admin
        .patch("/clients/c1", method("client_secret_post"))
        .await;
    let secret = back.json()["client_secret"].as_str().unwrap().to_owned();
    token_with(&server, &secret).await.token();
    token_with(&server, SECRET)
        .await
        .refused(401, "invalid_client");
    let same = admin
        .patch("/clients/c1", method("client_secret_basic"))
        .await
        .json();
    assert!(same.get("client_secret").is_none());
    token_with(&server, &secret).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_set_only_by_whoever_may_change_keys() {
    let server = setup().start().await;
    let secret = "a-secret-that-somebody-made-up-0123456789";
    let change = json!({ "client_secret": secret });
    let clerk = Manager::with_scope(&server, "update:clients").await;
    let refusal = clerk.patch("/clients/c1", change.clone()).await;
    refused(&refusal, 403, "insufficient_scope");
    let keeper = Manager::with_scope(&server, "update:clients update:client_keys").await;
    assert_eq!(keeper.patch("/clients/c1", change).await.status, 200);
    token_with(&server, secret).await.token();
    token_with(&server, SECRET)
        .await
        .refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn grant_types_that_it_may_not_use_give_it_no_token() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let other = json!({ "grant_types": ["authorization_code"] });
    assert_eq!(admin.patch("/clients/c1", other).await.status, 200);
    server.ask(&[]).await.refused(400, "unauthorized_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_is_gone() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let answer = admin.delete("/clients/c1").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    server.ask(&[]).await.refused(401, "invalid_client");
    for answer in [
        admin.get("/clients/c1").await,
        admin.delete("/clients/c1").await,
        admin.patch("/clients/c1", json!({})).await,
    ] {
        assert_eq!(
            refused(&answer, 404, "inexistent_client"),
            "Client not found"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_changes_nothing() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let before = admin.get("/clients/c1").await.json();
    for bad in [
        json!({ "name": "new", "grant_types": [""] }),
        json!({ "name": "new", "client_id": "other" }),
        json!({ "client_metadata": { "": "x" } }),
        json!({ "token_endpoint_auth_method": "none", "client_secret": "x".repeat(40) }),
    ] {
        refused(&admin.patch("/clients/c1", bad).await, 400, "invalid_body");
    }
    assert_eq!(admin.get("/clients/c1").await.json(), before);
}
