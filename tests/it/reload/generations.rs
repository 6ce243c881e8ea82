//! Every change of the chain is a generation with a number, and earlier ones can be gone back to.

use rulemint::reload::{Report, Trigger};

use super::{serving_good, until_version, version};
use crate::harness::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_a_generation_and_the_earlier_ones_are_listed() {
    let server = serving_good().await;
    let first = server.report().await.generation;
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
    let report = server
        .until_rules("the next generation", |report| report.generation > first)
        .await;
    assert_eq!(report.generation, first + 1);
    assert_eq!(report.earlier[0].generation, first);
    assert!(report.earlier[0].rules[0].starts_with("10-rule@"));
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_an_unchanged_directory_makes_no_generation() {
    let server = serving_good().await;
    let before = server.report().await;
    server.reloader.send(Trigger::Retry(7)).unwrap();
    let after = server
        .until_rules("the wish", |report| report.wish == 7)
        .await;
    assert_eq!(after.generation, before.generation);
}

/// A server that went from `good` to `new` and back again, and the number of its first generation.
async fn rolled_back() -> (TestServer, i64) {
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
    (server, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_brings_an_earlier_chain_back() {
    let (server, first) = rolled_back().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    let report = server.report().await;
    assert!(report.rolled_back);
    assert_eq!(report.generation, first + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_holds_across_a_restart() {
    let (server, _) = rolled_back().await;
    let server = server.stop().await.start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_ends_when_the_directory_changes() {
    let (server, _) = rolled_back().await;
    server.put_rule("10-rule.wasm", version("newest"));
    until_version(&server, "newest").await;
    server
        .until_rules("the rollback to be over", |report| !report.rolled_back)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_over_when_the_directory_is_what_was_gone_back_to() {
    let (server, _) = rolled_back().await;
    let before = server.report().await;
    server.put_rule("10-rule.wasm", version("good"));
    let over = |report: &Report| !report.rolled_back;
    let report = server.until_rules("the rollback to be over", over).await;
    assert_eq!(report.generation, before.generation, "nothing else is live");
    let server = server.stop().await.start().await;
    assert!(!server.report().await.rolled_back);
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_a_rule_ends_no_rollback() {
    let (server, _) = rolled_back().await;
    server.put_rule("10-rule.wasm", "garbage");
    server.until_problem("10-rule", "not_a_rule").await;
    assert!(server.report().await.rolled_back);
    server.put_rule("10-rule.wasm", version("new"));
    let held = |report: &Report| report.rules[0].problem.is_none();
    let report = server.until_rules("the file to be back", held).await;
    assert!(report.rolled_back);
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_to_what_never_was_says_so() {
    let server = serving_good().await;
    server
        .reloader
        .send(Trigger::Rollback {
            to: Some(999),
            wish: 3,
        })
        .unwrap();
    let report = server
        .until_rules("the wish", |report| report.wish == 3)
        .await;
    let problem = report.wish_problem.unwrap();
    assert!(problem.contains("999"), "{problem}");
}

/// Goes back without a number, and says how the rules stand then.
async fn go_back(server: &TestServer, wish: i64) -> Report {
    let rollback = Trigger::Rollback { to: None, wish };
    server.reloader.send(rollback).unwrap();
    server
        .until_rules("the wish", |report| report.wish == wish)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rollback_goes_further_back() {
    let server = serving_good().await;
    for name in ["new", "newest"] {
        server.put_rule("10-rule.wasm", version(name));
        until_version(&server, name).await;
    }
    go_back(&server, 1).await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "new");
    go_back(&server, 2).await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    let report = go_back(&server, 3).await;
    let problem = report.wish_problem.clone().unwrap();
    assert!(problem.contains("no earlier generation"), "{problem}");
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fled_is_not_gone_back_to_after_the_next_change() {
    let (server, first) = rolled_back().await;
    server.put_rule("10-rule.wasm", version("newest"));
    until_version(&server, "newest").await;
    let report = go_back(&server, 2).await;
    assert_eq!(report.rolled_back_to, Some(first));
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_waits_does_not_go_live_before_a_rollback() {
    let server = serving_good().await;
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
    server.put_rule("10-rule.wasm", version("newest"));
    let report = go_back(&server, 1).await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    assert!(report.rolled_back, "{report:?}");
    let causes = report.earlier.iter().map(|earlier| &earlier.cause);
    assert_eq!(causes.count(), 2, "{report:?}");
}
