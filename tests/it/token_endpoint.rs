//! `POST /oauth/token`: the client credentials grant (RFC 6749 section 4.4), resources (RFC 8707), and the token (RFC 9068).

mod authentication;
mod bodies;
mod grants;
mod throttle;
mod tokens;

use serde_json::json;

use crate::harness::{AUDIENCE, CLIENT, SECRET, Setup, TestServer};

pub(crate) async fn plain_server() -> TestServer {
    Setup::new().start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_01_a_right_request_gets_a_token_that_nobody_may_keep() {
    let server = plain_server().await;
    let answer = server
        .http
        .post(format!("{}/oauth/token", server.address))
        .basic_auth(CLIENT, Some(SECRET))
        .form(&[
            ("grant_type", "client_credentials"),
            ("scope", "read"),
            ("resource", AUDIENCE),
        ])
        .send()
        .await
        .unwrap();
    let answer = crate::harness::Answer::read(answer).await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    assert_eq!(
        (&body["token_type"], &body["scope"]),
        (&json!("Bearer"), &json!("read"))
    );
    assert_eq!(body["expires_in"], 86_400);
    assert!(
        body["access_token"].is_string() && body.get("refresh_token").is_none(),
        "{body}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_15_only_post_is_allowed() {
    let server = plain_server().await;
    let answer = server.get("/oauth/token").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, "POST")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_names_its_request() {
    let server = plain_server().await;
    let (good, bad) = (server.ask(&[]).await, server.post(&[]).await);
    for answer in [&good, &bad] {
        assert_eq!(answer.header("x-transaction-id").len(), 32);
    }
    assert_ne!(
        good.header("x-transaction-id"),
        bad.header("x-transaction-id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_21_no_refusal_describes_itself_in_forbidden_characters() {
    let server = plain_server().await;
    let hostile = "a\"b\\c\u{0}\n\u{e9}\u{1f600}";
    let more = [
        ("scope", hostile),
        ("resource", hostile),
        ("grant_type", hostile),
        ("client_id", hostile),
        ("audience", hostile),
    ];
    for (name, value) in more {
        let usual = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
        ];
        let mut form: Vec<_> = usual
            .into_iter()
            .filter(|(known, _)| *known != name)
            .collect();
        form.push((name, value));
        let answer = server.post(&form).await;
        assert!(answer.status.is_client_error(), "{name}: {answer:?}");
        let description = answer.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        let speakable = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(description.bytes().all(speakable), "{name}: {description}");
    }
}
