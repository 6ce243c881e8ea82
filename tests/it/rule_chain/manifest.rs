//! What the manifest beside a rule changes.

use std::time::Duration;

use rulemint::registry::{NewApi, NewGrant};
use serde_json::json;

use crate::harness::{AUDIENCE, CLIENT, Setup, TestServer, assembled, from_text, rule_that_sets};

async fn with_manifest(manifest: &str) -> TestServer {
    let rule = rule_that_sets("well", "true");
    Setup::new()
        .with("10-rule.wasm", rule)
        .with("10-rule.toml", manifest)
        .start()
        .await
}

async fn runs_with(manifest: &str) -> bool {
    let server = with_manifest(manifest).await;
    server.ask(&[]).await.claims().get("well").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_manifest_changes_nothing() {
    assert!(runs_with("").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_runs_for_the_audiences_clients_and_grant_types_it_names() {
    assert!(runs_with(&format!("[when]\naudiences = [{AUDIENCE:?}]\n")).await);
    assert!(runs_with(&format!("[when]\nclients = [\"other\", {CLIENT:?}]\n")).await);
    assert!(runs_with("[when]\ngrant_types = [\"client_credentials\"]\n").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_does_not_run_for_others() {
    assert!(!runs_with("[when]\naudiences = [\"https://other.example\"]\n").await);
    assert!(!runs_with("[when]\nclients = [\"other\"]\n").await);
    assert!(!runs_with("[when]\ngrant_types = [\"password\"]\n").await);
    assert!(!runs_with("[when]\nclients = []\n").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_the_conditions_must_hold() {
    let manifest = format!("[when]\naudiences = [{AUDIENCE:?}]\nclients = [\"other\"]\n");
    assert!(!runs_with(&manifest).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_for_one_api_leaves_the_tokens_of_another_alone() {
    let server = with_manifest("[when]\naudiences = [\"https://other.example\"]\n").await;
    server
        .registrar
        .add_api(NewApi::named("https://other.example"))
        .await
        .unwrap();
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: "https://other.example".to_owned(),
        scope: None,
    };
    server.registrar.add_grant(grant).await.unwrap();
    server.until_granted("https://other.example").await;
    assert_eq!(
        server.ask_for("https://other.example").await.claims()["well"],
        true
    );
    assert_eq!(server.ask(&[]).await.claims().get("well"), None);
}

fn picky(settings: &str) -> Setup {
    let text = include_str!("../../fixtures/rules/picky.wat");
    let rule = from_text(text, "rule-with-settings");
    Setup::new()
        .with("10-picky.wasm", rule)
        .with("10-picky.toml", settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_reads_its_settings() {
    let server = picky("[settings]\ntier = \"gold\"\nlimits = [1, 2.5]\n")
        .start()
        .await;
    let expected = json!({ "tier": "gold", "limits": [1, 2.5] });
    assert_eq!(server.ask(&[]).await.claims()["settings"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_rule_refuses_keep_it_from_going_live() {
    let problem = picky("").refusal().await;
    assert!(
        problem.contains("it refuses its settings:\n  tier is missing\n  region is missing"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_of_the_manifest_a_cache_forgets_at_once() {
    let server = Setup::new()
        .with("10-remember.wasm", assembled("remember"))
        .start()
        .await;
    for _ in 0..2 {
        assert_eq!(server.ask(&[]).await.claims().get("remembered"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_keeps_a_value_for_its_time() {
    let setup = Setup::new().with("10-remember.wasm", assembled("remember"));
    let server = setup.with("10-remember.toml", "[cache]\n").start().await;
    assert_eq!(server.ask(&[]).await.claims().get("remembered"), None);
    assert_eq!(server.ask(&[]).await.claims()["remembered"], true);
    server.advance(Duration::from_secs(61));
    assert_eq!(server.ask(&[]).await.claims().get("remembered"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rules_do_not_share_a_cache() {
    let server = Setup::new()
        .with("10-one.wasm", assembled("remember"))
        .with(
            "10-one.toml",
            format!("[cache]\n[when]\naudiences = [{AUDIENCE:?}]\n"),
        )
        .with("20-other.wasm", assembled("remember"))
        .with("20-other.toml", "[cache]\n")
        .start()
        .await;
    // Each keeps a value after having looked: the second would find the first one's at once.
    assert_eq!(server.ask(&[]).await.claims().get("remembered"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn larger_limits_are_given_by_the_manifest() {
    let manifest = "[limits]\noutput_bytes = 200000\n";
    let flood = assembled("rogue/flood-output");
    let setup = Setup::new().with("10-flood.wasm", flood);
    let server = setup.with("10-flood.toml", manifest).start().await;
    // The answer is accepted now, and what stops it is the next limit: a token of 8,192 bytes.
    let refused = server.issue(&[]).await.err().unwrap();
    assert!(refused.to_string().contains("8192"), "{refused}");
}
