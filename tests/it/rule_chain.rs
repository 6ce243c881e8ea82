//! What rules make of a token.

mod any_output;
mod failures;
mod isolation;
mod log_lines;
mod manifest;
mod protected;
mod refused_changes;

use serde_json::{Value, json};

use crate::harness::{
    AUDIENCE, CLIENT, Change, Setup, TestServer, assembled, jti_rule, mirror, rule_that_sets, typed,
};

/// A server whose one rule answers as it is told.
pub(crate) async fn mirrored() -> TestServer {
    Setup::new().with("10-mirror.wasm", mirror()).start().await
}

/// Asks for a token with these changes, and gives its claims.
pub(crate) async fn claims_with(server: &TestServer, changes: &[Change<'_>]) -> Value {
    server
        .ask(&[("answer", &Change::spell(changes))])
        .await
        .claims()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rules_the_server_sets_a_random_jti() {
    let server = Setup::new().start().await;
    let (one, other) = (server.ask(&[]).await, server.ask(&[]).await);
    assert_ne!(one.claims()["jti"], other.claims()["jti"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_rule_sets_a_fresh_version_4_uuid() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    let (one, other) = (
        server.ask(&[]).await.claims(),
        server.ask(&[]).await.claims(),
    );
    let jti: uuid::Uuid = one["jti"].as_str().unwrap().parse().unwrap();
    assert_eq!(jti.get_version_num(), 4);
    assert_ne!(one["jti"], other["jti"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_was_built_for_a_borrowed_request_runs() {
    let wit = include_str!("../../wit/rule.wit")
        .replace("(request: request)", "(request: borrow<request>)");
    let text = include_str!("../fixtures/rules/tell-event.wat");
    let rule = typed(wat::parse_str(text).unwrap(), &wit, "rule");
    let server = Setup::new().with("10-rule.wasm", rule).start().await;
    assert_eq!(
        server.ask(&[]).await.claims()["event"]["audience"],
        AUDIENCE
    );
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
async fn changes_are_made_in_their_order() {
    let server = mirrored().await;
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
    assert_eq!(claims["b"], json!({ "x": [1, 2] }));
    assert_eq!(claims["scope"], "read");
    assert_eq!(answer.json()["expires_in"], 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifetime_is_never_made_longer() {
    let server = mirrored().await;
    let answer = Change::spell(&[Change::Shorten(100), Change::Shorten(200_000)]);
    let answer = server.ask(&[("answer", &answer)]).await;
    assert_eq!(answer.json()["expires_in"], 100);
    let claims = answer.claims();
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(lifetime, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_was_not_granted_can_be_taken_away_without_effect() {
    let server = mirrored().await;
    let claims = claims_with(&server, &[Change::RemoveScope("admin")]).await;
    assert_eq!(claims["scope"], "read write");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_any_scope_left_has_no_scope_claim() {
    let server = mirrored().await;
    let both = [Change::RemoveScope("read"), Change::RemoveScope("write")];
    assert_eq!(claims_with(&server, &both).await.get("scope"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_digit_of_a_large_number_reaches_the_token() {
    let server = mirrored().await;
    let digits = "123456789012345678901234567890.125";
    let token = server
        .ask(&[("answer", &Change::spell(&[Change::Set("n", digits)]))])
        .await
        .token();
    let payload = token.split('.').nth(1).unwrap();
    let payload =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload);
    assert!(
        String::from_utf8(payload.unwrap())
            .unwrap()
            .contains(digits)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_reads_all_there_is_to_know_about_the_request() {
    let teller = assembled("tell-event");
    let server = Setup::new()
        .with("10-set.wasm", rule_that_sets("earlier", "true"))
        .with("20-tell.wasm", teller)
        .with("20-tell.toml", "[settings]\ntier = \"gold\"\n")
        .start()
        .await;
    let answer = server.ask(&[("scope", "read"), ("color", "red")]).await;
    let claims = answer.claims();
    let event = &claims["event"];
    assert_eq!(event["transaction_id"], answer.header("x-transaction-id"));
    assert_eq!(event["audience"], AUDIENCE);
    assert_eq!(event["grant_type"], "client_credentials");
    assert_eq!(event["client"]["id"], CLIENT);
    assert_eq!(event["client"]["metadata"], json!({ "tier": "gold" }));
    assert_eq!(
        event["scopes"],
        json!({ "requested": ["read"], "granted": ["read"] })
    );
    assert_eq!(event["parameters"], json!({ "color": "red" }));
    assert_eq!(event["settings"], json!({ "tier": "gold" }));
    assert_eq!(event["claims"]["earlier"], true);
    assert_eq!(event["claims"]["sub"], CLIENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_never_see_credentials() {
    let server = Setup::new()
        .with("20-tell.wasm", assembled("tell-event"))
        .start()
        .await;
    let secrets = [("password", "p4ss"), ("code", "c0de")];
    let claims = server.ask(&secrets).await.claims();
    assert_eq!(claims["event"]["parameters"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_do_not_touch_tokens_for_the_management_api() {
    let server = Setup::new()
        .but(|config| {
            config.admin.client_id = Some("admin".to_owned());
            config.admin.client_secret = Some("an-administrators-secret-for-tests-only".into());
        })
        .with("10-set.wasm", rule_that_sets("well", "true"))
        .start()
        .await;
    let answer = server
        .post(&[
            ("grant_type", "client_credentials"),
            ("client_id", "admin"),
            ("client_secret", "an-administrators-secret-for-tests-only"),
            ("audience", &format!("{}/api/v2/", server.address)),
        ])
        .await;
    assert_eq!(answer.claims().get("well"), None);
}
