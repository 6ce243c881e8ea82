//! Where good signatures are kept, a token that was shown before is let through no longer than any other.

use std::time::Duration;

use rulemint::revocation::Target;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{CLIENT, SECRET, Setup, TestServer, a_test, until};

async fn keeping() -> TestServer {
    let setup = Setup::new().but(|config| config.verification.kept_tokens = 1_000);
    setup.start().await
}

/// A token that has been let through.
async fn shown(server: &TestServer) -> String {
    let token = server.ask(&[]).await.token();
    for _ in 0..2 {
        assert_eq!(server.verify(&token).await.status, 200);
    }
    token
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_05_never_let_through_after_the_200_of_a_revocation() {
    let server = keeping().await;
    for _ in 0..1_000 {
        let token = shown(&server).await;
        let form = [
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("token", &*token),
        ];
        assert_eq!(server.post_to("/oauth/revoke", &form).await.status, 200);
        assert_eq!(server.verify(&token).await.status, 401);
        assert!(!server.is_active(&token).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_ends_it_and_undoing_that_brings_it_back() {
    let server = keeping().await;
    let token = shown(&server).await;
    let gone = server.revoke(Target::Client(CLIENT.to_owned())).await;
    assert_eq!(server.verify(&token).await.status, 401);
    let undone = server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    server.until_in_force(&undone).await;
    assert_eq!(server.verify(&token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_expires_like_any_other() {
    let server = keeping().await;
    let token = shown(&server).await;
    server.clock.jump(86_400);
    assert_eq!(server.verify(&token).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_say_that_it_is_good_when_revocations_may_have_been_missed() {
    let server = keeping().await;
    let token = shown(&server).await;
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    store
        .execute("ALTER TABLE changes RENAME TO changes_away")
        .await
        .unwrap();
    server.advance(Duration::from_secs(6));
    until("the store to be missed", async || {
        (server.verify(&token).await.status == 503).then_some(())
    })
    .await;
}
