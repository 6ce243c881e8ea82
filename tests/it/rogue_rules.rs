//! Rules that mean harm, each held by a limit of its own. The sources are in `tests/fixtures/rules/rogue`.

mod neighbours;

use futures_util::future::join_all;
use rulemint::rule::{Fault, LimitHit};

use crate::harness::{Setup, TestServer, assembled};

async fn server_with(rogue: &str) -> TestServer {
    let rule = assembled(&format!("rogue/{rogue}"));
    Setup::new().with("10-rogue.wasm", rule).start().await
}

async fn limit_hit_by(rogue: &str) -> LimitHit {
    match server_with(rogue).await.fault(&[]).await {
        Fault::Limit(limit) => limit,
        other => panic!("another fault: {other}"),
    }
}

async fn crash_of(rogue: &str) -> String {
    match server_with(rogue).await.fault(&[]).await {
        Fault::Crash(text) => text,
        other => panic!("another fault: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spinning_in_the_call_ends_with_its_processor_time() {
    assert_eq!(limit_hit_by("spin-in-call").await, LimitHit::Cpu(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn spinning_in_realloc_ends_with_its_processor_time() {
    assert_eq!(limit_hit_by("spin-in-realloc").await, LimitHit::Cpu(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn spinning_after_the_return_ends_with_its_processor_time() {
    assert_eq!(limit_hit_by("spin-after-return").await, LimitHit::Cpu(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ends_with_its_wall_time_however_much_processor_time_is_left() {
    let server = server_with_limits("cpu_ms = 10000\nwall_ms = 100\n").await;
    let fault = server.fault(&[]).await;
    assert!(
        matches!(fault, Fault::Limit(LimitHit::Wall(100))),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_there_is_room_for_are_told_to_come_back() {
    let server = server_with_limits("cpu_ms = 10000\nwall_ms = 1000\n").await;
    let calls = join_all((0..200).map(|_| server.fault(&[]))).await;
    let saturated = |fault: &&Fault| matches!(fault, Fault::Saturated);
    assert_eq!(calls.iter().filter(saturated).count(), 200 - 128);
    // What there was no room for is not the rule's doing: only the calls that ran count against it.
    let answer = server.ask(&[]).await;
    answer.refused(503, "temporarily_unavailable");
}

async fn server_with_limits(limits: &str) -> TestServer {
    let rule = assembled("rogue/spin-in-call");
    let setup = Setup::new().with("10-rogue.wasm", rule);
    setup
        .with("10-rogue.toml", format!("[limits]\n{limits}"))
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_ends_at_its_limit() {
    let expected = LimitHit::Memory {
        wanted: (1 + 32 * 16) * 65_536,
        limit: 32 * 1024 * 1024,
    };
    assert_eq!(limit_hit_by("grow").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_end_at_their_limit() {
    let expected = LimitHit::Table {
        wanted: 20_001,
        limit: 20_000,
    };
    assert_eq!(limit_hit_by("grow-table").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn recursion_ends_with_the_stack() {
    assert_eq!(limit_hit_by("recurse").await, LimitHit::Stack);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_at_its_limit() {
    let expected = LimitHit::Output {
        bytes: 5 + 128 * 1024,
        limit: 64 * 1024,
    };
    assert_eq!(limit_hit_by("flood-output").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_is_handed_ends_at_its_limit() {
    let limit = limit_hit_by("flood-host").await;
    assert_eq!(limit, LimitHit::HostCalls(1024 * 1024));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_ends_with_what_the_host_may_be_handed() {
    let limit = limit_hit_by("flood-log").await;
    assert_eq!(limit, LimitHit::HostCalls(1024 * 1024));
}

#[tokio::test(flavor = "multi_thread")]
async fn handles_end_at_their_limit() {
    assert_eq!(
        limit_hit_by("flood-handles").await,
        LimitHit::Handles(1_000)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_outside_its_memory_is_a_crash() {
    let text = crash_of("outside-memory").await;
    assert!(text.contains("out of bounds"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_not_utf_8_is_a_crash() {
    let text = crash_of("broken-text").await;
    assert!(text.contains("utf-8"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keeping_the_request_harms_nobody() {
    let rule = assembled("keep-request");
    let server = Setup::new().with("10-rule.wasm", rule).start().await;
    server.ask(&[]).await.claims();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_is_told_a_transaction_and_nothing_of_the_rule() {
    let server = server_with("recurse").await;
    let answer = server.ask(&[]).await;
    let description = answer.refused(500, "server_error");
    let transaction = answer.header("x-transaction-id");
    assert!(description.contains(transaction), "{description}");
    assert!(!answer.body.contains("rogue"), "{answer:?}");
}
