//! `/rules` and `/reloads`

use serde_json::json;

use super::super::{ADMIN, Manager, setup};
use super::problem;
use crate::harness::rule_that_sets;

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_are_told_with_their_state_and_the_reason() {
    let server = setup()
        .with("10-good.wasm", rule_that_sets("version", "\"one\""))
        .start()
        .await;
    let admin = Manager::of(&server).await;
    server.put_rule("20-bad.wasm", "no module");
    let answer = admin.own("POST", "/reloads", None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = admin.look("/rules").await;
    assert_eq!(told["generation"], 1);
    assert_eq!(
        (&told["rules"][0]["name"], &told["rules"][0]["state"]),
        (&json!("10-good"), &json!("live"))
    );
    assert_eq!(
        (&told["rules"][1]["name"], &told["rules"][1]["state"]),
        (&json!("20-bad"), &json!("refused"))
    );
    assert!(told["rules"][1]["problem"]["text"].is_string(), "{told}");
    assert_eq!(told["rests"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_generation_comes_back_before_the_answer_and_stands_in_the_log() {
    let server = setup()
        .with("10-version.wasm", rule_that_sets("version", "\"one\""))
        .start()
        .await;
    let admin = Manager::of(&server).await;
    server.put_rule("10-version.wasm", rule_that_sets("version", "\"two\""));
    let answer = admin.own("POST", "/reloads", None).await;
    assert_eq!(answer.json()["generation"], 2, "{answer:?}");
    assert_eq!(server.ask(&[]).await.claims()["version"], "two");
    let answer = admin.own("POST", "/rules/rollback", Some(json!({}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["rolled_back"], true);
    assert_eq!(server.ask(&[]).await.claims()["version"], "one");
    let told = admin.look("/audit?operation=rollback").await;
    assert_eq!(told["audit"][0]["actor"]["id"], ADMIN);
    assert_eq!(
        told["audit"][0]["object"],
        json!({ "kind": "rules", "id": "previous" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_gone_back_to_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let answer = admin
        .own("POST", "/rules/rollback", Some(json!({ "generation": 99 })))
        .await;
    assert!(problem(&answer, 404, "not_found").contains("99"));
    let told = admin.look("/audit?operation=rollback").await;
    assert_eq!(told["audit"][0]["after"], json!({ "asked_for": true }));
    let answer = admin.own("POST", "/rules/rollback", Some(json!({}))).await;
    problem(&answer, 404, "not_found");
    let answer = admin
        .own(
            "POST",
            "/rules/rollback",
            Some(json!({ "generation": "one" })),
        )
        .await;
    problem(&answer, 400, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_takes_no_body() {
    let server = setup()
        .with("10-version.wasm", rule_that_sets("version", "\"one\""))
        .start()
        .await;
    let admin = Manager::of(&server).await;
    server.put_rule("10-version.wasm", rule_that_sets("version", "\"two\""));
    admin.own("POST", "/reloads", None).await;
    let answer = admin.own("POST", "/rules/rollback", None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["rolled_back_to"], 1);
}
