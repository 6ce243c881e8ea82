//! Connections: how large, how slow and how many.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{AUDIENCE, CLIENT, SECRET, Setup, TestServer, raw, until};

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         {headers}\r\n{body}"
    )
}

fn form() -> String {
    format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}&audience={AUDIENCE}"
    )
}

async fn server() -> TestServer {
    Setup::new().start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_22_a_body_that_says_it_is_too_large_is_413_before_it_is_read() {
    let server = server().await;
    let answer = raw::exchange(
        &server,
        post("Content-Length: 1048576\r\nConnection: close\r\n", ""),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_22_a_body_that_turns_out_too_large_is_413() {
    let server = server().await;
    let chunk = format!("{:x}\r\n{}\r\n", 65_536, "x".repeat(65_536)).repeat(2);
    let headers = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
    let answer = raw::exchange(&server, post(headers, &format!("{chunk}0\r\n\r\n"))).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_read() {
    let server = server().await;
    let form = form();
    let body = format!("{:x}\r\n{form}\r\n0\r\n\r\n", form.len());
    let headers = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
    let answer = raw::exchange(&server, post(headers, &body)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_22_a_head_of_64_kib_is_431() {
    let server = server().await;
    let large = format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(65_536)
    );
    let answer = raw::exchange(&server, large).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_headers_are_431() {
    let server = server().await;
    let many: String = (0..1_000)
        .map(|number| format!("X{number}: 1\r\n"))
        .collect();
    let answer = raw::exchange(
        &server,
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_400() {
    let server = server().await;
    for bytes in [
        "hello\r\n\r\n",
        "GET /\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n",
    ] {
        let answer = raw::exchange(&server, bytes).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_two_lengths_is_refused() {
    let server = server().await;
    let two = post(
        "Content-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n",
        "xxxxxx",
    );
    let answer = raw::exchange(&server, two).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

/// RFC 9112 section 6.1: both together are how requests are smuggled past a proxy.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_a_length_and_chunks_carries_no_second_request_in() {
    let server = server().await;
    let headers = "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n";
    let smuggled = "0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = raw::exchange(&server, post(headers, smuggled)).await;
    assert!(!answer.contains("rulemint_tokens"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_one_after_the_other_on_one_connection_are_answered_in_order() {
    let server = server().await;
    let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let two = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = raw::exchange(&server, format!("{one}{two}")).await;
    let (first, second) = (answer.find(" 200 ").unwrap(), answer.find(" 404 ").unwrap());
    assert!(first < second, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off() {
    let server = server().await;
    let mut connection = raw::connect(&server).await;
    connection
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: loc")
        .await
        .unwrap();
    until_cut_off(&server, &mut connection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_request_is_closed_after_a_while() {
    let server = server().await;
    let mut connection = raw::connect(&server).await;
    until_cut_off(&server, &mut connection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_rests_between_requests_is_closed_after_a_while() {
    let server = server().await;
    let mut connection = raw::connect(&server).await;
    connection
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 1024];
    assert!(connection.read(&mut answer).await.unwrap() > 0);
    until_cut_off(&server, &mut connection).await;
}

/// Waits for the end of a connection, by the server's clock.
async fn until_cut_off(server: &TestServer, connection: &mut tokio::net::TcpStream) {
    until("the end of the connection", async || {
        server.advance(Duration::from_secs(10));
        let mut buffer = [0; 1024];
        let read =
            tokio::time::timeout(Duration::from_millis(200), connection.read(&mut buffer)).await;
        matches!(read, Ok(Ok(0) | Err(_))).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes_is_given_up() {
    let server = server().await;
    let answer = raw::exchange(
        &server,
        post(
            "Content-Length: 100\r\nConnection: close\r\n",
            "grant_type=",
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_over_the_limit_wait_for_their_turn() {
    let server = Setup::new()
        .but(|config| config.limits.connections = 2)
        .start()
        .await;
    let held = [raw::connect(&server).await, raw::connect(&server).await];
    let mut waiting = raw::connect(&server).await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    waiting.write_all(request).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), waiting.read_u8()).await;
    assert!(early.is_err(), "it was served beside two others");
    drop(held);
    assert!(raw::rest(&mut waiting).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_serves_as_well() {
    let setup = Setup::new();
    let path = setup.config.data_dir.with_file_name("socket");
    let listen = rulemint::config::Listen::Unix(path.clone());
    let server = setup.but(|config| config.listen = listen).start().await;
    let mut connection = tokio::net::UnixStream::connect(&path).await.unwrap();
    let headers = format!("Content-Length: {}\r\nConnection: close\r\n", form().len());
    connection
        .write_all(post(&headers, &form()).as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.stop().await;
    assert!(!path.exists());
}
