//! `/api/rulemint/v1`: what Auth0 never had.

mod audit;
mod cutoffs;
mod rules;
mod status;
mod tokens;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Manager, setup};
use crate::harness::{Answer, TestServer, until};

/// Every call, with the scope it takes.
pub(super) const CALLS: &[(&str, &str, &str)] = &[
    ("GET", "/tokens", "read:tokens"),
    ("POST", "/tokens", "issue:tokens"),
    ("GET", "/tokens/x", "read:tokens"),
    ("GET", "/cutoffs", "read:cutoffs"),
    ("POST", "/cutoffs", "create:cutoffs"),
    ("DELETE", "/cutoffs/1", "delete:cutoffs"),
    ("GET", "/rules", "read:rules"),
    ("POST", "/rules/rollback", "update:rules"),
    ("POST", "/reloads", "update:rules"),
    ("GET", "/audit", "read:audit"),
    ("GET", "/status", "read:status"),
];

impl Manager<'_> {
    pub(super) async fn own(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/api/rulemint/v1{path}", self.server.address);
        let mut request = self.server.http.request(method.parse().unwrap(), url);
        request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// Looks at something that is there. After a leap in time nobody is let in until the store has been read again.
    async fn look(&self, path: &str) -> Value {
        let answer = until("an answer", async || {
            let answer = self.own("GET", path, None).await;
            (answer.status != 503).then_some(answer)
        })
        .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

/// Checks that an answer is a problem (RFC 9457), and gives what is said in it.
#[track_caller]
fn problem(answer: &Answer, status: u16, code: &str) -> String {
    let body = answer.json();
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("Content-Type"), "application/problem+json");
    assert_eq!(body["status"], status, "{answer:?}");
    assert_eq!(
        body["type"],
        format!("urn:rulemint:problem:{code}"),
        "{answer:?}"
    );
    assert_eq!(body["code"], code);
    assert_eq!(body["title"], answer.status.canonical_reason().unwrap());
    let instance = body["instance"].as_str().unwrap();
    assert!(instance.starts_with("/api/rulemint/v1"), "{instance}");
    body["detail"].as_str().unwrap().to_owned()
}

async fn bare(server: &TestServer, method: &str, path: &str) -> Answer {
    let url = format!("{}/api/rulemint/v1{path}", server.address);
    let method: Method = method.parse().unwrap();
    let request = server.http.request(method, url);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nobody_is_let_in() {
    let server = setup().start().await;
    for (method, path, _) in CALLS {
        let answer = bare(&server, method, path).await;
        assert_eq!(answer.status, 401, "{method} {path}");
        assert_eq!(answer.header("WWW-Authenticate"), "Bearer");
        let expected = json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "Missing authentication", "instance": format!("/api/rulemint/v1{path}"),
        });
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_needs_its_own_scope() {
    let server = setup().start().await;
    let nobody = Manager::with_scope(&server, "read:clients").await;
    for (method, path, scope) in CALLS {
        let answer = nobody.own(method, path, None).await;
        let detail = problem(&answer, 403, "insufficient_scope");
        assert_eq!(
            detail,
            format!("Insufficient scope, expected any of: {scope}")
        );
        let challenge = answer.header("WWW-Authenticate").to_owned();
        assert!(challenge.contains(scope), "{challenge}");
        let somebody = Manager::with_scope(&server, scope).await;
        let answer = somebody.own(method, path, None).await;
        assert_ne!(answer.status, 403, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_names_of_calls_are_those_of_the_other_api() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let url = format!("{}/api/rulemint/v1/status", server.address);
    let request = server.http.get(&url).bearer_auth(&admin.token);
    let answer = request.header("X-Correlation-ID", "deploy-17").send().await;
    let answer = Answer::read(answer.unwrap()).await;
    assert_eq!(answer.header("X-Correlation-ID"), "deploy-17");
    assert_eq!(answer.header("X-RateLimit-Limit"), "100");
    assert_eq!(answer.header("Cache-Control"), "no-store");
    let request = server.http.get(&url).bearer_auth(&admin.token);
    let answer = request.header("X-Correlation-ID", "x".repeat(65)).send();
    let answer = Answer::read(answer.await.unwrap()).await;
    problem(&answer, 400, "invalid_header");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_are_told_when_to_come_again() {
    let few = setup().but(|config| {
        config.limits.management_requests_per_second = 1.try_into().unwrap();
    });
    let server = few.start().await;
    let admin = Manager::of(&server).await;
    let answer = until("a refusal", async || {
        let answer = admin.own("GET", "/status", None).await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    problem(&answer, 429, "too_many_requests");
    assert_eq!(answer.header("Retry-After"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_here_and_what_cannot_be_done_is_a_problem_too() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let answer = admin.own("GET", "/nothing", None).await;
    assert!(problem(&answer, 404, "not_found").contains("/nothing"));
    let answer = admin.own("PUT", "/tokens", None).await;
    problem(&answer, 405, "method_not_allowed");
    assert!(answer.header("Allow").contains("POST"), "{answer:?}");
    for path in [
        "/status?x=1",
        "/rules?x=1",
        "/tokens?take=0",
        "/audit?take=101",
    ] {
        let answer = admin.own("GET", path, None).await;
        problem(&answer, 400, "invalid_query_string");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_must_be_json_objects_of_what_is_known() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for path in ["/tokens", "/cutoffs", "/rules/rollback"] {
        if path != "/rules/rollback" {
            let answer = admin.own("POST", path, None).await;
            problem(&answer, 415, "invalid_body");
        }
        let answer = admin.own("POST", path, Some(json!([]))).await;
        problem(&answer, 400, "invalid_body");
        let body = json!({
            "audience": "a", "subject": "b", "client_id": "c", "generation": 1, "nonsense": true,
        });
        let answer = admin.own("POST", path, Some(body)).await;
        assert!(problem(&answer, 400, "invalid_body").contains("not allowed"));
    }
}
