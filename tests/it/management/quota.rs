//! How many tokens a client may have: Auth0's `token_quota`, set here and acted on at the token endpoint.

use std::time::Duration;

use rulemint::clock::Clock;
use serde_json::{Value, json};

use super::{Manager, setup};
use crate::harness::{AUDIENCE, Answer, CLIENT, Setup, TestServer};

const HEADER: &str = "auth0-client-quota-limit";

/// A server a minute past noon, so that no hour and no day ends while a test looks on.
async fn at_noon(setup: Setup) -> TestServer {
    let seconds = setup.clock.unix_seconds();
    let noon = (seconds / 86_400 + 1) * 86_400 + 12 * 3_600;
    setup
        .clock
        .advance(Duration::from_secs(noon + 60 - seconds));
    setup.start().await
}

/// Gives the client that asks for tokens a quota.
async fn allow(admin: &Manager<'_>, limits: Value) {
    let quota = json!({ "token_quota": { "client_credentials": limits } });
    let answer = admin.patch("/clients/c1", quota).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// What the header says, without the seconds, and the seconds.
#[track_caller]
fn standing(answer: &Answer) -> (String, Vec<u64>) {
    let (mut said, mut seconds) = (Vec::new(), Vec::new());
    for bucket in answer.header(HEADER).split(',') {
        let (bucket, left) = bucket.split_once(";t=").unwrap();
        said.push(bucket);
        seconds.push(left.parse().unwrap());
    }
    (said.join(","), seconds)
}

#[track_caller]
fn issued(answer: &Answer, said: &str) {
    answer.token();
    assert_eq!(standing(answer).0, said);
}

#[track_caller]
fn exceeded(answer: &Answer, said: &str) {
    let why = answer.refused(429, "too_many_requests");
    assert_eq!(why, "Client quota exceeded");
    assert_eq!(standing(answer).0, said);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_token_of_the_hour_is_followed_by_a_refusal_that_says_when_there_are_more() {
    let server = at_noon(setup()).await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 2, "per_day": 50 })).await;
    issued(
        &server.ask(&[]).await,
        "b=per_hour;q=2;r=1,b=per_day;q=50;r=49",
    );
    issued(
        &server.ask(&[]).await,
        "b=per_hour;q=2;r=0,b=per_day;q=50;r=48",
    );
    let refused = server.ask(&[]).await;
    exceeded(&refused, "b=per_hour;q=2;r=0,b=per_day;q=50;r=48");
    let (_, seconds) = standing(&refused);
    assert_eq!(refused.header("retry-after"), seconds[0].to_string());
    assert!((3_400..=3_540).contains(&seconds[0]), "{seconds:?}");
    assert_eq!(seconds[1], seconds[0] + 11 * 3_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_hour_brings_new_tokens_until_those_of_the_day_are_gone() {
    let server = at_noon(setup()).await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 1, "per_day": 2 })).await;
    issued(
        &server.ask(&[]).await,
        "b=per_hour;q=1;r=0,b=per_day;q=2;r=1",
    );
    exceeded(
        &server.ask(&[]).await,
        "b=per_hour;q=1;r=0,b=per_day;q=2;r=1",
    );
    server.advance(Duration::from_secs(3_600));
    issued(
        &server.ask(&[]).await,
        "b=per_hour;q=1;r=0,b=per_day;q=2;r=0",
    );
    server.advance(Duration::from_secs(3_600));
    let refused = server.ask(&[]).await;
    exceeded(&refused, "b=per_hour;q=1;r=1,b=per_day;q=2;r=0");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert_eq!(wait, standing(&refused).1[1]);
    server.advance(Duration::from_secs(wait));
    issued(
        &server.ask(&[]).await,
        "b=per_hour;q=1;r=0,b=per_day;q=2;r=1",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_not_enforced_is_only_told_of() {
    let server = at_noon(setup()).await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 1, "enforce": false })).await;
    for _ in 0..3 {
        issued(&server.ask(&[]).await, "b=per_hour;q=1;r=0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_has_its_own_quota_and_one_without_hears_nothing_of_it() {
    let server = at_noon(setup()).await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 1 })).await;
    let quota = json!({ "client_credentials": { "per_hour": 3 } });
    let other = admin
        .add("/clients", json!({ "name": "b", "token_quota": quota }))
        .await;
    let free = admin.add("/clients", json!({ "name": "c" })).await;
    let ask = async |client: &Value| {
        let id = client["client_id"].as_str().unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", client["client_secret"].as_str().unwrap()),
            ("audience", AUDIENCE),
        ];
        server.post(&form).await
    };
    for client in [&other, &free] {
        let grant = json!({ "client_id": client["client_id"], "audience": AUDIENCE, "scope": [] });
        admin.add("/client-grants", grant).await;
    }
    server.ask(&[]).await.token();
    exceeded(&server.ask(&[]).await, "b=per_hour;q=1;r=0");
    issued(&ask(&other).await, "b=per_hour;q=3;r=2");
    let answer = ask(&free).await;
    answer.token();
    assert!(!answer.headers.contains_key(HEADER), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_limit_counts_on_where_the_one_before_was() {
    let server = at_noon(setup()).await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 2 })).await;
    server.ask(&[]).await.token();
    server.ask(&[]).await.token();
    exceeded(&server.ask(&[]).await, "b=per_hour;q=2;r=0");
    allow(&admin, json!({ "per_hour": 3, "per_day": 9 })).await;
    admin
        .patch("/clients/c1", json!({ "name": "another" }))
        .await;
    issued(
        &server.ask(&[]).await,
        "b=per_hour;q=3;r=0,b=per_day;q=9;r=6",
    );
    admin
        .patch("/clients/c1", json!({ "token_quota": null }))
        .await;
    let answer = server.ask(&[]).await;
    answer.token();
    assert!(!answer.headers.contains_key(HEADER), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_at_once_do_not_make_the_server_forget_what_it_counted() {
    let server = at_noon(setup()).await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 2 })).await;
    server.ask(&[]).await.token();
    // The management API is changed: everything is read again.
    let system = admin.get("/resource-servers").await.json();
    let is_system = |api: &&Value| api["is_system"] == true;
    let system = system.as_array().unwrap().iter().find(is_system).unwrap();
    let path = format!("/resource-servers/{}", system["id"].as_str().unwrap());
    let answer = admin.patch(&path, json!({ "token_lifetime": 600 })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    issued(&server.ask(&[]).await, "b=per_hour;q=2;r=0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_another_reason_is_not_counted() {
    let denies = r#"function (user, context, callback) {
        if (context.request.body.greeting === "bad") return callback(new UnauthorizedError("no"));
        callback(null, user, context);
    }"#;
    let server = at_noon(setup().with("10-denies.js", denies)).await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 2 })).await;
    for _ in 0..3 {
        let answer = server.ask(&[("greeting", "bad")]).await;
        answer.refused(403, "access_denied");
        server
            .ask(&[("scope", "unknown")])
            .await
            .refused(400, "invalid_scope");
    }
    issued(&server.ask(&[]).await, "b=per_hour;q=2;r=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_issued_directly_are_not_counted() {
    let server = at_noon(setup()).await;
    let admin = Manager::of(&server).await;
    let quota = json!({ "token_quota": { "client_credentials": { "per_hour": 1 } } });
    admin.patch("/clients/the-admin", quota).await;
    for _ in 0..3 {
        let url = format!("{}/api/rulemint/v1/tokens", server.address);
        let body = json!({ "audience": AUDIENCE, "subject": "alice" });
        let request = server.http.post(url).bearer_auth(&admin.token).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        assert!(!answer.headers().contains_key(HEADER));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_comes_back_with_auth0s_default_and_is_in_the_audit_log() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    allow(&admin, json!({ "per_hour": 5 })).await;
    let quota = json!({ "client_credentials": { "enforce": true, "per_hour": 5 } });
    let found = admin.get("/clients/c1").await.json();
    assert_eq!(found["token_quota"], quota);
    let url = format!(
        "{}/api/rulemint/v1/audit?object=client:{CLIENT}",
        server.address
    );
    let request = server.http.get(url).bearer_auth(&admin.token);
    let log = request.send().await.unwrap().text().await.unwrap();
    assert!(
        log.contains(&quota.to_string()),
        "no such quota in the log: {log}"
    );
}
