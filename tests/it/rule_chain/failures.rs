//! Rules that say no, and rules that fail.

use std::time::Duration;

use rulemint::rule::Fault;

use super::mirrored;
use crate::harness::{Answer, Change, Setup, TestServer, mirror, rule_that_sets, until};

async fn answer_to(server: &TestServer, change: Change<'_>) -> Answer {
    server.ask(&[("answer", &Change::spell(&[change]))]).await
}

async fn skipping() -> TestServer {
    Setup::new()
        .with("10-mirror.wasm", mirror())
        .with("10-mirror.toml", "on_error = \"skip\"\n")
        .with("20-well.wasm", rule_that_sets("well", "true"))
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_reaches_the_caller_in_the_rules_words() {
    let server = mirrored().await;
    let answer = answer_to(
        &server,
        Change::Deny("access_denied", "the contract has ended"),
    )
    .await;
    assert_eq!(
        answer.refused(403, "access_denied"),
        "the contract has ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_code_a_rule_may_deny_with_has_its_status() {
    let server = mirrored().await;
    for code in [
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "unauthorized_client",
    ] {
        answer_to(&server, Change::Deny(code, "no"))
            .await
            .refused(400, code);
    }
    let answer = answer_to(&server, Change::Deny("temporarily_unavailable", "later")).await;
    answer.refused(503, "temporarily_unavailable");
    assert_ne!(answer.header("retry-after"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_21_a_denial_with_quotes_and_control_characters_is_made_speakable() {
    let server = mirrored().await;
    let answer = answer_to(
        &server,
        Change::Deny("access_denied", "a \"b\" \\ \u{0} \u{e9} c"),
    )
    .await;
    assert_eq!(answer.refused(403, "access_denied"), "a 'b' / ? ? c");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_with_a_code_that_is_none_is_the_rules_fault() {
    let server = mirrored().await;
    let answer = Change::spell(&[Change::Deny("go_away", "no")]);
    let fault = server.fault(&[("answer", &answer)]).await;
    assert!(
        fault.to_string().contains("access_denied, invalid_request"),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_finds_wanting_is_an_invalid_request() {
    let server = mirrored().await;
    let answer = answer_to(&server, Change::Invalid("say which tenant")).await;
    assert_eq!(answer.refused(400, "invalid_request"), "say which tenant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rules_own_fault_is_kept_from_the_caller() {
    let server = mirrored().await;
    let answer = answer_to(&server, Change::Internal("the table is empty")).await;
    let description = answer.refused(500, "server_error");
    assert!(!description.contains("table"), "{description}");
    assert!(
        description.contains(answer.header("x-transaction-id")),
        "{description}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_is_a_crash_that_names_where() {
    let server = mirrored().await;
    let fault = server
        .fault(&[("answer", &Change::spell(&[Change::Trap]))])
        .await;
    let expected = "it crashed: wasm trap: wasm `unreachable` instruction executed (in change)";
    assert_eq!(fault.to_string(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_may_fail_is_skipped_and_the_next_one_runs() {
    let server = skipping().await;
    let answer = answer_to(&server, Change::Internal("oh")).await;
    assert_eq!(answer.claims()["well"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_may_fail_can_still_deny() {
    let server = skipping().await;
    answer_to(&server, Change::Deny("access_denied", "no"))
        .await
        .refused(403, "access_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_keeps_failing_is_left_alone_and_tried_again_later() {
    let server = mirrored().await;
    let fail = Change::spell(&[Change::Trap]);
    until("the rule to be left alone", async || {
        let fault = server.fault(&[("answer", &fail)]).await;
        matches!(fault, Fault::Quarantined { .. }).then_some(())
    })
    .await;
    let answer = server.ask(&[]).await;
    answer.refused(503, "temporarily_unavailable");
    assert_ne!(answer.header("retry-after"), "");
    server.advance(Duration::from_secs(60));
    server.ask(&[]).await.token();
    server.ask(&[]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn denials_are_no_failures() {
    let server = mirrored().await;
    for _ in 0..100 {
        answer_to(&server, Change::Deny("access_denied", "no"))
            .await
            .refused(403, "access_denied");
    }
    server.ask(&[]).await.token();
}
