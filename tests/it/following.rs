//! `GET /revocations`: what APIs that check offline keep a copy of.

mod list;
mod readers;
mod stream;

use reqwest::RequestBuilder;
use rulemint::revocation::{NewRevocation, Target};
use serde_json::Value;

use crate::harness::{AUDIENCE, Answer, SECRET, Setup, TestServer, revocation, until};

/// The API of every test server, as a client that may read what concerns it.
const API: &str = "orders-api";

/// A server with a client that is its API.
async fn server() -> TestServer {
    let server = Setup::new().start().await;
    add_api_client(&server, API, AUDIENCE).await;
    server
}

async fn add_api_client(server: &TestServer, id: &str, audience: &str) {
    server.add_client(id, audience, None).await;
    server.registrar.serve_api(id, audience).await.unwrap();
    until("the client to serve the API", async || {
        let live = server.issuer.live.load();
        let serves = &live.registry.client(id)?.serves;
        serves.iter().any(|api| **api == *audience).then_some(())
    })
    .await;
}

fn asking(server: &TestServer, query: &str) -> RequestBuilder {
    asking_as(server, API, query)
}

fn asking_as(server: &TestServer, client: &str, query: &str) -> RequestBuilder {
    let url = format!("{}/revocations{query}", server.address);
    server.http.get(url).basic_auth(client, Some(SECRET))
}

async fn answer(request: RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await
}

async fn list(server: &TestServer, query: &str) -> Value {
    let answer = answer(asking(server, query)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// What changed since, and the next cursor.
async fn since(server: &TestServer, cursor: &Value) -> (Vec<Value>, Value) {
    let list = list(server, &format!("?since={}", cursor.as_str().unwrap())).await;
    assert_eq!(list["whole"], false);
    (
        list["entries"].as_array().unwrap().clone(),
        list["cursor"].clone(),
    )
}

fn token(jti: &str, audience: Option<&str>) -> Target {
    Target::Token {
        jti: jti.to_owned(),
        audience: audience.map(str::to_owned),
    }
}

fn client(id: &str) -> NewRevocation {
    revocation(Target::Client(id.to_owned()))
}
