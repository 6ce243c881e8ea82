//! Clients, APIs and grants change beside a running server, which takes the changes in.

use std::time::Duration;

use rulemint::registry::{NewApi, NewClient, NewGrant, RegistrarError};
use secrecy::ExposeSecret;

use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, Setup, TestServer, until};

async fn with_secret(server: &TestServer, secret: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", secret),
    ];
    server.post(&form).await
}

async fn until_status(server: &TestServer, status: u16) -> Answer {
    until(&format!("an answer with {status}"), async || {
        let answer = server.ask(&[]).await;
        (answer.status == status).then_some(answer)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_with_a_grant_gets_tokens() {
    let server = Setup::new().start().await;
    let new = NewClient {
        name: "new".to_owned(),
        ..NewClient::default()
    };
    let added = server.registrar.add_client(new).await.unwrap();
    let grant = NewGrant {
        client_id: added.client.id.clone(),
        audience: AUDIENCE.to_owned(),
        scope: None,
    };
    server.registrar.add_grant(grant).await.unwrap();
    let secret = added.secret.unwrap();
    let answer = until("the new client's token", async || {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &added.client.id),
            ("client_secret", secret.expose_secret()),
        ];
        let answer = server.post(&form).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert_eq!(answer.claims()["scope"], "read write admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_is_unknown() {
    let server = Setup::new().start().await;
    server.registrar.delete_client(CLIENT).await.unwrap();
    until_status(&server, 401)
        .await
        .refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_grant_gets_no_token() {
    let server = Setup::new().start().await;
    let grants = server.registrar.grants(Some(CLIENT)).await.unwrap();
    server.registrar.delete_grant(&grants[0].id).await.unwrap();
    until_status(&server, 400)
        .await
        .refused(400, "invalid_target");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_api_takes_its_grants_along() {
    let server = Setup::new().start().await;
    server.registrar.delete_api(AUDIENCE).await.unwrap();
    until_status(&server, 400)
        .await
        .refused(400, "invalid_target");
    assert!(
        server
            .registrar
            .grants(Some(CLIENT))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_is_good_at_once_and_the_old_one_for_a_while() {
    let server = Setup::new().start().await;
    let rotated = server.registrar.rotate_secret(CLIENT, 3_600).await.unwrap();
    let new = rotated.secret.unwrap();
    until("the new secret to be good", async || {
        (with_secret(&server, new.expose_secret()).await.status == 200).then_some(())
    })
    .await;
    with_secret(&server, SECRET).await.token();
    server.advance(Duration::from_secs(3_601));
    with_secret(&server, SECRET)
        .await
        .refused(401, "invalid_client");
    with_secret(&server, new.expose_secret()).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_rotated_without_overlap_ends_the_old_one() {
    let server = Setup::new().start().await;
    server.registrar.rotate_secret(CLIENT, 0).await.unwrap();
    until("the old secret to be bad", async || {
        (with_secret(&server, SECRET).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_outlive_a_restart() {
    let server = Setup::new().start().await;
    server.registrar.delete_client(CLIENT).await.unwrap();
    let server = server.stop().await.start().await;
    let clients = server.registrar.clients().await.unwrap();
    assert!(clients.iter().all(|client| client.id != CLIENT));
    server.ask(&[]).await.refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_not_added_again() {
    let server = Setup::new().start().await;
    let problem = server
        .registrar
        .add_api(NewApi::named(AUDIENCE))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(problem, RegistrarError::Conflict { .. }),
        "{problem}"
    );
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: AUDIENCE.to_owned(),
        scope: None,
    };
    let problem = server.registrar.add_grant(grant).await.err().unwrap();
    assert!(
        matches!(problem, RegistrarError::Conflict { .. }),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_granted_or_deleted() {
    let server = Setup::new().start().await;
    let nothing = |problem: RegistrarError| {
        assert!(
            matches!(problem, RegistrarError::NotFound { .. }),
            "{problem}"
        )
    };
    nothing(
        server
            .registrar
            .delete_client("nobody")
            .await
            .err()
            .unwrap(),
    );
    nothing(
        server
            .registrar
            .delete_api("https://nowhere.example")
            .await
            .err()
            .unwrap(),
    );
    let grant = NewGrant {
        client_id: "nobody".to_owned(),
        audience: AUDIENCE.to_owned(),
        scope: None,
    };
    nothing(server.registrar.add_grant(grant).await.err().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_scopes_that_the_api_does_not_have_names_them() {
    let server = Setup::new().start().await;
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: AUDIENCE.to_owned(),
        scope: Some("read fly".to_owned()),
    };
    let problem = server
        .registrar
        .add_grant(grant)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        problem.contains("fly") && problem.contains("read write admin"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_stored_as_hashes() {
    let server = Setup::new().start().await;
    let setup = server.stop().await;
    for entry in std::fs::read_dir(&setup.config.data_dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes
                    .windows(SECRET.len())
                    .any(|window| window == SECRET.as_bytes()),
                "{path:?}"
            );
        }
    }
}
