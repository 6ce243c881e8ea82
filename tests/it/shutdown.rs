//! Stopping, and starting again.

use rulemint::server::StartError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{AUDIENCE, CLIENT, SECRET, Setup, assembled, raw, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_finished() {
    let slow = Setup::new()
        .with("10-slow.wasm", assembled("rogue/spin-in-call"))
        .with(
            "10-slow.toml",
            "on_error = \"skip\"\n[limits]\ncpu_ms = 500\nwall_ms = 5000\n",
        );
    let server = slow.start().await;
    let mut connection = raw::connect(&server).await;
    let form = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}&audience={AUDIENCE}"
    );
    let request = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    until("the rule to run", async || {
        let metrics = server.get("/metrics").await.body;
        metrics.contains("rulemint_connections 2").then_some(())
    })
    .await;
    let stopping = server.stop();
    let mut answer = String::new();
    let (_, read) = tokio::join!(stopping, connection.read_to_string(&mut answer));
    read.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_lets_go_of_its_port_and_its_data() {
    let server = Setup::new().start().await;
    let address = server.address.clone();
    let setup = server.stop().await;
    assert!(reqwest::get(format!("{address}/healthz")).await.is_err());
    let server = setup.start().await;
    server.ask(&[]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_not_share_a_data_directory() {
    let server = Setup::new().start().await;
    let data_dir = server.data_dir().to_owned();
    let second = Setup::new().but(|config| config.data_dir = data_dir);
    let problem = second.try_start().await.err().unwrap();
    assert!(matches!(problem, StartError::DataDir(_)), "{problem:?}");
    assert!(
        problem.to_string().contains("is running on it already"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_for_other_machines_takes_a_decision() {
    let exposed = Setup::new().but(|config| config.listen = "0.0.0.0:0".parse().unwrap());
    let problem = exposed.refusal().await;
    assert!(problem.contains("--allow-plain-http"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_named() {
    let server = Setup::new().start().await;
    let taken = server.address.trim_start_matches("http://").to_owned();
    let second = Setup::new().but(|config| config.listen = taken.parse().unwrap());
    let problem = second.refusal().await;
    assert!(problem.contains(&taken), "{problem}");
}
