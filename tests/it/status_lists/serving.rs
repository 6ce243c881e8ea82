//! What is served: draft-ietf-oauth-status-list sections 5 and 8.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use reqwest::header::HeaderMap;
use rulemint::revocation::Target;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};

use super::{bits, get, place, server, status, until_listed};
use crate::harness::{CLIENT, header, until};

fn headers(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, value.parse().unwrap());
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_a_signed_statement_about_its_own_address() {
    let server = server().await;
    let token = server.ask(&[]).await.token();
    let (path, _) = place(&token);
    let answer = server.get(&path).await;
    assert_eq!(answer.header("content-type"), "application/statuslist+jwt");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let keys = server.get("/.well-known/jwks.json").await.json();
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let kid = header(&answer.body)["kid"].clone();
    let key = DecodingKey::from_jwk(keys.find(kid.as_str().unwrap()).unwrap()).unwrap();
    let mut checks = Validation::new(Algorithm::ES256);
    checks.validate_aud = false;
    checks.set_issuer(&[server.issuer.live.load().issuer.as_str()]);
    let said = decode::<Value>(&answer.body, &key, &checks).unwrap();
    assert_eq!(said.header.typ.as_deref(), Some("statuslist+jwt"));
    let said = said.claims;
    assert_eq!(said["sub"], status(&token)["status_list"]["uri"]);
    assert_eq!(
        (&said["ttl"], &said["status_list"]["bits"]),
        (&json!(60), &json!(1))
    );
    assert_eq!(
        said["exp"].as_u64().unwrap(),
        said["iat"].as_u64().unwrap() + 120
    );
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
}

#[tokio::test(flavor = "multi_thread")]
async fn tsl_04_a_list_of_a_million_places_is_small() {
    let server = server().await;
    let (path, _) = place(&server.ask(&[]).await.token());
    let list = server.get(&path).await.body;
    assert_eq!(bits(&list).len() * 8, 1 << 20);
    assert!(list.len() < 10_000, "{}", list.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_list_does_not_tell_how_many_tokens_are_revoked() {
    let server = server().await;
    let (path, _) = place(&server.ask(&[]).await.token());
    let bits = bits(&server.get(&path).await.body);
    let set: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
    assert!((512..1_536).contains(&set), "{set}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tsl_02_places_are_unique_and_do_not_follow_each_other() {
    let server = server().await;
    let mut places = Vec::new();
    for _ in 0..200 {
        places.push(place(&server.ask(&[]).await.token()));
    }
    let rising = places.windows(2).filter(|two| two[0].1 < two[1].1).count();
    assert!((50..150).contains(&rising), "{rising} of 199 rise");
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tsl_03_who_has_the_list_already_is_told_so_until_it_changes() {
    let server = server().await;
    let token = server.ask(&[]).await.token();
    let (path, _) = place(&token);
    let tag = server.get(&path).await.header("etag").to_owned();
    for known in [tag.clone(), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = get(&server, &path, headers("if-none-match", &known)).await;
        assert_eq!((again.status.as_u16(), &*again.body), (304, ""), "{known}");
        assert_eq!(again.header("cache-control"), "public, max-age=60");
    }
    server.revoke(Target::Client(CLIENT.to_owned())).await;
    until_listed(&server, &token, true).await;
    let changed = get(&server, &path, headers("if-none-match", &tag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_made_anew_before_it_is_too_old() {
    let server = server().await;
    let (path, _) = place(&server.ask(&[]).await.token());
    let first = server.get(&path).await.body;
    assert_eq!(server.get(&path).await.body, first);
    server.advance(Duration::from_secs(31));
    until("the server to have read its store again", async || {
        let answer = server.get(&path).await;
        (answer.status == 200 && answer.body != first).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_refused() {
    let server = server().await;
    let (path, _) = place(&server.ask(&[]).await.token());
    assert_eq!(server.get("/status-lists/0123").await.status, 404);
    assert_eq!(
        server.get(&format!("{path}?time=1700000000")).await.status,
        501
    );
    let posted = server.http.post(format!("{}{path}", server.address));
    assert_eq!(posted.send().await.unwrap().status(), 405);
    for (accepted, status) in [
        ("application/statuslist+cwt", 406),
        ("text/html, application/json;q=0.5", 406),
        (
            "application/statuslist+cwt, application/statuslist+jwt;q=0.5",
            200,
        ),
        ("application/*", 200),
        ("*/*", 200),
    ] {
        let answer = get(&server, &path, headers("accept", accepted)).await;
        assert_eq!(answer.status.as_u16(), status, "{accepted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_no_access_token() {
    let server = server().await;
    let (path, _) = place(&server.ask(&[]).await.token());
    let list = server.get(&path).await.body;
    assert_eq!(server.verify(&list).await.status, 401);
    assert!(!server.is_active(&list).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_may_miss_a_revocation_says_nothing() {
    let server = server().await;
    let (path, _) = place(&server.ask(&[]).await.token());
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    let broken = "ALTER TABLE changes RENAME TO lost";
    store.execute(broken).await.unwrap();
    server.advance(Duration::from_secs(6));
    until("the list to say nothing", async || {
        let answer = server.get(&path).await;
        (answer.status == 503).then(|| assert_eq!(answer.header("retry-after"), "1"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_tokens_cannot_be_looked_at_says_nothing() {
    let server = server().await;
    let token = server.ask(&[]).await.token();
    let (path, _) = place(&token);
    super::until_recorded(&server, &token).await;
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    let broken = "ALTER TABLE ledger_contexts RENAME TO lost";
    store.execute(broken).await.unwrap();
    server.revoke(Target::Client(CLIENT.to_owned())).await;
    until("the list to say nothing", async || {
        server.advance(Duration::from_secs(1));
        (server.get(&path).await.status == 503).then_some(())
    })
    .await;
    store
        .execute("ALTER TABLE lost RENAME TO ledger_contexts")
        .await
        .unwrap();
    until("the list to say something again", async || {
        (server.get(&path).await.status == 200).then_some(())
    })
    .await;
    assert!(super::is_listed(&server, &token).await);
}
