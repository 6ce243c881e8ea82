//! The headers of the description, held against those of the API.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::super::{Manager, setup};
use super::description;
use crate::harness::Answer;

/// A call as the description knows it, what is sent, and what is to come back.
struct Call {
    method: Method,
    template: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: Option<Value>,
    status: u16,
}

impl Call {
    const fn new(method: Method, path: &'static str, status: u16) -> Self {
        Self {
            method,
            template: path,
            path,
            headers: &[],
            body: None,
            status,
        }
    }

    fn at(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    fn with(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    fn sends(self, body: Value) -> Self {
        let body = Some(body);
        Self { body, ..self }
    }

    async fn make(&self, admin: &Manager<'_>) -> Answer {
        let url = format!("{}{}", admin.server.address, self.path);
        let request = admin.server.http.request(self.method.clone(), url);
        let request = request.bearer_auth(&admin.token);
        let add =
            |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        let request = self.headers.iter().fold(request, add);
        let request = match &self.body {
            Some(body) => request.json(body),
            None => request,
        };
        Answer::read(request.send().await.unwrap()).await
    }
}

const CLIENT: &str = "/api/v2/clients/{id}";
const CLIENTS: &str = "/api/v2/clients";
const TOKENS: &str = "/api/rulemint/v1/tokens";
const NAMED: &[(&str, &str)] = &[("X-Correlation-ID", "deploy-17")];
const STALE: &[(&str, &str)] = &[("If-Match", "\"other\"")];
const ONCE: &[(&str, &str)] = &[("Idempotency-Key", "k")];

fn calls() -> Vec<Call> {
    let get = |path, status| Call::new(Method::GET, path, status);
    let post = |path, status| Call::new(Method::POST, path, status);
    let other = json!({ "name": "b" });
    let token = json!({ "audience": crate::harness::AUDIENCE, "subject": "alice" });
    vec![
        get(CLIENT, 200).at("/api/v2/clients/c1").with(NAMED),
        get(CLIENT, 404).at("/api/v2/clients/nobody"),
        get(CLIENTS, 200).at("/api/v2/clients?page=0&include_totals=true"),
        get(CLIENTS, 400).at("/api/v2/clients?take=0").with(NAMED),
        Call::new(Method::PATCH, CLIENT, 412)
            .at("/api/v2/clients/c1")
            .with(STALE)
            .sends(other.clone()),
        Call::new(Method::DELETE, CLIENT, 412)
            .at("/api/v2/clients/c1")
            .with(STALE),
        post(CLIENTS, 201).with(ONCE).sends(json!({ "name": "a" })),
        post(CLIENTS, 201).with(ONCE).sends(json!({ "name": "a" })),
        post(CLIENTS, 422).with(ONCE).sends(other),
        post(TOKENS, 422).with(ONCE).sends(token.clone()),
        post(TOKENS, 201).sends(token),
        get(TOKENS, 400).at("/api/rulemint/v1/tokens?take=0"),
    ]
}

/// What is described of an answer, wherever that is written.
fn described<'d>(description: &'d Value, call: &Call) -> &'d Value {
    let method = call.method.as_str().to_lowercase();
    let responses = &description["paths"][call.template][method]["responses"];
    let response = &responses[call.status.to_string()];
    match response["$ref"].as_str() {
        Some(place) => description.pointer(&place[1..]).unwrap(),
        None => response,
    }
}

/// Checks that a call takes the headers that it is sent with.
fn check_taken(description: &Value, call: &Call) {
    let method = call.method.as_str().to_lowercase();
    let operation = &description["paths"][call.template][&method];
    let parameters = operation["parameters"].as_array().unwrap();
    for (sent, _) in call.headers {
        let is_it = |one: &&Value| one["in"] == "header" && one["name"] == *sent;
        let found = parameters.iter().find(is_it);
        assert!(found.is_some(), "{method} {}: {sent}", call.template);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_calls_and_answers_are_as_described() {
    let server = setup().start().await;
    let description = description(&server).await;
    let admin = Manager::of(&server).await;
    for call in calls() {
        let answer = call.make(&admin).await;
        let told = format!("{} {}: {answer:?}", call.method, call.path);
        assert_eq!(answer.status, call.status, "{told}");
        check_taken(&description, &call);
        let headers = described(&description, &call)["headers"].as_object();
        let known: Vec<_> = headers.unwrap().keys().map(|k| k.to_lowercase()).collect();
        for name in answer.headers.keys() {
            let is_everywhere = EVERYWHERE.contains(&name.as_str());
            assert!(
                is_everywhere || known.iter().any(|one| one == name.as_str()),
                "{name} of {told}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_calls_that_read_a_header_are_described_with_it() {
    let server = setup().start().await;
    let description = description(&server).await;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            let takes = |name: &str| parameters.iter().any(|one| one["name"] == name);
            let may_be = |status: &str| operation["responses"].get(status).is_some();
            let is_post = method == "post";
            assert!(takes("X-Correlation-ID"), "{method} {path}");
            assert_eq!(takes("Idempotency-Key"), is_post, "{method} {path}");
            assert_eq!(may_be("422"), is_post, "{method} {path}");
            assert_eq!(takes("If-Match"), may_be("412"), "{method} {path}");
            let changes_one = ["patch", "delete"].contains(&method.as_str());
            let is_without = path.contains("cutoffs") || path.contains("rules-configs");
            assert_eq!(takes("If-Match"), changes_one && !is_without, "{path}");
        }
    }
}

/// Those of HTTP itself, on every answer of this server.
const EVERYWHERE: &[&str] = &[
    "cache-control",
    "content-length",
    "content-type",
    "date",
    "vary",
    "x-content-type-options",
];
