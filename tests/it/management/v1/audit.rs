//! `/audit`

use serde_json::{Value, json};

use super::super::{ADMIN, Manager, setup};
use super::problem;
use crate::harness::{Answer, TestServer, until};

/// Adds a client in a call that has a name.
async fn add_named(server: &TestServer, admin: &Manager<'_>, client: &str, call: &str) -> Value {
    let url = format!("{}/api/v2/clients", server.address);
    let request = server.http.post(url).bearer_auth(&admin.token);
    let request = request.header("X-Correlation-ID", call);
    let answer = request.json(&json!({ "name": client })).send().await;
    let answer = Answer::read(answer.unwrap()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_told_with_who_and_where_from_and_its_name() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let client = add_named(&server, &admin, "warehouse", "deploy-17").await;
    let told = admin.look("/audit?correlation_id=deploy-17").await;
    let entries = told["audit"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(entry["actor"], json!({ "kind": "client", "id": ADMIN }));
    assert_eq!(
        entry["object"],
        json!({ "kind": "client", "id": client["client_id"] })
    );
    assert_eq!(
        (&entry["operation"], &entry["peer"]),
        (&json!("add"), &json!("127.0.0.1"))
    );
    assert_eq!(
        (&entry["before"], &entry["after"]["name"]),
        (&Value::Null, &json!("warehouse"))
    );
    let secret = client["client_secret"].as_str().unwrap();
    assert!(!told.to_string().contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_over_http_is_told_and_no_look_is() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let client = admin.add("/clients", json!({ "name": "a" })).await;
    let path = format!("/clients/{}", client["client_id"].as_str().unwrap());
    admin.patch(&path, json!({ "name": "b" })).await;
    admin
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await;
    admin.get(&path).await;
    let api = json!({ "identifier": "https://b.example", "scopes": [{ "value": "read" }] });
    admin.add("/resource-servers", api).await;
    let grant = json!({
        "client_id": client["client_id"], "audience": "https://b.example", "scope": ["read"],
    });
    let grant = admin.add("/client-grants", grant).await;
    let grant = format!("/client-grants/{}", grant["id"].as_str().unwrap());
    admin.patch(&grant, json!({ "scope": [] })).await;
    admin.delete(&format!("{grant}?revoke_tokens=true")).await;
    admin
        .post("/blacklists/tokens", json!({ "jti": "t1" }))
        .await;
    admin.delete(&path).await;
    let told = admin
        .look(&format!("/audit?actor={ADMIN}&order=oldest"))
        .await;
    let did: Vec<String> = (told["audit"].as_array().unwrap().iter())
        .map(|entry| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            format!(
                "{} {}",
                text(&entry["operation"]),
                text(&entry["object"]["kind"])
            )
        })
        .collect();
    let expected = [
        "add client",
        "update client",
        "rotate_secret client",
        "add api",
        "add grant",
        "update grant",
        "delete grant",
        "revoke revocation",
        "revoke revocation",
        "delete client",
    ];
    assert_eq!(did, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_part_by_part_from_either_end() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for number in 0..5 {
        admin
            .add("/clients", json!({ "name": format!("client {number}") }))
            .await;
    }
    let read = async |order: &str| {
        let mut names = Vec::new();
        let filter = format!("/audit?actor={ADMIN}&object=client&order={order}&take=2");
        let mut path = filter.clone();
        loop {
            let part = admin.look(&path).await;
            let entries = part["audit"].as_array().unwrap().iter();
            names.extend(entries.map(|entry| entry["after"]["name"].as_str().unwrap().to_owned()));
            let Some(next) = part.get("next") else { break };
            path = format!("{filter}&from={}", next.as_str().unwrap());
        }
        names
    };
    let mut oldest = read("oldest").await;
    assert_eq!(oldest.len(), 5);
    assert_eq!(oldest[0], "client 0");
    oldest.reverse();
    assert_eq!(read("newest").await, oldest);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_asked_by_moment() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let count = async |query: &str| {
        let told = admin.look(&format!("/audit?{query}")).await;
        told["audit"].as_array().unwrap().len()
    };
    assert!(count("since=2026-01-01T00:00:00Z").await > 0);
    assert_eq!(count("until=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(count("since=4102444800").await, 0);
    for query in ["since=yesterday", "until=x", "order=random", "from=x"] {
        let answer = admin.own("GET", &format!("/audit?{query}"), None).await;
        problem(&answer, 400, "invalid_query_string");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_nothing_can_match_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for (query, known) in [
        ("operation=frob", "go_live"),
        ("object=klient", "signing_key"),
        ("object=client:", "KIND:ID"),
    ] {
        let answer = admin.own("GET", &format!("/audit?{query}"), None).await;
        assert!(problem(&answer, 400, "invalid_query_string").contains(known));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_for_want_of_a_scope_is_told_of_but_cannot_fill_the_log() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let nosy = Manager::with_scope(&server, "read:clients").await;
    for _ in 0..30 {
        assert_eq!(nosy.delete("/clients/c1").await.status, 403);
    }
    let refused = async || {
        let told = admin.look("/audit?operation=refuse&order=oldest").await;
        told["audit"].as_array().unwrap().clone()
    };
    let told = refused().await;
    assert_eq!(told.len(), 10);
    let call = json!({ "kind": "call", "id": "DELETE /api/v2/clients/c1" });
    assert_eq!(told[0]["object"], call);
    assert_eq!(
        told[0]["after"],
        json!({ "status": 403, "left_out_before": 0 })
    );
    server.advance(std::time::Duration::from_secs(60));
    until("another refusal", async || {
        (nosy.delete("/clients/c1").await.status == 403).then_some(())
    })
    .await;
    assert_eq!(refused().await[10]["after"]["left_out_before"], 20);
}
