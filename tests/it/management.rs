//! The management API as Auth0's tools and a shell script see it.

mod access;
mod blacklists;
mod bodies;
mod client_grants;
mod clients;
mod conditions;
mod credentials;
mod idempotency;
mod keys;
mod lists;
mod openapi;
mod quota;
mod resource_servers;
mod rules;
mod rules_configs;
mod v1;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, CLIENT, SECRET, Setup, TestServer};

const ADMIN: &str = "the-admin";
/// In the form of those that are made here: those that are chosen are hashed slowly.
const ADMIN_SECRET: &str = "rms_only-tests-know-this-secret-0123456789abcdesabYc8";

/// A server whose administrator a test knows.
fn setup() -> Setup {
    Setup::new().but(|config| {
        config.admin.client_id = Some(ADMIN.to_owned());
        config.admin.client_secret = Some(ADMIN_SECRET.into());
    })
}

/// Somebody with a management token.
struct Manager<'s> {
    server: &'s TestServer,
    token: String,
}

impl<'s> Manager<'s> {
    /// The administrator, with every scope.
    async fn of(server: &'s TestServer) -> Self {
        Self::with_scope(server, "").await
    }

    /// The administrator with these scopes only, or with all where it names none.
    async fn with_scope(server: &'s TestServer, scope: &str) -> Self {
        let answer = token(server, (ADMIN, ADMIN_SECRET), scope).await;
        let token = answer.token();
        Self { server, token }
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/api/v2{path}", self.server.address);
        let mut request = self.server.http.request(method, url);
        request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// Adds something, and gives it.
    async fn add(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }
}

/// Asks for a management token.
async fn token(server: &TestServer, (id, secret): (&str, &str), scope: &str) -> Answer {
    let audience = format!("{}/api/v2/", server.address);
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("audience", &audience),
    ];
    if !scope.is_empty() {
        form.push(("scope", scope));
    }
    server.post(&form).await
}

/// Checks that an answer is a refusal in Auth0's shape, and gives its message.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) -> String {
    let body = answer.json();
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(body["statusCode"], status, "{answer:?}");
    assert_eq!(body["errorCode"], code, "{answer:?}");
    assert_eq!(body["error"], answer.status.canonical_reason().unwrap());
    body["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_in_force_before_its_answer() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let audience = "https://orders.example";
    let api = json!({ "identifier": audience, "scopes": [{ "value": "read:orders" }] });
    admin.add("/resource-servers", api).await;
    let client = admin.add("/clients", json!({ "name": "warehouse" })).await;
    let ask = async || {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client["client_id"].as_str().unwrap()),
            ("client_secret", client["client_secret"].as_str().unwrap()),
            ("audience", audience),
        ];
        server.post(&form).await
    };
    ask().await.refused(400, "invalid_target");
    for _ in 0..20 {
        let body = json!({
            "client_id": client["client_id"], "audience": audience, "scope": ["read:orders"],
        });
        let grant = admin.add("/client-grants", body).await;
        assert_eq!(ask().await.claims()["scope"], "read:orders");
        let path = format!("/client-grants/{}", grant["id"].as_str().unwrap());
        assert_eq!(admin.delete(&path).await.status, 204);
        ask().await.refused(400, "invalid_target");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for number in 0..10 {
        let name = format!("client {number}");
        admin.add("/clients", json!({ "name": name })).await;
    }
    // The issuer follows from the address, which is another one now: the management API and its grants follow too.
    let server = server.stop().await.start().await;
    let clients = Manager::of(&server).await.get("/clients").await.json();
    let names: BTreeSet<&str> = (clients.as_array().unwrap().iter())
        .map(|client| client["name"].as_str().unwrap())
        .collect();
    assert!((0..10).all(|number| names.contains(format!("client {number}").as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_line_makes_is_seen_at_once() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let found = admin.get(&format!("/clients/{CLIENT}")).await.json();
    assert_eq!(found["name"], "the first client");
    assert_eq!(found["client_metadata"], json!({ "tier": "gold" }));
    assert!(!admin.get("/clients").await.body.contains(SECRET));
}
