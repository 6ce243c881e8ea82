//! RFC 7009: a client gives its token back.

use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, Setup, TestServer};

const PATH: &str = "/oauth/revoke";

async fn give_back_as(server: &TestServer, client: &str, token: &str) -> Answer {
    let form = [
        ("client_id", client),
        ("client_secret", SECRET),
        ("token", token),
    ];
    server.post_to(PATH, &form).await
}

async fn give_back(server: &TestServer, token: &str) -> Answer {
    give_back_as(server, CLIENT, token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_01_a_token_that_was_given_back_is_not_good_any_more() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let neighbour = server.ask(&[]).await.token();
    let answer = give_back(&server, &token).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, ""));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!server.is_active(&token).await && server.is_active(&neighbour).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_02_what_is_no_good_token_needs_no_revoking() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    for text in ["garbage", "a.b.c", &token, &token] {
        assert_eq!(give_back(&server, text).await.status, 200, "{text}");
    }
    assert_eq!(server.store.revocation_count().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_03_nobody_gives_back_what_is_not_theirs() {
    let server = Setup::new().start().await;
    server.add_client("thief", AUDIENCE, Some("read")).await;
    let token = server.ask(&[]).await.token();
    give_back_as(&server, "thief", &token)
        .await
        .refused(400, "invalid_grant");
    assert!(server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_04_nobody_revokes_without_saying_who() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    server.refuses_strangers(PATH, &token).await;
    assert!(server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_05_a_wrong_hint_does_not_mislead() {
    let server = Setup::new().start().await;
    for hint in ["refresh_token", "nonsense"] {
        let token = server.ask(&[]).await.token();
        let form = [
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("token", &*token),
            ("token_type_hint", hint),
        ];
        assert_eq!(server.post_to(PATH, &form).await.status, 200);
        assert!(!server.is_active(&token).await, "{hint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_06_a_token_must_be_named_once() {
    let server = Setup::new().start().await;
    let form = [("client_id", CLIENT), ("client_secret", SECRET)];
    server
        .post_to(PATH, &form)
        .await
        .refused(400, "invalid_request");
    let twice = [&form[..], &[("token", "a"), ("token", "b")]].concat();
    server
        .post_to(PATH, &twice)
        .await
        .refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_07_what_cannot_be_stored_is_not_revoked() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON revocations \
                  BEGIN SELECT RAISE(FAIL, 'the disk is full'); END";
    store.execute(broken).await.unwrap();
    let answer = give_back(&server, &token).await;
    answer.refused(503, "temporarily_unavailable");
    assert!(!answer.header("retry-after").is_empty());
    assert!(server.is_active(&token).await);
    store.execute("DROP TRIGGER broken").await.unwrap();
    assert_eq!(give_back(&server, &token).await.status, 200);
    assert!(!server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7009_08_a_forged_token_does_not_take_a_victims_away() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let (unsigned, signature) = token.rsplit_once('.').unwrap();
    let reversed: String = signature.chars().rev().collect();
    let forged = format!("{unsigned}.{reversed}");
    assert_eq!(give_back(&server, &forged).await.status, 200);
    assert!(server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_stays_so_after_a_restart() {
    let server = Setup::new().start().await;
    let issuer = server.address.parse().unwrap();
    let setup = server
        .stop()
        .await
        .but(|config| config.issuer = Some(issuer));
    let server = setup.start().await;
    let token = server.ask(&[]).await.token();
    give_back(&server, &token).await;
    let server = server.stop().await.start().await;
    assert!(!server.is_active(&token).await);
    assert!(server.is_active(&server.ask(&[]).await.token()).await);
}
