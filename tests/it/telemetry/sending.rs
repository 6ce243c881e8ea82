//! How spans get to a collector, and what happens when they do not.

use super::ask_with;
use super::collector::{Collector, attribute};
use crate::harness::{Setup, TestServer, jti_rule, until};

pub(super) async fn until_metric(server: &TestServer, line: &str) {
    until(line, async || {
        let metrics = server.get("/metrics").await.body;
        metrics.lines().any(|known| known == line).then_some(())
    })
    .await;
}

async fn traced(collector: &Collector) -> TestServer {
    let setup = Setup::new().with("10-jti.wasm", jti_rule());
    setup.but(collector.configured()).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_sent_while_the_server_runs() {
    let collector = Collector::start().await;
    let server = traced(&collector).await;
    ask_with(&server, &[], &[]).await.token();
    until_metric(&server, "rulemint_spans_exported_total 2").await;
    assert_eq!(collector.spans().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configured_headers_and_name_go_along() {
    let collector = Collector::start().await;
    let server = Setup::new()
        .but(collector.configured())
        .but(|config| {
            config.telemetry.traces.headers = Some("authorization=Basic%20YTpi".into());
            config.telemetry.traces.service_name = "tokens".to_owned();
        })
        .start()
        .await;
    ask_with(&server, &[], &[]).await.token();
    server.stop().await;
    let (headers, _) = &collector.requests()[0];
    assert_eq!(headers["authorization"], "Basic YTpi");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let (resource, _) = &collector.spans_of_resources()[0];
    assert_eq!(attribute(resource, "service.name"), "tokens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_collector_is_asked_once_more() {
    let collector = Collector::start().await;
    collector.refuse(&[503]);
    let server = traced(&collector).await;
    ask_with(&server, &[], &[]).await.token();
    until_metric(&server, "rulemint_spans_exported_total 2").await;
    until_metric(&server, "rulemint_spans_lost_total 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_collector_does_not_take_is_counted() {
    let collector = Collector::start().await;
    collector.refuse(&[400]);
    let server = traced(&collector).await;
    ask_with(&server, &[], &[]).await.token();
    until_metric(&server, "rulemint_spans_lost_total 2").await;
    until_metric(&server, "rulemint_span_export_failures_total 1").await;
    collector.reject(1);
    ask_with(&server, &[], &[]).await.token();
    until_metric(&server, "rulemint_spans_exported_total 1").await;
    until_metric(&server, "rulemint_spans_lost_total 3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_collector_a_server_issues_tokens_and_stops() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let server = Setup::new()
        .with("10-jti.wasm", jti_rule())
        .but(|config| config.telemetry.traces.endpoint = Some(endpoint))
        .start()
        .await;
    ask_with(&server, &[], &[]).await.token();
    until_metric(&server, "rulemint_spans_lost_total 2").await;
    ask_with(&server, &[], &[]).await.token();
    server.stop().await;
}
