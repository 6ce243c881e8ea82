//! Secrets that people chose: checked slowly, and quick once they proved right.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rulemint::registry::{ChosenHash, NewClient, NewGrant};

use crate::harness::{AUDIENCE, Answer, Setup, TestServer, until};

const CHOSEN: &str = "correct horse";

/// A server with a client whose secret somebody chose.
async fn server() -> TestServer {
    let server = Setup::new().start().await;
    let new = NewClient {
        id: Some("chooser".to_owned()),
        name: "chooser".to_owned(),
        secret: Some(CHOSEN.into()),
        ..NewClient::default()
    };
    server.registrar.add_client(new).await.unwrap();
    grant(&server, "chooser").await;
    until_token(&server, "chooser", CHOSEN).await;
    server
}

async fn grant(server: &TestServer, client_id: &str) {
    let grant = NewGrant {
        client_id: client_id.to_owned(),
        audience: AUDIENCE.to_owned(),
        scope: None,
    };
    server.registrar.add_grant(grant).await.unwrap();
}

async fn ask(server: &TestServer, client_id: &str, secret: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", secret),
    ];
    server.post(&form).await
}

async fn until_token(server: &TestServer, client_id: &str, secret: &str) {
    until("the new client's token", async || {
        let answer = ask(server, client_id, secret).await;
        if answer.status != 200 {
            server.advance(Duration::from_secs(1)); // Failures are forgiven.
        }
        (answer.status == 200).then_some(())
    })
    .await;
}

async fn took(server: &TestServer, client_id: &str, secret: &str) -> Duration {
    let began = Instant::now();
    ask(server, client_id, secret).await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_secret_gets_a_token_and_another_one_does_not() {
    let server = server().await;
    ask(&server, "chooser", CHOSEN).await.token();
    ask(&server, "chooser", "correct house")
        .await
        .refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_has_a_slow_hash_and_not_the_secret() {
    let server = server().await;
    let secrets = server.store.secrets_of("chooser").await.unwrap();
    let hash = String::from_utf8(secrets[0].hash.clone()).unwrap();
    assert!(hash.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(!hash.contains("correct"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_checked_slowly_once_and_is_known_while_it_is_used() {
    let server = server().await;
    let mut quick = took(&server, "chooser", CHOSEN).await;
    for _ in 0..5 {
        // The quickest of some: the machine may be busy with something else.
        server.advance(Duration::from_secs(30));
        quick = quick.min(took(&server, "chooser", CHOSEN).await);
    }
    server.advance(Duration::from_secs(61));
    let slow = took(&server, "chooser", CHOSEN).await;
    assert!(slow > quick, "{quick:?} {slow:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_is_forgotten_however_well_it_was_known() {
    let server = server().await;
    let rotated = server
        .registrar
        .replace_secret("chooser", 0, Some("battery staple".into()))
        .await;
    rotated.unwrap();
    until_token(&server, "chooser", "battery staple").await;
    server.advance(Duration::from_secs(10));
    ask(&server, "chooser", CHOSEN)
        .await
        .refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_is_told_to_wait_and_a_secret_in_use_passes() {
    let server = server().await;
    server.advance(Duration::from_secs(10));
    ask(&server, "chooser", CHOSEN).await.token();
    let mut statuses: Vec<u16> = Vec::new();
    // One is forgiven each second, and a busy machine takes its time.
    while !statuses.contains(&429) && statuses.len() < 60 {
        let guess = format!("guess {}", statuses.len());
        let answer = ask(&server, "chooser", &guess).await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses[..5], [401; 5]);
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    ask(&server, "chooser", CHOSEN).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_waits_as_long_as_a_client_with_a_wrong_secret() {
    let server = server().await;
    let (mut client, mut stranger) = (Duration::MAX, Duration::MAX);
    for round in 0..8 {
        server.advance(Duration::from_secs(10));
        let secret = format!("guess {round}");
        client = client.min(took(&server, "chooser", &secret).await);
        stranger = stranger.min(took(&server, "nobody", &secret).await);
    }
    let ratio = client.as_secs_f64() / stranger.as_secs_f64();
    assert!((0.4..2.5).contains(&ratio), "{client:?} {stranger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_with_a_right_secret_take_one_check() {
    let server = Arc::new(server().await);
    server.advance(Duration::from_secs(120));
    let ask_too = |_| {
        let server = Arc::clone(&server);
        tokio::spawn(async move { ask(&server, "chooser", CHOSEN).await.status.as_u16() })
    };
    // More than the failures that a client may have at once: each check is charged as one.
    let asked: Vec<_> = (0..40).map(ask_too).collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_are_bounded_and_hold_nobody_else_up() {
    let server = Arc::new(server().await);
    for number in 0..40 {
        let id = format!("guessed-{number}");
        // Costly enough for a queue to form.
        let hash = ChosenHash::import(&BCRYPT.replace("$04$", "$10$")).unwrap();
        let new = NewClient {
            id: Some(id.clone()),
            name: id,
            ..NewClient::default()
        };
        server.registrar.import_client(new, &hash).await.unwrap();
    }
    import(&server, "last").await; // When it is known, all are.
    let guess = |number: usize| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let id = format!("guessed-{}", number % 40);
            ask(&server, &id, &format!("guess {number}"))
                .await
                .status
                .as_u16()
        })
    };
    let guesses: Vec<_> = (0..160).map(guess).collect();
    // The first client's secret was made here: nothing of this concerns it.
    for _ in 0..20 {
        server.ask(&[]).await.token();
    }
    let mut statuses = Vec::new();
    for guess in guesses {
        statuses.push(guess.await.unwrap());
    }
    assert!(statuses.contains(&503), "{statuses:?}");
    assert!(!statuses.contains(&200), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_another_system_keeps_its_secret() {
    let server = Setup::new().start().await;
    import(&server, "moved").await;
    ask(&server, "moved", "correct")
        .await
        .refused(401, "invalid_client");
}

/// Adds a client that another system kept a hash for, and waits until it gets tokens.
async fn import(server: &TestServer, id: &str) {
    let new = NewClient {
        id: Some(id.to_owned()),
        name: id.to_owned(),
        ..NewClient::default()
    };
    let hash = ChosenHash::import(BCRYPT).unwrap();
    server.registrar.import_client(new, &hash).await.unwrap();
    grant(server, id).await;
    until_token(server, id, "correctbatteryhorsestapler").await;
}

/// Of "correctbatteryhorsestapler".
const BCRYPT: &str = "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie";
