//! What APIs that check offline go by survives a crash, and never says that a token is good which nobody can know.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::process::{AUDIENCE, Installation, Server};
use crate::status_list::{bits_in, is_set, place_in};

fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token's place: the path of its list, and its index there.
fn place(token: &str) -> (String, usize) {
    place_in(&claims(token))
}

async fn is_listed(server: &Server, token: &str) -> bool {
    let (path, index) = place(token);
    let (status, list) = server.get(&path).await;
    assert_eq!(status, 200, "{list}");
    is_set(&bits_in(&claims(&list)), index)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_place_is_given_twice_and_what_a_crash_swallowed_counts_as_revoked() {
    let installation = Installation::with("[ledger]\nmode = \"async\"\n");
    installation.well(&["api", "update", AUDIENCE, "--status-list", "true"]);
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let server = installation.serve().await;
        for _ in 0..100 {
            tokens.push(server.ask().await.unwrap().token().to_owned());
        }
        server.kill();
    }
    let places: HashSet<_> = tokens.iter().map(|token| place(token)).collect();
    assert_eq!(places.len(), tokens.len());
    let server = installation.serve().await;
    let store = installation.store().await;
    let mut swallowed = 0;
    for token in &tokens {
        let jti = claims(token)["jti"].as_str().unwrap().to_owned();
        let is_on_record = !store.issued(&jti).await.unwrap().is_empty();
        assert_eq!(is_listed(&server, token).await, !is_on_record);
        swallowed += u32::from(!is_on_record);
    }
    assert!(swallowed > 0, "the last ones were killed with their server");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restoration_a_token_that_the_backup_does_not_know_counts_as_revoked() {
    let installation = Installation::new();
    installation.well(&["api", "update", AUDIENCE, "--status-list", "true"]);
    let server = installation.serve().await;
    let before = server.ask().await.unwrap().token().to_owned();
    installation.well(&["backup", "copy"]);
    let after = server.ask().await.unwrap().token().to_owned();
    assert!(!is_listed(&server, &after).await);
    server.kill();
    installation.well(&["restore", "copy", "--force"]);
    let server = installation.serve().await;
    assert!(!is_listed(&server, &before).await && is_listed(&server, &after).await);
    let fresh = server.ask().await.unwrap().token().to_owned();
    assert_ne!(place(&fresh).0, place(&before).0, "the list is closed");
    assert!(!is_listed(&server, &fresh).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restoration_the_list_of_revocations_is_another_one() {
    let installation = Installation::new();
    let feed = async || {
        let store = installation.store().await;
        let feed = store.open_feed().await.unwrap();
        store.close().await;
        feed
    };
    let before = feed().await;
    installation.well(&["backup", "copy"]);
    assert_eq!(feed().await, before);
    installation.well(&["restore", "copy", "--force"]);
    assert_ne!(feed().await, before);
}
