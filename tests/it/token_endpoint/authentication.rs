//! Who is asking.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::AUTHORIZATION;
use rulemint::registry::NewClient;

use super::plain_server;
use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, Setup, TestServer, until};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// Asks with this Authorization header.
async fn with_header(server: &TestServer, header: &str, more: &[(&str, &str)]) -> Answer {
    let request = server.http.post(format!("{}/oauth/token", server.address));
    let form = [&[GRANT, ("audience", AUDIENCE)], more].concat();
    let answer = request
        .header(AUTHORIZATION, header)
        .form(&form)
        .send()
        .await;
    Answer::read(answer.unwrap()).await
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_02_a_wrong_secret_in_the_header_is_401_with_a_challenge() {
    let server = plain_server().await;
    let answer = with_header(&server, &basic("c1:wrong"), &[]).await;
    answer.refused(401, "invalid_client");
    assert!(
        answer
            .header("www-authenticate")
            .starts_with("Basic realm="),
        "{answer:?}"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_03_a_wrong_secret_in_the_body_is_401() {
    let server = plain_server().await;
    let answer = server
        .post(&[GRANT, ("client_id", CLIENT), ("client_secret", "wrong")])
        .await;
    answer.refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_04_an_unknown_client_cannot_be_told_from_a_wrong_secret() {
    let server = plain_server().await;
    let mut unknown = with_header(&server, &basic("nobody:wrong"), &[]).await;
    let mut wrong = with_header(&server, &basic("c1:wrong"), &[]).await;
    for answer in [&mut unknown, &mut wrong] {
        answer.headers.remove("x-transaction-id");
        answer.headers.remove("date");
    }
    assert_eq!((unknown.status, &unknown.body), (wrong.status, &wrong.body));
    assert_eq!(unknown.headers, wrong.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_10_a_secret_in_header_and_body_is_refused() {
    let server = plain_server().await;
    let header = basic(&format!("{CLIENT}:{SECRET}"));
    let answer = with_header(&server, &header, &[("client_secret", SECRET)]).await;
    answer.refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_11_header_and_body_must_name_the_same_client() {
    let server = plain_server().await;
    let header = basic(&format!("{CLIENT}:{SECRET}"));
    with_header(&server, &header, &[("client_id", "other")])
        .await
        .refused(400, "invalid_request");
    with_header(&server, &header, &[("client_id", CLIENT)])
        .await
        .token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_12_no_client_authentication_is_401() {
    let server = plain_server().await;
    server.post(&[GRANT]).await.refused(401, "invalid_client");
    server
        .post(&[GRANT, ("client_id", CLIENT)])
        .await
        .refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_without_a_client_is_refused() {
    let server = plain_server().await;
    server
        .post(&[GRANT, ("client_secret", SECRET)])
        .await
        .refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_13_id_and_secret_are_form_encoded_in_the_header() {
    let server = plain_server().await;
    let client = NewClient {
        id: Some("an:identifier".to_owned()),
        name: "odd".to_owned(),
        secret: Some("some secure & non-standard +%\u{a3}\u{20ac}".into()),
        ..NewClient::default()
    };
    server.registrar.add_client(client).await.unwrap();
    let header = basic("an%3Aidentifier:some+secure+%26+non-standard+%2B%25%C2%A3%E2%82%AC");
    // It may have no tokens, but it is known: that is a refusal of another kind.
    until("the client to be known", async || {
        let answer = with_header(&server, &header, &[]).await;
        (answer.status == 400).then(|| answer.refused(400, "invalid_target"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_14_a_malformed_header_is_an_invalid_request() {
    let server = plain_server().await;
    let malformed = [
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !!!".to_owned(),
        basic("no-colon"),
        basic("c1:%zz"),
        basic("%f:x"),
        format!("Basic {}", STANDARD.encode([0xff, b':', 0xff])),
    ];
    for header in malformed {
        with_header(&server, &header, &[])
            .await
            .refused(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_scheme_is_answered_with_the_one_there_is() {
    let server = plain_server().await;
    let answer = with_header(&server, "Bearer abc", &[]).await;
    answer.refused(401, "invalid_client");
    assert!(
        answer.header("www-authenticate").starts_with("Basic"),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheme_is_read_in_any_case() {
    let server = plain_server().await;
    let header = basic(&format!("{CLIENT}:{SECRET}")).replace("Basic", "bAsIc");
    with_header(&server, &header, &[]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authorization_headers_are_refused() {
    let server = plain_server().await;
    let header = basic(&format!("{CLIENT}:{SECRET}"));
    let request = server.http.post(format!("{}/oauth/token", server.address));
    let request = request
        .header(AUTHORIZATION, &header)
        .header(AUTHORIZATION, &header);
    let answer = Answer::read(request.form(&[GRANT]).send().await.unwrap()).await;
    answer.refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_07_a_public_client_gets_no_token_for_itself() {
    let server = plain_server().await;
    let client = NewClient {
        id: Some("public".to_owned()),
        name: "public".to_owned(),
        public: true,
        ..NewClient::default()
    };
    server.registrar.add_client(client).await.unwrap();
    until("the client to be known", async || {
        let answer = server.post(&[GRANT, ("client_id", "public")]).await;
        (answer.status == 400).then(|| answer.refused(400, "unauthorized_client"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9700_01_client_ids_are_made_by_the_server() {
    let server = Setup::new().start().await;
    let new = || NewClient {
        name: "one of many".to_owned(),
        ..NewClient::default()
    };
    let one = server.registrar.add_client(new()).await.unwrap();
    let other = server.registrar.add_client(new()).await.unwrap();
    assert_ne!(one.client.id, other.client.id);
    assert!(one.client.id.len() >= 32);
}
