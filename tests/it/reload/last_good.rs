//! The last good version of a rule serves on, also across a restart.

use std::fs;

use rulemint::reload::{RuleState, Trigger};
use rulemint::server::StartError;

use super::{serving_good, until_version, version};
use crate::harness::{Lines, Setup, TestServer, jti_rule, rule_that_sets};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_does_not_outlast_a_good_one() {
    let server = serving_good().await;
    server.put_rule("10-rule.wasm", "garbage");
    server.until_problem("10-rule", "not_a_rule").await;
    server.put_rule("10-rule.wasm", version("better"));
    until_version(&server, "better").await;
    let live = |report: &rulemint::reload::Report| report.rules[0].state == RuleState::Live;
    let report = server.until_rules("the rule to be live", live).await;
    assert_eq!(report.rules[0].problem, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_kept_version_still_serves() {
    let server = serving_good().await;
    server.put_rule("10-rule.wasm", "garbage");
    server.until_problem("10-rule", "not_a_rule").await;
    let server = server.stop().await.start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    let report = server.report().await;
    assert_eq!(report.rules[0].state, RuleState::Kept);
    assert_eq!(report.rules[0].problem.as_ref().unwrap().code, "not_a_rule");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_whose_file_goes_while_its_manifest_stays_runs_on() {
    let server = serving_good().await;
    server.put_rule("10-rule.toml", "description = \"kept\"\n");
    let described = |report: &rulemint::reload::Report| report.rules[0].description == "kept";
    server.until_rules("the manifest", described).await;
    let directory = server.rules_dir();
    fs::rename(directory.join("10-rule.wasm"), directory.join("aside")).unwrap();
    let rule = server.until_problem("10-rule", "manifest").await;
    assert_eq!(rule.state, RuleState::Kept);
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_rule_without_its_file_is_gone() {
    let setup = serving_good().await.stop().await;
    fs::remove_file(setup.config.rules.dir.join("10-rule.wasm")).unwrap();
    let server = setup.start().await;
    server
        .until_rules("no rules", |report| report.rules.is_empty())
        .await;
    assert_eq!(server.ask(&[]).await.claims().get("version"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_start_with_a_bad_rule_that_never_was_good() {
    let setup = Setup::new().with("10-rule.wasm", "garbage");
    let problem = setup.try_start().await.err().unwrap();
    assert!(matches!(problem, StartError::Rules(_)), "{problem:?}");
    let text = problem.to_string();
    assert!(
        text.contains("10-rule") && text.contains("it is not WebAssembly"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_beside_rules_that_were_good_keeps_no_server_from_starting_again() {
    let server = serving_good().await;
    server.put_rule("41-bad.wasm", "garbage");
    server.until_problem("41-bad", "not_a_rule").await;
    let generation = server.report().await.generation;
    let server = server.stop().await.start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    let report = server.report().await;
    assert_eq!(report.generation, generation);
    assert_eq!(report.rules[1].state, RuleState::Refused);
    let problem = report.rules[1].problem.as_ref().unwrap();
    assert_eq!(problem.code, "not_a_rule");
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["checks"]["rules"], "refused: 41-bad");
}

#[tokio::test]
async fn the_log_names_the_rules_that_are_live_and_no_others() {
    let setup = serving_good().await.stop().await;
    let lines = Lines::here();
    let server = setup.with("20-bad.wasm", "garbage").start().await;
    server.until_problem("20-bad", "not_a_rule").await;
    let said = lines.with("the rules are live");
    assert!(said[0].contains("rules=\"10-rule\""), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_file_that_is_bad_keeps_a_server_from_starting_again() {
    let setup = serving_good().await.stop().await;
    let setup = setup.with("41-bad.wasm", "garbage");
    let problem = setup
        .but(|config| config.rules.required = vec!["41-bad".to_owned()])
        .refusal()
        .await;
    assert!(problem.contains("41-bad"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_without_a_bad_rule_whose_failures_are_skipped() {
    let server = Setup::new()
        .with("10-rule.wasm", "garbage")
        .with("10-rule.toml", "on_error = \"skip\"\n")
        .with("20-jti.wasm", jti_rule())
        .start()
        .await;
    assert_eq!(server.report().await.rules[0].state, RuleState::Refused);
    server.ask(&[]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_start_without_a_required_rule() {
    let setup = Setup::new().but(|config| config.rules.required = vec!["10-rule".to_owned()]);
    let problem = setup.refusal().await;
    assert!(problem.contains("10-rule"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_rule_stays_when_its_file_goes() {
    let setup = Setup::new().with("10-rule.wasm", version("good"));
    let server = setup
        .with("10-rule.toml", "required = true\n")
        .start()
        .await;
    fs::remove_file(server.rules_dir().join("10-rule.wasm")).unwrap();
    fs::remove_file(server.rules_dir().join("10-rule.toml")).unwrap();
    let missing = |report: &rulemint::reload::Report| {
        report
            .rules
            .first()
            .is_some_and(|rule| rule.state == RuleState::Missing)
    };
    server.until_rules("the rule to be missed", missing).await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compiled_rule_that_was_tampered_with_is_compiled_again() {
    let server = serving_good().await;
    let compiled = server.data_dir().join("compiled");
    let setup = server.stop().await;
    let mut tampered = 0;
    for entry in fs::read_dir(&compiled).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        tampered += 1;
    }
    assert_eq!(tampered, 1);
    let server = setup.start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

/// A server's setup, after the last good version of its rule has become another.
async fn tampered_with(server: TestServer) -> Setup {
    let kept = server.data_dir().join("rules");
    let setup = server.stop().await;
    for entry in fs::read_dir(&kept).unwrap() {
        fs::write(entry.unwrap().path(), rule_that_sets("version", "\"evil\"")).unwrap();
    }
    setup
}

/// Tries to start with what is left, again and again: a refusal does not make the next start think that there was less.
async fn refused_twice(setup: Setup) -> String {
    let first = setup.attempt().await.err().unwrap().to_string();
    assert_eq!(setup.refusal().await, first);
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_file_that_was_tampered_with_is_not_run() {
    let setup = tampered_with(serving_good().await).await;
    let problem = refused_twice(setup.with("10-rule.wasm", "garbage")).await;
    assert!(problem.contains("10-rule"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_goes_on_with_less_than_the_last_good_chain_because_its_directory_is_gone() {
    let setup = tampered_with(serving_good().await).await;
    fs::remove_dir_all(&setup.config.rules.dir).unwrap();
    let problem = refused_twice(setup).await;
    assert!(
        problem.contains("10-rule: its last good version cannot run"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_goes_on_with_less_than_the_chain_that_was_gone_back_to() {
    let server = serving_good().await;
    let first = server.report().await.generation;
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
    let rollback = Trigger::Rollback {
        to: Some(first),
        wish: 1,
    };
    server.reloader.send(rollback).unwrap();
    server
        .until_rules("the wish", |report| report.wish == 1)
        .await;
    let problem = refused_twice(tampered_with(server).await).await;
    assert!(
        problem.contains("10-rule: its last good version cannot run"),
        "{problem}"
    );
}
