//! What rules make of a token.

use crate::harness::{Change, Setup, jti_rule, mirror, rule_that_sets};

#[tokio::test(flavor = "multi_thread")]
async fn without_rules_the_server_sets_a_random_jti() {
    let server = Setup::new().start().await;
    let (one, other) = (server.ask(&[]).await, server.ask(&[]).await);
    assert_ne!(one.claims()["jti"], other.claims()["jti"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_rule_sets_a_fresh_version_4_uuid() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    let claims = server.ask(&[]).await.claims();
    let jti: uuid::Uuid = claims["jti"].as_str().unwrap().parse().unwrap();
    assert_eq!(jti.get_version_num(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_run_in_the_order_of_their_file_names() {
    let server = Setup::new()
        .with("20-second.wasm", rule_that_sets("last", "\"second\""))
        .with("10-first.wasm", rule_that_sets("last", "\"first\""))
        .start()
        .await;
    assert_eq!(server.ask(&[]).await.claims()["last"], "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_rules_changes_are_made_in_their_order() {
    let server = Setup::new().with("10-mirror.wasm", mirror()).start().await;
    let changes = [
        Change::Set("a", "1"),
        Change::Set("b", "{\"x\":[1,2]}"),
        Change::Remove("a"),
        Change::RemoveScope("write"),
        Change::Shorten(60),
    ];
    let answer = server.ask(&[("answer", &Change::spell(&changes))]).await;
    let claims = answer.claims();
    assert_eq!(claims.get("a"), None);
    assert_eq!(claims["b"]["x"][1], 2);
    assert_eq!(claims["scope"], "read");
    assert_eq!(answer.json()["expires_in"], 60);
}
