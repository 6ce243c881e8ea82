//! Tokens that are taken away one by one, by their jti.

use rulemint::config::LedgerMode;
use rulemint::revocation::Target;

use crate::harness::{AUDIENCE, CLIENT, Setup, a_test, claims, revocation};

fn by_jti(token: &str, audience: Option<&str>) -> Target {
    Target::Token {
        jti: claims(token)["jti"].as_str().unwrap().to_owned(),
        audience: audience.map(str::to_owned),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_on_the_list_is_not_good_and_its_neighbour_is() {
    let server = Setup::new().start().await;
    for audience in [None, Some(AUDIENCE), Some(CLIENT)] {
        let token = server.ask(&[]).await.token();
        let neighbour = server.ask(&[]).await.token();
        server.revoke(by_jti(&token, audience)).await;
        assert!(!server.is_active(&token).await, "{audience:?}");
        assert!(server.is_active(&neighbour).await, "{audience:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jti_listed_for_another_api_is_not_this_tokens() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    server
        .revoke(by_jti(&token, Some("https://other.example")))
        .await;
    assert!(server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn listing_a_token_twice_is_listing_it_once_and_undoing_brings_it_back() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let first = server.revoke(by_jti(&token, None)).await;
    let second = server.revoke(by_jti(&token, None)).await;
    assert_eq!(first.row.id, second.row.id);
    let undone = server
        .revoker()
        .undo(first.row.id, &a_test())
        .await
        .unwrap();
    server.until_in_force(&undone).await;
    assert!(server.is_active(&token).await);
    let again = server.revoke(by_jti(&token, None)).await;
    assert_ne!(first.row.id, again.row.id);
    assert!(!server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_lasts_as_long_as_its_token_or_as_any_token_could() {
    let server = Setup::new()
        .but(|config| config.ledger.mode = LedgerMode::Sync)
        .start()
        .await;
    let token = server.ask(&[]).await.token();
    let gone = server.revoke(by_jti(&token, None)).await;
    assert_eq!(claims(&token)["exp"], gone.row.expires_at);
    let unknown = Target::Token {
        jti: "from-elsewhere".to_owned(),
        audience: None,
    };
    let gone = server.revoker().revoke(revocation(unknown)).await.unwrap();
    assert_eq!(gone.row.expires_at, gone.row.created_at + 2_592_000);
}
