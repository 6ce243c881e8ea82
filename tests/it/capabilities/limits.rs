//! How much a rule may send and receive, and how long that may take.

use rulemint::rule::{Fault, LimitHit};

use super::{error, fetch, fetching, table, to};
use crate::harness::{TestServer, Upstream, until};

async fn allowed(upstream: &Upstream, more: &str) -> TestServer {
    fetching(&format!("{}{more}", table(upstream)))
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_the_manifest_allows_are_refused() {
    let upstream = Upstream::start().await;
    let server = allowed(&upstream, "requests = 3\n").await;
    let authority = upstream.address.to_string();
    let three = [&to(&authority, "/")[..], &[("times", "xxx")]].concat();
    assert_eq!(fetch(&server, &three).await["answer"], 200);
    let four = [&to(&authority, "/")[..], &[("times", "xxxx")]].concat();
    assert_eq!(error(&fetch(&server, &four).await), "HTTP-request-denied");
    assert_eq!(upstream.connections(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_requests_at_once_are_the_most() {
    let upstream = Upstream::start().await;
    let server = allowed(&upstream, "requests = 16\n").await;
    let authority = upstream.address.to_string();
    let burst = [&to(&authority, "/never")[..], &[("burst", "xxxx")]].concat();
    assert_eq!(
        error(&fetch(&server, &burst).await),
        "connection-limit-reached"
    );
    assert!(upstream.connections() <= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_never_answers_is_given_up() {
    let upstream = Upstream::start().await;
    let host = upstream.origin();
    let manifest = format!("[http]\nhosts = [{host:?}]\nprivate = true\ntimeout_ms = 100\n");
    let server = fetching(&manifest).start().await;
    let claims = fetch(&server, &to(&upstream.address.to_string(), "/never")).await;
    assert_eq!(error(&claims), "HTTP-response-timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_costs_no_processor_time() {
    let upstream = Upstream::start().await;
    let server = allowed(&upstream, "requests = 4\n").await;
    let authority = upstream.address.to_string();
    // 600 ms of waiting, and limits.cpu_ms is 50.
    let late = [&to(&authority, "/late")[..], &[("times", "xxxx")]].concat();
    let claims = fetch(&server, &late).await;
    assert_eq!(claims["body"]["late"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_counts_towards_the_wall_budget_and_ends_with_it() {
    let upstream = Upstream::start().await;
    let host = upstream.origin();
    let manifest = format!("[http]\nhosts = [{host:?}]\nprivate = true\ntimeout_ms = 30000\n");
    let manifest = format!("limits.wall_ms = 200\n{manifest}");
    let server = crate::harness::Setup::new()
        .with("10-fetch.wasm", crate::harness::fetcher())
        .with("10-fetch.toml", manifest)
        .start()
        .await;
    let fault = server
        .fault(&to(&upstream.address.to_string(), "/never"))
        .await;
    assert!(
        matches!(fault, Fault::Limit(LimitHit::Wall(200))),
        "{fault}"
    );
    until("the request to be counted as abandoned", async || {
        let metrics = server.get("/metrics").await.body;
        metrics
            .contains("{rule=\"10-fetch\",outcome=\"abandoned\"} 1")
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_large_is_cut_off() {
    let upstream = Upstream::start().await;
    let server = allowed(&upstream, "response_bytes = 199999\n").await;
    let claims = fetch(&server, &to(&upstream.address.to_string(), "/large")).await;
    assert_eq!(error(&claims), "HTTP-response-body-size");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_is_not_sent() {
    let upstream = Upstream::start().await;
    let server = allowed(&upstream, "request_bytes = 7\n").await;
    let authority = upstream.address.to_string();
    let post = |body| {
        [
            &to(&authority, "/echo")[..],
            &[("method", "POST"), ("body", body)],
        ]
        .concat()
    };
    let claims = fetch(&server, &post("12345678")).await;
    assert_eq!(error(&claims), "HTTP-request-body-size");
    assert_eq!(upstream.connections(), 0);
    assert_eq!(fetch(&server, &post("1234567")).await["answer"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_too_long_is_not_sent() {
    let upstream = Upstream::start().await;
    let server = allowed(&upstream, "").await;
    let path = format!("/{}", "x".repeat(8 * 1024));
    let claims = fetch(&server, &to(&upstream.address.to_string(), &path)).await;
    assert_eq!(error(&claims), "HTTP-request-URI-too-long");
    assert_eq!(upstream.connections(), 0);
}

/// What the rule gets when this is what the host says.
async fn told(answer: impl Into<Vec<u8>>) -> &'static str {
    let upstream = Upstream::saying(answer).await;
    let server = allowed(&upstream, "").await;
    error(&fetch(&server, &to(&upstream.address.to_string(), "/")).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off() {
    let field = format!("x: {}\r\n", "y".repeat(1000));
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", field.repeat(20));
    assert_eq!(told(head).await, "HTTP-response-header-section-size");
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(100));
    assert_eq!(told(head).await, "HTTP-response-header-section-size");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_an_error() {
    assert_eq!(told("SSH-2.0-OpenSSH_9.9\r\n").await, "HTTP-protocol-error");
    assert_eq!(told("").await, "HTTP-response-incomplete");
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\ntrue";
    assert_eq!(told(cut).await, "HTTP-response-incomplete");
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";
    assert_eq!(told(upgrade).await, "HTTP-upgrade-failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_there_is_an_error() {
    let upstream = Upstream::start().await;
    let table = table(&upstream);
    let address = upstream.address.to_string();
    drop(upstream);
    let server = fetching(&table).start().await;
    until("nobody to listen", async || {
        let claims = fetch(&server, &to(&address, "/")).await;
        claims.get("error")?;
        (error(&claims) == "connection-refused").then_some(())
    })
    .await;
}
