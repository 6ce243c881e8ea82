//! A server starts with another rules directory than the one that its last rules came from: after a move, a restored
//! backup, a mistake in a path. Nobody loses rules by that.

use std::fs;

use rulemint::reload::{Report, RuleState, Trigger};

use super::{serving_good, version};
use crate::harness::Setup;

/// What is left of a server that had a rule live, with another rules directory, which is not there yet.
async fn moved() -> Setup {
    let setup = serving_good().await.stop().await;
    let other = setup.scratch("other");
    setup.but(|config| config.rules.dir = other)
}

/// The same where the directory is there, and empty.
async fn moved_to_an_empty_one() -> Setup {
    let setup = moved().await;
    fs::create_dir(&setup.config.rules.dir).unwrap();
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_not_there_the_last_good_chain_goes_on() {
    let server = moved().await.start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    let report = server.report().await;
    assert_eq!(report.rules.len(), 1, "{report:?}");
    let problem = report.directory_problem.unwrap();
    assert_eq!(problem.code, "no_directory");
    assert!(
        problem.text.contains("which came from") && problem.text.contains("--rules-dir"),
        "{}",
        problem.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_rule_is_not_in_it_no_server_starts_however_often_it_is_tried() {
    let setup = moved_to_an_empty_one().await;
    let setup = setup.with("20-new.wasm", version("new"));
    for _ in 0..2 {
        let problem = setup.attempt().await.err().unwrap().to_string();
        for told in ["came from", "10-rule", "--accept-fewer-rules"] {
            assert!(problem.contains(told), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_it_ends_once_that_was_accepted() {
    let setup = moved_to_an_empty_one().await;
    let server = setup
        .but(|config| config.rules.accept_fewer = true)
        .start()
        .await;
    assert_eq!(server.ask(&[]).await.claims().get("version"), None);
    let setup = server.stop().await;
    let server = setup
        .but(|config| config.rules.accept_fewer = false)
        .start()
        .await;
    assert_eq!(server.ask(&[]).await.claims().get("version"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_rules_are_in_it_it_is_the_one_that_counts() {
    let setup = moved_to_an_empty_one().await;
    let server = setup.with("10-rule.wasm", version("good")).start().await;
    let report = server.report().await;
    assert_eq!(report.rules[0].state, RuleState::Live);
    let setup = server.stop().await;
    fs::remove_file(setup.config.rules.dir.join("10-rule.wasm")).unwrap();
    let server = setup.start().await;
    server
        .until_rules("no rules", |report| report.rules.is_empty())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_made_later_takes_no_rule_away_before_it_has_them() {
    let server = moved().await.start().await;
    fs::create_dir(server.rules_dir()).unwrap();
    server.put_rule("20-new.wasm", "garbage");
    let rule = server.until_problem("10-rule", "missing").await;
    assert!(rule.problem.unwrap().text.contains("came from"));
    // Whatever is missing would be gone by this.
    server.reloader.send(Trigger::Changed(1)).unwrap();
    let looked = |report: &Report| report.wish == 1;
    server.until_rules("another look", looked).await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    let server = server.stop().await;
    let problem = server.attempt().await.err().unwrap().to_string();
    assert!(problem.contains("10-rule of it is not here"), "{problem}");
    let server = server.with("10-rule.wasm", version("good")).start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earlier_generations_can_still_be_gone_back_to() {
    let setup = moved_to_an_empty_one().await;
    let server = setup.with("10-rule.wasm", version("new")).start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "new");
    let rollback = Trigger::Rollback { to: None, wish: 1 };
    server.reloader.send(rollback).unwrap();
    server
        .until_rules("the wish", |report| report.wish == 1)
        .await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}
