//! Which requests are traced.

use super::collector::Collector;
use super::{PARENT, TRACE_ID, ask_with, traced};
use crate::harness::{Setup, jti_rule};

/// A server that traces none of the requests that come without a parent, and its collector.
fn untraced(collector: &Collector) -> Setup {
    traced(collector).but(|config| config.telemetry.traces.sample_ratio = 0.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_no_is_respected() {
    let collector = Collector::start().await;
    let server = traced(&collector).start().await;
    let unsampled = PARENT.replace("-01", "-00");
    ask_with(&server, &[("traceparent", &unsampled)], &[])
        .await
        .token();
    server.stop().await;
    assert_eq!(collector.spans(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_yes_is_respected() {
    let collector = Collector::start().await;
    let server = untraced(&collector).start().await;
    ask_with(&server, &[("traceparent", PARENT)], &[])
        .await
        .token();
    server.stop().await;
    assert_eq!(collector.spans().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ratio_is_for_requests_without_a_caller_in_the_trace() {
    let collector = Collector::start().await;
    let server = untraced(&collector).start().await;
    ask_with(&server, &[], &[]).await.token();
    server.stop().await;
    assert_eq!(collector.spans(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_header_begins_a_new_trace() {
    let collector = Collector::start().await;
    let server = traced(&collector).start().await;
    let bad = PARENT.to_uppercase();
    let headers = [("traceparent", &*bad), ("tracestate", "vendor=1")];
    ask_with(&server, &headers, &[]).await.token();
    server.stop().await;
    let (request, rule) = (
        collector.span("POST /oauth/token"),
        collector.span("rule 10-jti"),
    );
    assert!(request.parent_span_id.is_empty());
    assert_eq!(request.trace_state, "");
    assert_ne!(hex::encode(&request.trace_id), TRACE_ID);
    assert_eq!(rule.trace_id, request.trace_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_nothing_is_traced() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    ask_with(&server, &[("traceparent", PARENT)], &[])
        .await
        .token();
    let metrics = server.get("/metrics").await.body;
    for counter in ["spans_exported", "spans_lost", "span_export_failures"] {
        assert!(metrics.contains(&format!("rulemint_{counter}_total 0")));
    }
}
