//! Whoever guesses secrets is slowed down, and nobody else.

use std::time::Duration;

use super::plain_server;
use crate::harness::{Answer, CLIENT, TestServer};

async fn guess(server: &TestServer, client: &str) -> Answer {
    let grant = ("grant_type", "client_credentials");
    server
        .post(&[grant, ("client_id", client), ("client_secret", "wrong")])
        .await
}

async fn guess_until_told_to_wait(server: &TestServer, client: &str) -> Answer {
    for _ in 0..20 {
        let answer = guess(server, client).await;
        if answer.status == 429 {
            return answer;
        }
        answer.refused(401, "invalid_client");
    }
    panic!("twenty guesses and no end");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_20_too_many_wrong_secrets_are_429_with_a_time_to_wait() {
    let server = plain_server().await;
    let answer = guess_until_told_to_wait(&server, CLIENT).await;
    answer.refused(429, "too_many_requests");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_20_the_right_secret_is_never_locked_out() {
    let server = plain_server().await;
    guess_until_told_to_wait(&server, CLIENT).await;
    server.ask(&[]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_20_others_are_not_told_to_wait() {
    let server = plain_server().await;
    guess_until_told_to_wait(&server, CLIENT).await;
    guess(&server, "other").await.refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_20_after_a_while_guesses_are_answered_again() {
    let server = plain_server().await;
    guess_until_told_to_wait(&server, CLIENT).await;
    server.advance(Duration::from_secs(10));
    guess(&server, CLIENT).await.refused(401, "invalid_client");
}
