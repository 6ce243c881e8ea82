//! `/verify`: what a proxy is answered before it lets a request through (RFC 6750 section 3).

use rulemint::registry::{NewApi, NewGrant};
use rulemint::revocation::Target;

use crate::harness::{AUDIENCE, Answer, CLIENT, Change, Setup, TestServer, claims, mirror, raw};

const FOR_API: &str = "/verify?audience=https://api.example";
const IDENTITY: [&str; 6] = [
    "x-auth-subject",
    "x-auth-client-id",
    "x-auth-audience",
    "x-auth-scope",
    "x-auth-token-id",
    "x-auth-expires",
];

#[track_caller]
fn stopped(answer: &Answer, status: u16, challenge: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert_eq!(answer.header("www-authenticate"), challenge);
    for name in IDENTITY {
        assert!(answer.headers.get(name).is_none(), "{name}");
    }
}

const INVALID: &str = "Bearer realm=\"rulemint\", error=\"invalid_token\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_passes_and_says_whose_it_is() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let (answer, claims) = (server.verify(&token).await, claims(&token));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-auth-subject"), CLIENT);
    assert_eq!(answer.header("x-auth-client-id"), CLIENT);
    assert_eq!(answer.header("x-auth-audience"), AUDIENCE);
    assert_eq!(answer.header("x-auth-scope"), claims["scope"]);
    assert_eq!(answer.header("x-auth-token-id"), claims["jti"]);
    assert_eq!(answer.header("x-auth-expires"), claims["exp"].to_string());
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Some proxies ask with the method of the request that they ask about.
#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_answered_as_get_is() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let url = format!("{}{FOR_API}", server.address);
    for method in ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE"] {
        let ask = || server.http.request(method.parse().unwrap(), &url);
        let passed = ask().bearer_auth(&token).send().await.unwrap();
        assert_eq!(passed.status(), 200, "{method}");
        assert_eq!(passed.headers()["x-auth-subject"], CLIENT, "{method}");
        let stopped = ask().send().await.unwrap();
        assert_eq!(stopped.status(), 401, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_says_of_itself_is_overwritten_even_by_nothing() {
    let server = Setup::new().start().await;
    let bare = NewApi::named("https://bare.example");
    server.registrar.add_api(bare).await.unwrap();
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: "https://bare.example".to_owned(),
        scope: None,
    };
    server.registrar.add_grant(grant).await.unwrap();
    server.until_granted("https://bare.example").await;
    let token = server.ask_for("https://bare.example").await.token();
    let url = format!("{}/verify?audience=https://bare.example", server.address);
    let request = server.http.get(url).bearer_auth(&token);
    let request = request
        .header("x-auth-scope", "admin")
        .header("x-auth-subject", "root");
    let answer = Answer::read(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    for name in IDENTITY {
        let said: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(
            said.len(),
            1,
            "{name}: a proxy overwrites only what it is given"
        );
    }
    assert_eq!(
        (
            answer.header("x-auth-scope"),
            answer.header("x-auth-subject")
        ),
        ("", CLIENT)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strange_subject_does_not_break_out_of_its_header() {
    let server = Setup::new()
        .with("10-mirror.wasm", mirror())
        .with("10-mirror.toml", "[claims]\nallow = [\"sub\"]\n")
        .start()
        .await;
    let changes = [Change::Set("sub", r#""a%b\r\nx-auth-scope: admin\u00e9""#)];
    let answer = server.ask(&[("answer", &Change::spell(&changes))]).await;
    let answer = server.verify(&answer.token()).await;
    assert_eq!(
        answer.header("x-auth-subject"),
        "a%25b%0D%0Ax-auth-scope: admin%C3%A9"
    );
    assert_eq!(answer.header("x-auth-scope"), "read write");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nobody_passes() {
    let server = Setup::new().start().await;
    stopped(&server.get(FOR_API).await, 401, "Bearer realm=\"rulemint\"");
    let request = server.http.get(format!("{}{FOR_API}", server.address));
    let request = request.basic_auth("a", Some("b"));
    let answer = Answer::read(request.send().await.unwrap()).await;
    stopped(&answer, 401, "Bearer realm=\"rulemint\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_are_none() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let request = format!(
        "GET {FOR_API} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let answer = raw::exchange(&server, request).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_another_api_does_not_pass() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let answer = server
        .verify_at("/verify?audience=https://api.example/", &token)
        .await;
    stopped(&answer, 401, INVALID);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_or_revoked_token_does_not_pass() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    server.revoke(Target::Client(CLIENT.to_owned())).await;
    stopped(&server.verify(&token).await, 401, INVALID);
    let token = server.ask(&[]).await.token();
    server.clock.jump(86_400);
    stopped(&server.verify(&token).await, 401, INVALID);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scope_that_is_demanded_must_be_there() {
    let server = Setup::new().start().await;
    let token = server.ask(&[("scope", "read")]).await.token();
    let at = |scope: &str| format!("{FOR_API}&scope={scope}");
    assert_eq!(server.verify_at(&at("read"), &token).await.status, 200);
    let challenge = |scope: &str| {
        format!("Bearer realm=\"rulemint\", error=\"insufficient_scope\", scope=\"{scope}\"")
    };
    for (scope, said) in [
        ("write", "write"),
        ("read+write", "read write"),
        ("rea", "rea"),
    ] {
        let answer = server.verify_at(&at(scope), &token).await;
        stopped(&answer, 403, &challenge(said));
    }
}

async fn malformed(server: &TestServer, path: &str) {
    let token = server.ask(&[]).await.token();
    let answer = server.verify_at(path, &token).await;
    assert_eq!(answer.status, 400, "{path}: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_say_what_it_wants_lets_nobody_through() {
    let server = Setup::new().start().await;
    for path in [
        "/verify",
        "/verify?audience=",
        "/verify?scope=read",
        "/verify?audience=https://api.example&scopes=admin",
        "/verify?audience=https://api.example&scope=re%22ad",
    ] {
        malformed(&server, path).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_cannot_append_to_what_the_proxy_wants() {
    let server = Setup::new().start().await;
    malformed(
        &server,
        &format!("{FOR_API}&audience=https://other.example"),
    )
    .await;
    malformed(&server, &format!("{FOR_API}&scope=admin&scope=read")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_counted() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    server.verify(&token).await;
    server.get(FOR_API).await;
    server.revoke(Target::Client(CLIENT.to_owned())).await;
    server.verify(&token).await;
    let metrics = server.get("/metrics").await.body;
    for line in [
        "rulemint_verifications_total{outcome=\"passed\"} 1",
        "rulemint_verifications_total{outcome=\"no_token\"} 1",
        "rulemint_verifications_total{outcome=\"revoked\"} 1",
        "rulemint_revocations 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}
