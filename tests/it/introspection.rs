//! RFC 7662: whether a token is good, and who may know.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use rulemint::revocation::Target;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, Setup, TestServer, claims, header, until};

const PATH: &str = "/oauth/introspect";

#[track_caller]
fn inactive(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json(), json!({ "active": false }));
}

#[track_caller]
fn active(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["active"], true, "{answer:?}");
    answer.json()
}

async fn managing_client(server: &TestServer, scope: &str) {
    let audience = format!("{}/api/v2/", server.address);
    server.add_client("inspector", &audience, Some(scope)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_01_a_good_token_is_active_and_says_what_it_says() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let said = active(&server.introspect(&token).await);
    let claims = claims(&token);
    for claim in [
        "client_id",
        "scope",
        "sub",
        "aud",
        "iss",
        "exp",
        "iat",
        "jti",
    ] {
        assert_eq!(said[claim], claims[claim], "{claim}");
    }
    assert_eq!(said["token_type"], "Bearer");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_revocation_goes_by_is_not_told() {
    let server = Setup::new().start().await;
    server
        .revoke(Target::Client("somebody else".to_owned()))
        .await;
    let token = server.ask(&[]).await.token();
    assert!(claims(&token).get("rm_cutoff").is_some());
    let said = active(&server.introspect(&token).await);
    assert!(said.get("rm_cutoff").is_none(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_02_what_is_not_good_is_inactive_and_nothing_else_is_said() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let other = Setup::new().start().await.ask(&[]).await.token();
    let (unsigned, signature) = token.rsplit_once('.').unwrap();
    let reversed: String = signature.chars().rev().collect();
    let changed = format!("{unsigned}.{reversed}");
    for text in ["garbage", "a.b.c", &other, &changed] {
        inactive(&server.introspect(text).await);
    }
    server.revoke(Target::Client(CLIENT.to_owned())).await;
    inactive(&server.introspect(&token).await);
    let token = server.ask(&[]).await.token();
    active(&server.introspect(&token).await);
    server.advance(Duration::from_secs(86_401));
    until("the token to have expired", async || {
        let answer = server.introspect(&token).await; // 503 until the store was read again.
        (answer.status == 200).then(|| inactive(&answer))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_02_a_client_that_serves_another_api_learns_nothing() {
    let server = Setup::new().start().await;
    server.add_client("stranger", AUDIENCE, None).await;
    let token = server.ask(&[]).await.token();
    inactive(&server.introspect_as("stranger", &token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_serves_the_api_may_ask_until_it_does_not_any_more() {
    let server = Setup::new().start().await;
    server.add_client("api", AUDIENCE, None).await;
    server.registrar.serve_api("api", AUDIENCE).await.unwrap();
    let token = server.ask(&[]).await.token();
    until("the API to be told", async || {
        let answer = server.introspect_as("api", &token).await;
        (answer.json()["active"] == true).then_some(())
    })
    .await;
    server
        .registrar
        .stop_serving_api("api", AUDIENCE)
        .await
        .unwrap();
    until("the API not to be told", async || {
        let answer = server.introspect_as("api", &token).await;
        (answer.json()["active"] == false).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_ask_about_any_token_if_its_grant_says_so() {
    let server = Setup::new().start().await;
    managing_client(&server, "introspect:tokens").await;
    let token = server.ask(&[]).await.token();
    active(&server.introspect_as("inspector", &token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_scope_of_the_management_api_is_not_enough() {
    let server = Setup::new().start().await;
    managing_client(&server, "read:clients").await;
    let token = server.ask(&[]).await.token();
    inactive(&server.introspect_as("inspector", &token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_03_nobody_asks_without_saying_who() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    server.refuses_strangers(PATH, &token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_may_stand_in_the_header() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let request = server.http.post(format!("{}{PATH}", server.address));
    let request = request
        .basic_auth(CLIENT, Some(SECRET))
        .form(&[("token", &token)]);
    active(&Answer::read(request.send().await.unwrap()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_04_a_token_never_stands_in_an_address() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    assert_eq!(
        server.get(&format!("{PATH}?token={token}")).await.status,
        405
    );
    let form = [("client_id", CLIENT), ("client_secret", SECRET)];
    let answer = server
        .post_to(&format!("{PATH}?token={token}"), &form)
        .await;
    answer.refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_without_a_token_is_none() {
    let server = Setup::new().start().await;
    let form = [("client_id", CLIENT), ("client_secret", SECRET)];
    let text = server
        .post_to(PATH, &form)
        .await
        .refused(400, "invalid_request");
    assert_eq!(text, "token is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_05_never_active_after_the_200_of_a_revocation() {
    let server = Setup::new().start().await;
    for _ in 0..1_000 {
        let token = server.ask(&[]).await.token();
        let form = [
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("token", &*token),
        ];
        assert_eq!(server.post_to("/oauth/revoke", &form).await.status, 200);
        inactive(&server.introspect(&token).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_06_nobody_keeps_an_answer() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let answer = server.introspect(&token).await;
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7662_07_when_revocations_may_have_been_missed_nothing_is_active() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    store
        .execute("ALTER TABLE changes RENAME TO lost")
        .await
        .unwrap();
    server.advance(Duration::from_secs(6));
    until("the server to notice that it knows nothing", async || {
        let answer = server.introspect(&token).await;
        (answer.status == 503).then(|| answer.refused(503, "temporarily_unavailable"))
    })
    .await;
    assert_eq!(server.verify(&token).await.status, 503);
    server.ask(&[]).await.token(); // Tokens go on being issued.
    store
        .execute("ALTER TABLE lost RENAME TO changes")
        .await
        .unwrap();
    until("the server to know again", async || {
        (server.introspect(&token).await.status == 200).then_some(())
    })
    .await;
}

/// The answer to a caller that wants it signed.
async fn signed(server: &TestServer, token: &str) -> Answer {
    let form = [
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("token", token),
    ];
    let request = server.http.post(format!("{}{PATH}", server.address));
    let request = request.header(
        "accept",
        "application/json;q=0.1, application/token-introspection+jwt",
    );
    Answer::read(request.form(&form).send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9701_01_a_signed_answer_is_for_its_caller_and_says_the_same() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let answer = signed(&server, &token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let content_type = "application/token-introspection+jwt";
    assert_eq!(answer.header("content-type"), content_type);
    assert_eq!(header(&answer.body)["typ"], "token-introspection+jwt");
    let said = claims(&answer.body);
    assert_eq!(
        (&said["iss"], &said["aud"]),
        (&json!(server.address), &json!(CLIENT))
    );
    assert!(said["iat"].is_u64() && said.get("sub").is_none() && said.get("exp").is_none());
    let plain = server.introspect(&token).await.json();
    assert_eq!(said["token_introspection"], plain);
    let keys: JwkSet =
        serde_json::from_value(server.get("/.well-known/jwks.json").await.json()).unwrap();
    let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
    let mut checks = Validation::new(Algorithm::ES256);
    checks.set_audience(&[CLIENT]);
    checks.set_required_spec_claims(&["iss", "aud"]);
    checks.validate_exp = false;
    decode::<Value>(&answer.body, &key, &checks).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9701_01_a_signed_answer_says_no_more_than_another() {
    let server = Setup::new().start().await;
    let answer = signed(&server, "garbage").await;
    let inactive = json!({ "active": false });
    assert_eq!(claims(&answer.body)["token_introspection"], inactive);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9701_02_a_signed_answer_is_no_access_token() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let answer = signed(&server, &token).await.body;
    assert_eq!(server.verify(&answer).await.status, 401);
    inactive(&server.introspect(&answer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9701_03_nobody_gets_a_signed_answer_without_saying_who() {
    let server = Setup::new().start().await;
    let request = server.http.post(format!("{}{PATH}", server.address));
    let request = request.header("accept", "application/token-introspection+jwt");
    let request = request.form(&[("token", "x")]).send().await.unwrap();
    Answer::read(request).await.refused(401, "invalid_client");
}
