//! Every way of taking tokens away reaches their list, and so does taking that back.

use rulemint::revocation::Target;
use rulemint::rule::Digest;

use super::{give_lists, is_listed, keep_issuer, server, setup, until_listed, until_recorded};
use crate::harness::{CLIENT, SECRET, TestServer, a_test, claims, jti_rule};

/// Revokes between two tokens, and checks that it parts them on their list; and then that undoing it is seen there.
async fn parts(server: &TestServer, target: Target) {
    let before = server.ask(&[]).await.token();
    assert!(!is_listed(server, &before).await);
    let gone = server.revoke(target.clone()).await;
    let after = server.ask(&[]).await.token();
    until_listed(server, &before, true).await;
    until_recorded(server, &after).await;
    assert!(
        !is_listed(server, &after).await,
        "{target:?} met a later one"
    );
    server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    until_listed(server, &before, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cutoff_reaches_the_list() {
    let server = server().await;
    for target in server.targets().await {
        parts(&server, target).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_of_a_rule_reaches_the_list() {
    let rule = jti_rule();
    let digest = Digest::of(&rule).to_string();
    let server = keep_issuer(setup().with("10-jti.wasm", rule).start().await).await;
    give_lists(&server, true).await;
    parts(&server, Target::Rule(digest)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_token_reaches_the_list_and_its_neighbour_does_not() {
    let server = server().await;
    let (one, other) = (server.ask(&[]).await.token(), server.ask(&[]).await.token());
    let target = Target::Token {
        jti: claims(&one)["jti"].as_str().unwrap().to_owned(),
        audience: None,
    };
    let gone = server.revoke(target).await;
    until_listed(&server, &one, true).await;
    assert!(!is_listed(&server, &other).await);
    server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    until_listed(&server, &one, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_given_back_a_moment_after_it_was_issued_reaches_the_list() {
    let server = server().await;
    let token = server.ask(&[]).await.token(); // It is not on record yet.
    let form = [
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("token", &*token),
    ];
    assert_eq!(server.post_to("/oauth/revoke", &form).await.status, 200);
    until_listed(&server, &token, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_while_no_server_ran_is_on_the_list_of_the_next_one() {
    let server = server().await;
    let (one, other) = (server.ask(&[]).await.token(), server.ask(&[]).await.token());
    server
        .revoke(Target::Token {
            jti: claims(&one)["jti"].as_str().unwrap().to_owned(),
            audience: None,
        })
        .await;
    let server = server.stop().await.start().await;
    assert!(is_listed(&server, &one).await && !is_listed(&server, &other).await);
}
