//! Only requests that were meant for this server are answered (DNS rebinding).

use crate::harness::{Setup, TestServer, raw};

const ROUTES: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "POST /oauth/token",
    "GET /nothing-here",
];

/// The status of the answer to a request with these header lines.
async fn status(server: &TestServer, route: &str, headers: &str) -> u16 {
    let request =
        format!("{route} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n");
    let answer = raw::exchange(server, request).await;
    let status = answer
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("no answer: {answer:?}"));
    status.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_is_misdirected_on_every_route() {
    let server = Setup::new().start().await;
    for route in ROUTES {
        for host in [
            "evil.example",
            "evil.example:6468",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
        ] {
            assert_eq!(
                status(&server, route, &format!("Host: {host}\r\n")).await,
                421,
                "{route} {host}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_addresses_of_this_machine_are_answered() {
    let server = Setup::new().start().await;
    for host in [
        "127.0.0.1",
        "127.0.0.1:9",
        "localhost",
        "LOCALHOST:80",
        "[::1]",
        "[::1]:6468",
        "10.1.2.3",
    ] {
        assert_eq!(
            status(&server, "GET /healthz", &format!("Host: {host}\r\n")).await,
            200,
            "{host}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn configured_names_and_the_issuers_are_answered() {
    let server = Setup::new().but(|config| {
        config.issuer = Some("https://tokens.example".parse().unwrap());
        config.allowed_hosts = vec!["sidecar.internal".to_owned()];
    });
    let server = server.start().await;
    for host in [
        "tokens.example",
        "sidecar.internal",
        "Sidecar.Internal:6468",
    ] {
        assert_eq!(
            status(&server, "GET /healthz", &format!("Host: {host}\r\n")).await,
            200,
            "{host}"
        );
    }
    assert_eq!(
        status(&server, "GET /healthz", "Host: other.internal\r\n").await,
        421
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn there_must_be_one_host() {
    let server = Setup::new().start().await;
    assert_eq!(status(&server, "GET /healthz", "").await, 400);
    assert_eq!(
        status(
            &server,
            "GET /healthz",
            "Host: localhost\r\nHost: localhost\r\n"
        )
        .await,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_none_is_misdirected() {
    let server = Setup::new().start().await;
    for host in ["", "a b", "user@localhost", "localhost/x", "\"localhost\""] {
        let status = status(&server, "GET /healthz", &format!("Host: {host}\r\n")).await;
        assert!([400, 421].contains(&status), "{host}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_in_absolute_form_must_name_this_server_too() {
    let server = Setup::new().start().await;
    let local = "Host: localhost\r\n";
    assert_eq!(
        status(&server, "GET http://localhost/healthz", local).await,
        200
    );
    assert_eq!(
        status(&server, "GET http://evil.example/healthz", local).await,
        421
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_gets_no_token() {
    let server = Setup::new().start().await;
    let foreign = "Host: localhost\r\nOrigin: https://evil.example\r\n";
    assert_eq!(status(&server, "POST /oauth/token", foreign).await, 403);
    let null = "Host: localhost\r\nOrigin: null\r\n";
    assert_eq!(status(&server, "POST /oauth/token", null).await, 403);
    let own = "Host: localhost\r\nOrigin: http://localhost:6468\r\n";
    assert_ne!(status(&server, "POST /oauth/token", own).await, 403);
}
