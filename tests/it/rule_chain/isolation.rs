//! Rules know nothing of each other.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Lines, Setup, TestServer, from_text};

/// A rule that looks for traces of another and leaves some: it traps if it finds any.
fn canary(name: &str, secret: &str, other: &str) -> Vec<u8> {
    let text = include_str!("../../fixtures/rules/canary.wat");
    let named = text.replace("NAME", name).replace("OTHR", other);
    from_text(&named.replace("SCRT", secret), "rule")
}

/// Settings, a cache, a secret that both have under one name, and one that only this rule has.
fn manifest(name: &str) -> String {
    format!(
        "[settings]\nknown_to = \"{name} alone\"\n[cache]\n\
         [secrets.shared]\nenv = \"{name}\"\nvisible = true\n\
         [secrets.{name}]\nenv = \"{name}\"\nvisible = true\n"
    )
}

async fn with_two_canaries() -> TestServer {
    Setup::new()
        .with("10-one.wasm", canary("one1", "key-one1", "two2"))
        .with("10-one.toml", manifest("one1"))
        .with("20-two.wasm", canary("two2", "key-two2", "one1"))
        .with("20-two.toml", manifest("two2"))
        .with_variables([("one1", "key-one1"), ("two2", "key-two2")])
        .start()
        .await
}

/// Memory, cache and secrets: the canaries look themselves. Settings: the claims. Log: the lines.
#[tokio::test]
async fn two_rules_in_turn_see_nothing_of_each_other_in_ten_thousand_calls() {
    let lines = Lines::here();
    let server = with_two_canaries().await;
    for _ in 0..5_000 / LINES_AT_ONCE {
        for _ in 0..LINES_AT_ONCE {
            server.issue(&[]).await.unwrap();
        }
        server.advance(Duration::from_secs(10)); // Or the log's limit would leave lines out.
    }
    let claims = server.ask(&[]).await.claims();
    for (rule, name, other) in [("10-one", "one1", "two2"), ("20-two", "two2", "one1")] {
        assert_eq!(claims[name], json!({ "known_to": format!("{name} alone") }));
        let said = lines.with(&format!("rule=\"{rule}\""));
        let own = said.iter().filter(|line| line.contains(name));
        assert_eq!(own.count(), 5_001, "a line for each call of {rule}");
        let foreign = said.iter().find(|line| line.contains(other));
        assert_eq!(foreign, None, "{rule} says what only the other knows");
    }
}

/// As many as the server writes of one rule without a pause.
const LINES_AT_ONCE: u32 = 500;
