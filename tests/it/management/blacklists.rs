//! `/blacklists/tokens`, and grants that go with what they gave.

use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{AUDIENCE, CLIENT, TestServer, claims};

/// Whether the server believes a token that a client shows.
async fn is_good(server: &TestServer, token: &str) -> bool {
    let url = format!("{}/verify?audience={AUDIENCE}", server.address);
    let answer = server
        .http
        .get(url)
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    answer.status() == 200
}

fn jti(token: &str) -> String {
    claims(token)["jti"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blacklisted_token_is_dead_before_the_answer_and_no_other_is() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let other = server.ask(&[]).await.token();
    for _ in 0..20 {
        let token = server.ask(&[]).await.token();
        assert!(is_good(&server, &token).await);
        let entry = json!({ "aud": AUDIENCE, "jti": jti(&token) });
        let answer = admin.post("/blacklists/tokens", entry).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
        assert!(!is_good(&server, &token).await);
    }
    assert!(is_good(&server, &other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_may_name_the_client_or_nobody() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for audience in [json!(CLIENT), Value::Null, json!("")] {
        let token = server.ask(&[]).await.token();
        let entry = json!({ "aud": audience, "jti": jti(&token) });
        assert_eq!(admin.post("/blacklists/tokens", entry).await.status, 204);
        assert!(!is_good(&server, &token).await, "{audience}");
    }
    let token = server.ask(&[]).await.token();
    let elsewhere = json!({ "aud": "https://other.example", "jti": jti(&token) });
    assert_eq!(
        admin.post("/blacklists/tokens", elsewhere).await.status,
        204
    );
    assert!(is_good(&server, &token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_an_array_whatever_pages_are_asked_for() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    assert_eq!(admin.get("/blacklists/tokens").await.json(), json!([]));
    let entries = [
        json!({ "aud": "a", "jti": "1" }),
        json!({ "aud": "b", "jti": "2" }),
        json!({ "jti": "3" }),
    ];
    for entry in &entries {
        for _ in 0..2 {
            let answer = admin.post("/blacklists/tokens", entry.clone()).await;
            assert_eq!(answer.status, 204, "{answer:?}");
        }
    }
    for query in ["", "?include_totals=true&per_page=2&page=1"] {
        let list = admin
            .get(&format!("/blacklists/tokens{query}"))
            .await
            .json();
        assert_eq!(list, json!(entries), "{query}");
    }
    let of_a = admin.get("/blacklists/tokens?aud=a").await.json();
    assert_eq!(of_a, json!([entries[0]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_walked_by_checkpoints() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for number in 0..12 {
        let entry = json!({ "jti": number.to_string() });
        assert_eq!(admin.post("/blacklists/tokens", entry).await.status, 204);
    }
    let (mut seen, mut from) = (Vec::new(), String::new());
    loop {
        let part = admin
            .get(&format!("/blacklists/tokens?take=5{from}"))
            .await
            .json();
        let tokens = part["tokens"].as_array().unwrap();
        seen.extend(
            tokens
                .iter()
                .map(|token| token["jti"].as_str().unwrap().to_owned()),
        );
        match part["next"].as_str() {
            Some(next) => from = format!("&from={next}"),
            None => break,
        }
    }
    let all: Vec<String> = (0..12).map(|number: u32| number.to_string()).collect();
    assert_eq!(seen, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_none_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for (entry, reason) in [
        (json!({ "aud": AUDIENCE }), "Missing required property: jti"),
        (json!({ "jti": "" }), "what is revoked is 1 to"),
        (json!({ "jti": "a\nb" }), "control character"),
        (json!({ "jti": 5 }), "jti: "),
        (json!({ "jti": "a", "exp": 1 }), "not allowed: exp"),
    ] {
        let answer = admin.post("/blacklists/tokens", entry).await;
        let message = refused(&answer, 400, "invalid_body");
        assert!(message.contains(reason), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_goes_with_what_it_gave_where_that_is_asked_for() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let tokens = [server.ask(&[]).await.token(), server.ask(&[]).await.token()];
    let grant = admin.get("/client-grants?client_id=c1").await.json()[0]["id"].clone();
    let path = format!("/client-grants/{}", grant.as_str().unwrap());
    let answer = admin.delete(&format!("{path}?revoke_tokens=true")).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    for token in &tokens {
        assert!(!is_good(&server, token).await);
    }
    server.ask(&[]).await.refused(400, "invalid_target");
    let again = admin.delete(&format!("{path}?revoke_tokens=true")).await;
    refused(&again, 404, "inexistent_client_grant");
    let odd = admin.delete(&format!("{path}?revoke_tokens=maybe")).await;
    refused(&odd, 400, "invalid_query_string");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_outlive_a_grant_otherwise() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let token = server.ask(&[]).await.token();
    let grant = admin.get("/client-grants?client_id=c1").await.json()[0]["id"].clone();
    let path = format!("/client-grants/{}", grant.as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, 204);
    assert!(is_good(&server, &token).await);
}
