//! Rules know nothing of each other.

use serde_json::json;

use crate::harness::{Setup, TestServer, from_text};

/// A rule that looks for traces of others and leaves some: it traps if it finds any.
fn canary(name: &str) -> Vec<u8> {
    let text = include_str!("../../fixtures/rules/canary.wat");
    from_text(&text.replace("NAME", name), "rule")
}

async fn with_two_canaries() -> TestServer {
    let manifest = |secret: &str| format!("[settings]\nsecret = \"{secret}\"\n[cache]\n");
    Setup::new()
        .with("10-one.wasm", canary("one1"))
        .with("10-one.toml", manifest("only the first rule knows"))
        .with("20-two.wasm", canary("two2"))
        .with("20-two.toml", manifest("only the second one knows"))
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rules_in_turn_see_nothing_of_each_other_in_ten_thousand_calls() {
    let server = with_two_canaries().await;
    for _ in 0..5_000 {
        server.issue(&[]).await.unwrap();
    }
    let claims = server.ask(&[]).await.claims();
    assert_eq!(
        claims["one1"],
        json!({ "secret": "only the first rule knows" })
    );
    assert_eq!(
        claims["two2"],
        json!({ "secret": "only the second one knows" })
    );
}
