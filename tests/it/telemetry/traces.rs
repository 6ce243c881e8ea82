//! The spans of a token request and of its rules.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use super::collector::{Collector, attribute};
use super::{PARENT, TRACE_ID, ask_with, traced};
use crate::harness::{
    Change, SECRET, Setup, TestServer, assembled, jti_rule, mirror, rule_that_sets,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_rules_span_is_below_the_requests_which_is_below_its_callers() {
    let collector = Collector::start().await;
    let server = Setup::new()
        .with("10-jti.wasm", jti_rule())
        .with("20-tier.wasm", rule_that_sets("tier", "1"))
        .but(collector.configured())
        .start()
        .await;
    let headers = [("traceparent", PARENT), ("tracestate", "vendor=1")];
    ask_with(&server, &headers, &[]).await.token();
    server.stop().await;
    let request = collector.span("POST /oauth/token");
    assert_eq!(hex::encode(&request.trace_id), TRACE_ID);
    assert_eq!(hex::encode(&request.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(request.trace_state, "vendor=1");
    assert_eq!(request.kind(), SpanKind::Server);
    for name in ["rule 10-jti", "rule 20-tier"] {
        let rule = collector.span(name);
        assert_eq!(hex::encode(&rule.trace_id), TRACE_ID);
        assert_eq!(rule.parent_span_id, request.span_id);
        assert_ne!(rule.span_id, request.span_id);
        assert_eq!(rule.kind(), SpanKind::Internal);
        assert!(request.start_time_unix_nano <= rule.start_time_unix_nano);
        assert!(rule.start_time_unix_nano < rule.end_time_unix_nano);
        assert!(rule.end_time_unix_nano <= request.end_time_unix_nano);
    }
    assert_eq!(collector.spans().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_say_what_ran_and_how_it_ended() {
    let collector = Collector::start().await;
    let server = traced(&collector).start().await;
    let digest = server.report().await.rules[0].digest.unwrap().to_string();
    let answer = ask_with(&server, &[], &[]).await;
    server.stop().await;
    let rule = collector.span("rule 10-jti");
    let of_rule = |name| attribute(&rule.attributes, name);
    assert_eq!(of_rule("rule.name"), "10-jti");
    assert_eq!(of_rule("rule.digest"), digest);
    assert_eq!(of_rule("rule.lane"), "component, rulemint:rule@1");
    assert_eq!(of_rule("rule.outcome"), "ok");
    assert_eq!(of_rule("error.type"), "");
    let (resource, request) = collector
        .spans_of_resources()
        .into_iter()
        .find(|(_, span)| span.name == "POST /oauth/token")
        .unwrap();
    let of_request = |name| attribute(&request.attributes, name);
    assert_eq!(of_request("http.request.method"), "POST");
    assert_eq!(of_request("http.route"), "/oauth/token");
    assert_eq!(of_request("http.response.status_code"), "200");
    assert_eq!(of_request("rulemint.outcome"), "issued");
    let transaction = answer.header("x-transaction-id");
    assert_eq!(of_request("rulemint.transaction"), transaction);
    assert_eq!(attribute(&resource, "service.name"), "rulemint");
}

/// A server that is traced, and whose one rule says more than it may.
async fn chatty() -> (TestServer, Collector) {
    let collector = Collector::start().await;
    let server = Setup::new()
        .with("10-chatty.wasm", assembled("chatty"))
        .but(collector.configured())
        .start()
        .await;
    (server, collector)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_says_is_an_event_of_its_span() {
    let (server, collector) = chatty().await;
    ask_with(&server, &[], &[]).await.token();
    server.stop().await;
    let events = collector.span("rule 10-chatty").events;
    assert_eq!(
        events.len(),
        50,
        "as many as the log's own limit lets through"
    );
    let said = |number: usize, name| attribute(&events[number].attributes, name);
    assert_eq!(said(1, "log.severity"), "info");
    assert!(said(1, "log.message").starts_with("\\u{1b}[31mhello\\u{7}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_the_log_is_too_much_for_a_trace() {
    let (server, collector) = chatty().await;
    for _ in 0..20 {
        ask_with(&server, &[], &[]).await.token();
    }
    server.stop().await;
    let spans = collector.spans();
    let rules: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "rule 10-chatty")
        .collect();
    let events: usize = rules.iter().map(|span| span.events.len()).sum();
    assert_eq!(rules.len(), 20);
    // The clock goes on meanwhile, and 100 lines a second are let through.
    assert!((500..1000).contains(&events), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_is_no_error_and_a_fault_is_one() {
    let collector = Collector::start().await;
    let server = Setup::new()
        .with("10-mirror.wasm", mirror())
        .but(collector.configured())
        .start()
        .await;
    let told = [
        (
            Change::Deny("access_denied", "no"),
            403,
            "denied",
            "access_denied",
        ),
        (Change::Trap, 500, "crash", "server_error"),
    ];
    for (change, status, _, error) in &told {
        let answer = Change::spell(std::slice::from_ref(change));
        let refused = ask_with(&server, &[], &[("answer", &answer)]).await;
        refused.refused(*status, error);
    }
    server.stop().await;
    for (_, status, outcome, error) in told {
        let spans = collector.spans();
        let with = |name: &str, value: &str| {
            let found = spans
                .iter()
                .find(|span| attribute(&span.attributes, name) == value);
            found.unwrap_or_else(|| panic!("no {name}={value}: {spans:#?}"))
        };
        let (rule, request) = (
            with("rule.outcome", outcome),
            with("rulemint.outcome", error),
        );
        let expected = if status == 500 {
            StatusCode::Error
        } else {
            StatusCode::Unset
        };
        for span in [rule, request] {
            assert_eq!(span.status.clone().unwrap_or_default().code(), expected);
        }
        assert_eq!(rule.parent_span_id, request.span_id);
        assert_eq!(
            attribute(&request.attributes, "http.response.status_code"),
            status.to_string()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_read_has_a_span_too() {
    let collector = Collector::start().await;
    let server = Setup::new().but(collector.configured()).start().await;
    ask_with(
        &server,
        &[("traceparent", PARENT)],
        &[("grant_type", "again")],
    )
    .await
    .refused(400, "invalid_request");
    server.stop().await;
    let request = collector.span("POST /oauth/token");
    assert_eq!(hex::encode(request.trace_id), TRACE_ID);
    assert_eq!(
        attribute(&request.attributes, "rulemint.outcome"),
        "invalid_request"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_claim_is_in_what_is_sent() {
    let collector = Collector::start().await;
    let server = Setup::new()
        .with(
            "10-level.wasm",
            rule_that_sets("level", "\"value-of-a-claim\""),
        )
        .with("20-mirror.wasm", mirror())
        .but(collector.configured())
        .start()
        .await;
    let token = ask_with(&server, &[("traceparent", PARENT)], &[])
        .await
        .token();
    // Neither of a change that is refused, whose description quotes it, nor of a denial's description.
    for change in [
        Change::Set("iss", "\"value-refused\""),
        Change::Deny("access_denied", "value-described"),
        Change::Internal("value-of-a-fault"),
    ] {
        ask_with(&server, &[], &[("answer", &Change::spell(&[change]))]).await;
    }
    server.stop().await;
    assert_eq!(collector.spans().len(), 4 * 3);
    let token_parts = token.split('.').skip(1);
    for hidden in token_parts.chain([SECRET, "value-", "gold"]) {
        for (_, body) in collector.requests() {
            let found = body
                .windows(hidden.len())
                .any(|part| part == hidden.as_bytes());
            assert!(!found, "{hidden} was sent");
        }
    }
}
