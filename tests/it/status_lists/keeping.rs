//! What becomes of lists over time: restarts, crashes, full lists, old ones.

use std::collections::HashSet;
use std::time::Duration;

use rulemint::registry::ApiChange;

use super::{change_store, give_lists, is_listed, place, server, until_recorded};
use crate::harness::{AUDIENCE, TestServer, until};

async fn reserved(server: &TestServer) -> i64 {
    server.store.status_lists().await.unwrap()[0].reserved
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_the_same_list_and_no_place_is_given_twice() {
    let mut server = server().await;
    let mut places = HashSet::new();
    for _ in 0..3 {
        for _ in 0..50 {
            places.insert(place(&server.ask(&[]).await.token()));
        }
        server = server.stop().await.start().await;
    }
    assert_eq!(places.len(), 150);
    let lists: HashSet<_> = places.iter().map(|(list, _)| list).collect();
    assert_eq!(lists.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_gives_back_what_it_reserved_in_vain() {
    let server = server().await;
    let before = reserved(&server).await;
    server.ask(&[]).await.token();
    let server = server.stop().await.start().await;
    assert_eq!(
        reserved(&server).await,
        before + 1,
        "it reserved the same again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_record_a_crash_swallowed_counts_as_revoked() {
    let server = server().await;
    let (lost, kept) = (server.ask(&[]).await.token(), server.ask(&[]).await.token());
    until_recorded(&server, &kept).await;
    let setup = server.stop().await;
    change_store(
        &setup,
        "DELETE FROM ledger_tokens WHERE id = (SELECT MIN(id) FROM ledger_tokens)",
    )
    .await;
    let server = setup.start().await;
    assert!(is_listed(&server, &lost).await && !is_listed(&server, &kept).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_list_is_full_the_next_one_begins() {
    let server = server().await;
    let first = place(&server.ask(&[]).await.token()).0;
    let setup = server.stop().await;
    change_store(&setup, "UPDATE status_lists SET reserved = 1048576 - 3").await;
    let server = setup.start().await;
    let mut tokens = Vec::new();
    until("a token on the next list", async || {
        let answer = server.ask(&[]).await;
        if answer.status == 503 {
            return None; // The next places are being reserved at this moment.
        }
        tokens.push(answer.token());
        (place(tokens.last().unwrap()).0 != first).then_some(())
    })
    .await;
    assert_eq!(tokens.len(), 4);
    for token in &tokens {
        until_recorded(&server, token).await;
        assert!(!is_listed(&server, token).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_stays_for_tokens_that_live_longer_than_those_before() {
    let server = server().await;
    let lifetime = async || server.store.status_lists().await.unwrap()[0].lifetime;
    assert_eq!(lifetime().await, 86_400);
    let longer = ApiChange {
        lifetime: Some(864_000),
        ..ApiChange::default()
    };
    server.registrar.update_api(AUDIENCE, longer).await.unwrap();
    until("a token that lives longer", async || {
        let claims = server.ask(&[]).await.claims();
        let lives = claims["exp"].as_i64()? - claims["iat"].as_i64()?;
        (lives == 864_000).then_some(())
    })
    .await;
    assert_eq!(lifetime().await, 864_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_when_its_last_token_has_long_expired() {
    let server = server().await;
    let (path, _) = place(&server.ask(&[]).await.token());
    give_lists(&server, false).await;
    // The keeper clears away once a minute.
    server.advance(Duration::from_secs(61));
    until("the list to be closed", async || {
        server.store.status_lists().await.unwrap()[0]
            .closed_at
            .map(drop)
    })
    .await;
    let day = Duration::from_secs(86_400);
    server.advance(day + day);
    until("the server to have read its store again", async || {
        (server.get(&path).await.status == 200).then_some(())
    })
    .await;
    server.advance(day + day);
    until("the list to be gone", async || {
        (server.get(&path).await.status == 404).then_some(())
    })
    .await;
}
