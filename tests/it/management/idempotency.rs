//! `Idempotency-Key`

use std::time::Duration;

use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{Answer, until};

impl Manager<'_> {
    async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        let url = format!("{}/api/v2{path}", self.server.address);
        let request = self.server.http.post(url).bearer_auth(&self.token);
        let request = request.header("Idempotency-Key", key).json(&body);
        Answer::read(request.send().await.unwrap()).await
    }

    async fn clients(&self) -> usize {
        self.get("/clients").await.json().as_array().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_repeated_is_carried_out_once_and_answered_twice() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let before = admin.clients().await;
    let first = admin
        .post_once("/clients", "k1", json!({ "name": "a" }))
        .await;
    let again = admin
        .post_once("/clients", "k1", json!({ "name": "a" }))
        .await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("ETag"), first.header("ETag"));
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    assert_eq!(admin.clients().await, before + 1);
    admin
        .post_once("/clients", "k2", json!({ "name": "a" }))
        .await;
    assert_eq!(admin.clients().await, before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_one_call() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let body = json!({ "name": "a" });
    admin.post_once("/clients", "k", body.clone()).await;
    let other = admin
        .post_once("/clients", "k", json!({ "name": "b" }))
        .await;
    refused(&other, 422, "idempotency_key_reused");
    let elsewhere = admin.post_once("/rules", "k", body).await;
    refused(&elsewhere, 422, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_its_clients_and_its_scopes_own() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    admin
        .post_once("/clients", "k", json!({ "name": "a" }))
        .await;
    let reader = Manager::with_scope(&server, "read:clients").await;
    let answer = reader
        .post_once("/clients", "k", json!({ "name": "a" }))
        .await;
    refused(&answer, 403, "insufficient_scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_may_be_sent_again() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let wrong = admin
        .post_once("/clients", "k", json!({ "nmae": "a" }))
        .await;
    refused(&wrong, 400, "invalid_body");
    let right = admin
        .post_once("/clients", "k", json!({ "name": "a" }))
        .await;
    assert_eq!(right.status, 201);
    let long = admin
        .post_once("/clients", &"k".repeat(256), json!({ "name": "a" }))
        .await;
    refused(&long, 400, "invalid_header");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_for_an_hour() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let body = json!({ "aud": "a", "jti": "1" });
    let kept = async || {
        let answer = admin
            .post_once("/blacklists/tokens", "k", body.clone())
            .await;
        assert_eq!(answer.status, 204, "{answer:?}");
        answer.headers.contains_key("idempotency-replayed")
    };
    assert!(!kept().await);
    assert!(kept().await);
    let later = async |seconds: u64| {
        server.advance(Duration::from_secs(seconds));
        // Before it has looked again, the server does not know what was revoked in all that time.
        let fresh = Manager::of(&server).await;
        until("the server to look again", async || {
            let answer = fresh.get("/clients/c1").await;
            (answer.status == 200).then_some(())
        })
        .await;
        fresh
    };
    let fresh = later(3_500).await;
    let again = fresh
        .post_once("/blacklists/tokens", "k", body.clone())
        .await;
    assert!(again.headers.contains_key("idempotency-replayed"));
    let fresh = later(200).await;
    let after = fresh
        .post_once("/blacklists/tokens", "k", body.clone())
        .await;
    assert!(!after.headers.contains_key("idempotency-replayed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_that_auth0_never_had_are_carried_out_once_too() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let post = async |path: &str, body: Value| {
        let url = format!("{}/api/rulemint/v1{path}", server.address);
        let request = server.http.post(url).bearer_auth(&admin.token);
        let request = request.header("Idempotency-Key", path).json(&body);
        Answer::read(request.send().await.unwrap()).await
    };
    for (path, body) in [
        ("/cutoffs", json!({ "subject": "alice" })),
        (
            "/tokens",
            json!({ "audience": "https://api.example", "subject": "alice" }),
        ),
    ] {
        let first = post(path, body.clone()).await;
        let again = post(path, body).await;
        assert_eq!(first.status, 201, "{path}: {first:?}");
        assert_eq!(again.json(), first.json(), "{path}");
        assert_eq!(again.header("Idempotency-Replayed"), "true");
        let other = post(path, json!({ "subject": "bob" })).await;
        assert_eq!(other.status, 422, "{other:?}");
        assert_eq!(other.json()["code"], "idempotency_key_reused");
    }
}
