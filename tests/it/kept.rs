//! Rules whose manifest keeps their instances: one serves token after token, until it may not.

mod endings;
mod shelf;

use crate::harness::{Lines, Program, Setup, TestServer, Upstream, assembled, fetcher};

/// A server whose one rule counts its calls, with this manifest.
pub(crate) async fn counting(manifest: &str) -> TestServer {
    Setup::new()
        .with("10-count.wasm", assembled("count"))
        .with("10-count.toml", manifest)
        .start()
        .await
}

/// A server whose one rule asks a host before it answers, with the time to wait for that.
pub(crate) async fn fetching() -> (TestServer, Upstream) {
    let upstream = Upstream::start().await;
    let manifest = format!(
        "{KEPT}[http]\nhosts = [{:?}]\nprivate = true\n[limits]\nwall_ms = 20000\ncpu_ms = 5000\n",
        upstream.origin()
    );
    let setup = Setup::new().with("10-fetch.wasm", fetcher());
    let server = setup.with("10-fetch.toml", manifest).start().await;
    (server, upstream)
}

/// What the rule has counted to by now.
pub(crate) async fn count(server: &TestServer) -> u64 {
    server.ask(&[]).await.claims()["count"].as_u64().unwrap()
}

/// The value of a line of the metrics: `NAME{LABELS}`.
pub(crate) async fn value(server: &TestServer, line: &str) -> f64 {
    let metrics = server.get("/metrics").await.body;
    let found = metrics.lines().find_map(|known| known.strip_prefix(line));
    let found = found.unwrap_or_else(|| panic!("no {line} in\n{metrics}"));
    found.trim().parse().unwrap()
}

/// Sandboxes that are there while nothing runs.
pub(crate) const WAITING: &str = "rulemint_rule_pool_used{resource=\"component_instances\"}";
pub(crate) const KEPT: &str = "instances = \"kept\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_leaves_in_its_memory_is_gone_with_its_token() {
    let server = counting("").await;
    for _ in 0..3 {
        assert_eq!(count(&server).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_leaves_in_a_kept_instance_is_there_for_the_next_token() {
    let server = counting(KEPT).await;
    for expected in 1..=3 {
        assert_eq!(count(&server).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_cases_meet_a_fresh_instance_each() {
    let case = "[[cases]]\n\
        expect = { changes = [{ op = \"set_claim\", name = \"count\", value = 1 }] }\n";
    let server = counting(&format!("{KEPT}{case}{case}")).await;
    assert_eq!(count(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_cannot_be_kept_and_is_told_so() {
    let program = Program {
        enrich: "{\"changes\":[]}",
        ..Program::default()
    };
    let setup = Setup::new().with("10-program.wasm", program.module());
    let problem = setup.with("10-program.toml", KEPT).refusal().await;
    let said = "10-program.toml: instances: this rule is a program, WASI preview 1, which is started anew for each token";
    assert!(problem.contains(said), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_word_for_instances_is_a_mistake() {
    let setup = Setup::new().with("10-count.wasm", assembled("count"));
    let refused = setup.with("10-count.toml", "instances = \"keep\"\n");
    let problem = refused.refusal().await;
    assert!(problem.contains("10-count.toml: instances: "), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_uses_wasi_keeps_what_it_holds_of_it() {
    let module = wat::parse_str(include_str!("../fixtures/rules/preview1-library.wat")).unwrap();
    let contract = include_str!("../../wit/rule.wit");
    let typed = crate::harness::typed(module, contract, "rule");
    let setup = Setup::new().with("10-random.wasm", typed);
    let server = setup.with("10-random.toml", KEPT).start().await;
    let first = server.ask(&[]).await.claims();
    let second = server.ask(&[]).await.claims();
    assert_ne!(first["random"], second["random"]);
    let calls = "rulemint_rule_kept_instance_calls_total{rule=\"10-random\",instance=\"kept\"}";
    assert_eq!(value(&server, calls).await, 1.0);
}

/// Lines are limited to fifty a call, bytes to a kilobyte: no call pays for those before it.
#[tokio::test]
async fn budgets_and_logs_are_new_for_each_token() {
    let lines = Lines::here();
    let limits = "[limits]\nhost_call_bytes = 1024\nlog_bytes = 3\n";
    let server = counting(&format!("{KEPT}{limits}")).await;
    for expected in 1..=400 {
        assert_eq!(count(&server).await, expected);
    }
    let said = lines.with("rulemint::rule::log");
    assert_eq!(said.len(), 400, "a line for each call");
    assert!(said[399].contains("400"), "{}", said[399]);
    assert!(!said.iter().any(|line| line.contains("cut=")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_over_when_its_token_is_done() {
    let server = counting(KEPT).await;
    server.ask(&[("then", "hold")]).await.token();
    let fault = server.fault(&[("then", "old request")]).await.to_string();
    assert!(fault.contains("the request of an earlier token"), "{fault}");
    assert_eq!(count(&server).await, 1, "what failed was not kept");
}
