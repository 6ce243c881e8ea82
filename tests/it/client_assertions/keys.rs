//! The keys that count: those that the client is registered with, as long as it is said so.

use std::time::Duration;

use rulemint::registry::{ClientChange, NewCredential, credentials_in_use};
use serde_json::json;

use super::{GRANT, ROBOT, server_with, show, show_with};
use crate::harness::{AUDIENCE, CLIENT, SECRET, Signer, TestServer, until};

/// Waits until the server has taken in what was changed beside it.
async fn until_keys(server: &TestServer, id: &str, count: usize) {
    until("the change", async || {
        let live = server.issuer.live.load();
        (live.registry.client(id)?.keys.len() == count).then_some(())
    })
    .await;
}

/// Says which credentials the client proves itself by.
async fn in_use(server: &TestServer, id: &str, ids: &[&str]) {
    let change = ClientChange {
        credentials: Some(ids.iter().map(|id| (*id).to_owned()).collect()),
        ..ClientChange::default()
    };
    server.registrar.update_client(id, change).await.unwrap();
    until_keys(server, id, ids.len()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kid_names_the_key_and_without_one_each_key_will_do() {
    let (first, second) = (Signer::of("ES256"), Signer::of("ES256"));
    let server = server_with(&first).await;
    let registrar = &server.registrar;
    let named = NewCredential {
        kid: Some("the-second-key".to_owned()),
        ..second.credential()
    };
    let added = registrar.add_credential(ROBOT, &named).await.unwrap();
    let client = registrar.client(ROBOT).await.unwrap();
    let [old] = credentials_in_use(&client)[..] else {
        panic!("{client:?}")
    };
    let under = |signer: &Signer, kid: &str| {
        let header = json!({ "alg": "ES256", "kid": kid });
        signer.signed_under(&header, &server.assertion_claims(ROBOT))
    };
    // It is there and not in use.
    for early in [
        under(&second, "the-second-key"),
        second.signed(&server.assertion_claims(ROBOT)),
    ] {
        show(&server, &early).await.refused(401, "invalid_client");
    }
    in_use(&server, ROBOT, &[old, &added.id]).await;
    for good in [
        under(&second, "the-second-key"),
        second.signed(&server.assertion_claims(ROBOT)),
        first.signed(&server.assertion_claims(ROBOT)),
    ] {
        show(&server, &good).await.token();
    }
    for bad in [
        under(&first, "the-second-key"),
        under(&first, "no-such-key"),
    ] {
        show(&server, &bad).await.refused(401, "invalid_client");
    }
    in_use(&server, ROBOT, &[&added.id]).await;
    let gone = first.signed(&server.assertion_claims(ROBOT));
    show(&server, &gone).await.refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_until_it_ends() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let registrar = &server.registrar;
    let id = registrar.credentials(ROBOT).await.unwrap()[0].id.clone();
    let end = server.now().cast_signed() + 60;
    let ended = registrar.end_credential(ROBOT, &id, Some(end)).await;
    assert_eq!(ended.unwrap().expires_at, Some(end));
    until("the end to be known", async || {
        let live = server.issuer.live.load();
        live.registry.client(ROBOT)?.keys[0].expires_at
    })
    .await;
    let new = || signer.signed(&server.assertion_claims(ROBOT));
    show(&server, &new()).await.token();
    server.advance(Duration::from_secs(60));
    show(&server, &new()).await.refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_a_secret_or_keys_and_never_both() {
    let signer = Signer::of("RS256");
    let server = server_with(&signer).await;
    let registrar = &server.registrar;
    server.ask(&[]).await.token();
    let added = registrar.add_credential(CLIENT, &signer.credential()).await;
    let of_client = || signer.signed(&server.assertion_claims(CLIENT));
    let id = added.unwrap().id;
    show_with(&server, &of_client(), &[])
        .await
        .refused(401, "invalid_client");
    server.ask(&[]).await.token();

    in_use(&server, CLIENT, &[&id]).await;
    show_with(&server, &of_client(), &[]).await.token();
    server.ask(&[]).await.refused(401, "invalid_client");
    let refused = registrar.rotate_secret(CLIENT, 60).await.err().unwrap();
    assert!(refused.to_string().contains("its credentials"), "{refused}");

    let change = ClientChange {
        credentials: Some(Vec::new()),
        ..ClientChange::default()
    };
    let back = registrar.update_client(CLIENT, change).await.unwrap();
    let secret = back.secret.expect("it is given a new one");
    until_keys(&server, CLIENT, 0).await;
    show_with(&server, &of_client(), &[])
        .await
        .refused(401, "invalid_client");
    server.ask(&[]).await.refused(401, "invalid_client");
    let form = [
        GRANT,
        ("client_id", CLIENT),
        (
            "client_secret",
            secrecy::ExposeSecret::expose_secret(&secret),
        ),
        ("audience", AUDIENCE),
    ];
    server.post(&form).await.token();
    assert_ne!(form[2].1, SECRET);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_takes_its_keys_along() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    server.registrar.delete_client(ROBOT).await.unwrap();
    until("the client to be gone", async || {
        let live = server.issuer.live.load();
        live.registry.client(ROBOT).is_none().then_some(())
    })
    .await;
    assert_eq!(server.store.credentials_of(ROBOT).await.unwrap(), []);
    let assertion = signer.signed(&server.assertion_claims(ROBOT));
    show(&server, &assertion)
        .await
        .refused(401, "invalid_client");
}
