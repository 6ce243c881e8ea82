//! A rule goes live only if it passes its own golden cases.

use std::fs;

use rulemint::reload::RuleState;

use super::{serving_good, until_version, version};
use crate::harness::{Program, Setup, TestServer};

/// A case that expects the claim `version` to be set to this.
fn case(version: &str) -> String {
    let value = format!(r#"{{"op":"set_claim","name":"version","value":{version}}}"#);
    format!(r#"{{"description":"the version is set","expect":{{"changes":[{value}]}}}}"#)
}

fn put_case(server: &TestServer, name: &str, text: &str) {
    let directory = server.rules_dir().join("10-rule.cases");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_passes_goes_live() {
    let server = serving_good().await;
    put_case(
        &server,
        "version.json",
        &case(r#"{"$matches":"^(good|new)$"}"#),
    );
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_answers_otherwise_leaves_the_last_good_one_serving_and_shows_the_difference() {
    let server = serving_good().await;
    put_case(&server, "version.json", &case("\"good\""));
    server.put_rule("10-rule.wasm", version("bad"));
    let rule = server.until_problem("10-rule", "case").await;
    assert_eq!(rule.state, RuleState::Kept);
    let text = rule.problem.unwrap().text;
    assert!(text.contains("golden case version.json"), "{text}");
    assert!(text.contains("-      \"value\": \"good\""), "{text}");
    assert!(text.contains("+      \"value\": \"bad\""), "{text}");
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_case_is_put_to_the_rule_that_runs() {
    let server = serving_good().await;
    put_case(&server, "version.json", &case("\"other\""));
    let rule = server.until_problem("10-rule", "case").await;
    assert_eq!(rule.state, RuleState::Kept);
    put_case(&server, "version.json", &case("\"good\""));
    server
        .until_rules("no problem", |report| report.problems() == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_case_is_named() {
    let server = serving_good().await;
    put_case(&server, "typo.json", r#"{"expects":{"changes":[]}}"#);
    let text = server
        .until_problem("10-rule", "case")
        .await
        .problem
        .unwrap()
        .text;
    assert!(
        text.contains("typo.json is no golden case: unknown field `expects`"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_no_answer_can_meet_is_told_with_its_place() {
    let server = serving_good().await;
    put_case(
        &server,
        "typo.json",
        r#"{"expect":{"denied":{"code":"no"}}}"#,
    );
    let rule = server.until_problem("10-rule", "case").await;
    let text = rule.problem.unwrap().text;
    let told = "typo.json is no golden case: expect.denied.code: \"no\" is none of access_denied,";
    assert!(text.contains(told), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_may_stand_in_the_manifest() {
    let manifest = "[[cases]]\ndescription = \"none\"\nexpect.changes = []\n";
    let setup = Setup::new().with("10-rule.wasm", version("good"));
    let message = setup.with("10-rule.toml", manifest).refusal().await;
    assert!(
        message.contains("golden case cases[0] (none): it answers otherwise"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_may_bring_its_own_event_and_settings() {
    let program = Program {
        enrich: r#"{"changes":[{"op":"set_claim","name":"event","value":@}]}"#,
        ..Program::default()
    };
    let case = r#"{"event":{"audience":"https://x.example","client":{"metadata":{"tier":"gold"}}},
        "settings":{"color":"red"},
        "expect":{"changes":[{"op":"set_claim","name":"event","value":{
            "audience":"https://x.example","claims":{"$any":true},"grant_id":{"$any":true},
            "client":{"id":"client","name":{"$any":true},"metadata":{"tier":"gold"}},
            "grant_type":"client_credentials","issued_at":1767225600,"lifetime":86400,"parameters":{},
            "scopes":{"requested":[],"granted":["read","write"]},"settings":{"color":"red"},"subject":null,
            "transaction_id":{"$matches":"."}}}]}}"#;
    let setup = Setup::new().with("10-rule.wasm", program.module());
    let directory = setup.config.rules.dir.join("10-rule.cases");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("event.json"), case).unwrap();
    setup.start().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_make_a_new_generation_of_a_rule_with_cases() {
    let setup = Setup::new().with("10-rule.wasm", version("good"));
    let directory = setup.config.rules.dir.join("10-rule.cases");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("version.json"), case("\"good\"")).unwrap();
    let server = setup.start().await;
    let before = server.report().await.generation;
    let server = server.stop().await.start().await;
    assert_eq!(server.report().await.generation, before);
}
