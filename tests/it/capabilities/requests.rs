//! HTTP requests that a manifest allows, and what the host makes of them.

use serde_json::json;

use super::{error, fetch, fetching, table, to};
use crate::harness::{Setup, Upstream, fetcher};

const SECRET: &str = "open-sesame-4711";

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_asks_a_listed_host_and_reads_its_answer() {
    let upstream = Upstream::start().await;
    let server = fetching(&table(&upstream)).start().await;
    let claims = fetch(&server, &to(&upstream.address.to_string(), "/people?id=7")).await;
    assert_eq!(claims["answer"], 200);
    assert_eq!(claims["body"], json!({ "well": true }));
    assert_eq!(upstream.paths(), ["/people?id=7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_posts_a_body_and_its_length_is_the_truth() {
    let upstream = Upstream::start().await;
    let server = fetching(&table(&upstream)).start().await;
    let authority = upstream.address.to_string();
    let more = [
        ("method", "POST"),
        ("body", "{\"id\":7}"),
        ("header", "content-length"),
        ("value", "8"),
    ];
    let claims = fetch(&server, &[&to(&authority, "/echo")[..], &more].concat()).await;
    assert_eq!(claims["body"]["method"], "POST");
    assert_eq!(claims["body"]["body"], "{\"id\":7}");
    assert_eq!(claims["body"]["headers"]["content-length"], "8");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_header_is_the_listed_hosts_and_the_connection_the_servers() {
    let upstream = Upstream::start().await;
    let port = upstream.address.port();
    let server = fetching(&table(&upstream)).start().await;
    let claims = fetch(&server, &to(&format!("2130706433:{port}"), "/echo")).await;
    let headers = &claims["body"]["headers"];
    assert_eq!(headers["host"], format!("127.0.0.1:{port}"));
    assert_eq!(headers["connection"], "close");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_cannot_set_headers_of_the_connection() {
    let upstream = Upstream::start().await;
    let server = fetching(&table(&upstream)).start().await;
    let authority = upstream.address.to_string();
    for name in [
        "host",
        "Transfer-Encoding",
        "connection",
        "upgrade",
        "TE",
        "expect",
    ] {
        let more = [("header", name), ("value", "x")];
        let claims = fetch(&server, &[&to(&authority, "/echo")[..], &more].concat()).await;
        assert_eq!(claims["error"], 199, "{name}: {claims}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_mean_another_host_are_refused() {
    let upstream = Upstream::start().await;
    let server = fetching(&table(&upstream)).start().await;
    let authority = upstream.address.to_string();
    for method in ["CONNECT", "TRACE"] {
        let more = [("method", method)];
        let claims = fetch(&server, &[&to(&authority, "/echo")[..], &more].concat()).await;
        assert_eq!(error(&claims), "HTTP-request-method-invalid");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_an_answer_and_not_followed() {
    let upstream = Upstream::start().await;
    let server = fetching(&table(&upstream)).start().await;
    let claims = fetch(&server, &to(&upstream.address.to_string(), "/moved")).await;
    assert_eq!(claims["answer"], 302);
    assert_eq!(upstream.paths(), ["/moved"]);
}

/// A rule with a header that the host adds, with a secret in it.
fn with_header(upstream: &Upstream) -> Setup {
    let (table, host) = (table(upstream), upstream.origin());
    let manifest = format!(
        "{table}[http.headers.{host:?}]\nAuthorization = \"Bearer {{secrets.KEY}}\"\n\
         [secrets.KEY]\nenv = \"VARIABLE\"\n"
    );
    fetching(&manifest).with_variable("VARIABLE", SECRET)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_adds_a_header_in_place_of_the_rules_own() {
    let upstream = Upstream::start().await;
    let server = with_header(&upstream).start().await;
    let authority = upstream.address.to_string();
    let more = [("header", "authorization"), ("value", "Bearer made-up")];
    let claims = fetch(&server, &[&to(&authority, "/people")[..], &more].concat()).await;
    assert_eq!(claims["answer"], 200);
    let headers = &upstream.asked()[0]["headers"];
    assert_eq!(headers["authorization"], format!("Bearer {SECRET}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_repeats_an_invisible_secret_is_withheld() {
    let upstream = Upstream::start().await;
    let server = with_header(&upstream).start().await;
    let claims = fetch(&server, &to(&upstream.address.to_string(), "/echo")).await;
    assert_eq!(error(&claims), "internal-error");
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_rule_and_outcome() {
    let upstream = Upstream::start().await;
    let server = fetching(&table(&upstream)).start().await;
    let authority = upstream.address.to_string();
    fetch(&server, &to(&authority, "/")).await;
    fetch(&server, &to("other.example", "/")).await;
    let metrics = server.get("/metrics").await.body;
    for (outcome, count) in [("answered", 1), ("refused", 1), ("failed", 0)] {
        let line = format!(
            "rulemint_rule_http_requests_total{{rule=\"10-fetch\",outcome=\"{outcome}\"}} {count}"
        );
        assert!(metrics.contains(&line), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_sends_requests_takes_an_http_table() {
    let without = Setup::new().with("10-fetch.wasm", fetcher());
    let problem = without.refusal().await;
    assert!(
        problem.contains("its manifest does not let it send requests")
            && problem.contains("[http] hosts = [\"https://api.example\"]"),
        "{problem}"
    );
}
