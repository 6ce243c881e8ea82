//! The form a request comes in.

use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use super::plain_server;
use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, TestServer};

async fn post_as(
    server: &TestServer,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let request = server.http.post(format!("{}/oauth/token", server.address));
    let request = request.header(CONTENT_TYPE, content_type).body(body);
    Answer::read(request.send().await.unwrap()).await
}

fn form() -> String {
    format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}&audience={AUDIENCE}"
    )
}

fn json_body() -> serde_json::Value {
    json!({
        "grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "audience": AUDIENCE,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_16_json_is_taken_as_auth0s_clients_send_it() {
    let server = plain_server().await;
    post_as(&server, "application/json", json_body().to_string())
        .await
        .token();
    post_as(
        &server,
        "application/json; charset=utf-8",
        json_body().to_string(),
    )
    .await
    .token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_16_a_json_name_must_not_stand_there_twice() {
    let server = plain_server().await;
    let text = json_body()
        .to_string()
        .replacen('{', "{\"client_id\":\"c1\",", 1);
    post_as(&server, "application/json", text)
        .await
        .refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_16_json_that_is_no_object_of_texts_is_refused() {
    let server = plain_server().await;
    for text in [
        "",
        "{",
        "[]",
        "\"x\"",
        "null",
        "{\"grant_type\":1}",
        "{\"client_id\":{}}",
        "{} {}",
    ] {
        post_as(&server, "application/json", text)
            .await
            .refused(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_nested_ten_thousand_deep_is_refused() {
    let server = plain_server().await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    post_as(&server, "application/json", deep)
        .await
        .refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9110_01_another_media_type_is_415() {
    let server = plain_server().await;
    for content_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "nonsense",
    ] {
        post_as(&server, content_type, form())
            .await
            .refused(415, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_09_a_parameter_must_not_stand_there_twice() {
    let server = plain_server().await;
    for twice in [
        "scope=read&scope=write",
        "audience=a",
        "client_id=c1",
        "client_secret=x",
        "foo=1&foo=2",
    ] {
        let body = format!("{}&{twice}", form());
        let answer = post_as(&server, "application/x-www-form-urlencoded", body).await;
        answer.refused(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_18_unknown_parameters_are_ignored() {
    let server = plain_server().await;
    server.ask(&[("foo", "bar")]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_without_a_value_is_as_if_it_were_not_there() {
    let server = plain_server().await;
    server
        .ask(&[("resource", ""), ("scope", ""), ("foo", "")])
        .await
        .token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_19_credentials_in_the_address_are_refused_and_not_repeated() {
    let server = plain_server().await;
    let url = format!(
        "{}/oauth/token?client_id={CLIENT}&client_secret={SECRET}",
        server.address
    );
    let request = server
        .http
        .post(url)
        .form(&[("grant_type", "client_credentials")]);
    let answer = Answer::read(request.send().await.unwrap()).await;
    answer.refused(400, "invalid_request");
    assert!(!answer.body.contains(SECRET), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_22_ten_thousand_parameters_are_refused() {
    let server = plain_server().await;
    let many: String = (0..10_000).map(|number| format!("&p{number}")).collect();
    let answer = post_as(&server, "application/x-www-form-urlencoded", form() + &many).await;
    assert!([400, 413].contains(&answer.status.as_u16()), "{answer:?}");
    let some: String = (0..100).map(|number| format!("&p{number}=1")).collect();
    let answer = post_as(&server, "application/x-www-form-urlencoded", form() + &some).await;
    answer.refused(400, "invalid_request");
}
