//! Assertions that are no good, and what is said of them.

use std::time::Duration;

use serde_json::json;

use super::{ROBOT, but, server_with, show, show_with};
use crate::harness::{CLIENT, Lines, Setup, Signer};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_jwt_of_this_kind_lets_nobody_in() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let claims = server.assertion_claims(ROBOT);
    let good = signer.signed(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let header = |more: serde_json::Value| {
        let mut header = json!({ "alg": "ES256" });
        for (name, value) in more.as_object().unwrap() {
            header[name] = value.clone();
        }
        signer.signed_under(&header, &claims)
    };
    let twice = format!("{{\"sub\":\"{ROBOT}\",{}", &claims.to_string()[1..]);
    for assertion in [
        "x".to_owned(),
        "a.b.c".to_owned(),
        format!("{good}="),
        format!("{good}.{signature}"),
        format!("{message}.{}", signature.to_lowercase()),
        format!("{}.{signature}", message.to_uppercase()),
        header(json!({ "typ": "at+jwt" })),
        header(json!({ "typ": 5 })),
        header(json!({ "crit": ["b64"], "b64": false })),
        header(json!({ "crit": [] })),
        header(json!({ "alg": "es256" })),
        header(json!({ "alg": "RS256" })),
        header(json!({ "alg": null })),
        signer.signed_text("{\"alg\":\"ES256\",\"alg\":\"ES256\"}", &claims.to_string()),
        signer.signed_text("{\"alg\":\"ES256\"}", &twice),
        signer.signed_text("{\"alg\":\"ES256\"}", "[]"),
        signer.signed_text("[]", &claims.to_string()),
        signer.signed(&but(&server, "pad", "x".repeat(20_000))),
        Signer::of("ES256").signed(&claims),
        Signer::of("RS256").signed(&claims),
    ] {
        let answer = show(&server, &assertion).await;
        answer.refused(401, "invalid_client");
        server.advance(Duration::from_secs(1));
    }
    let kinds = ["JWT", "jwt", "client-authentication+jwt"];
    for typ in kinds {
        let claims = server.assertion_claims(ROBOT);
        let header = json!({ "alg": "ES256", "typ": typ });
        show(&server, &signer.signed_under(&header, &claims))
            .await
            .token();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_clients_with_a_secret_cannot_be_told_from_a_wrong_signature() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let wrong = Signer::of("ES256");
    let mut answers = Vec::new();
    for id in [ROBOT, CLIENT, "nobody"] {
        let assertion = wrong.signed(&server.assertion_claims(id));
        let mut answer = show_with(&server, &assertion, &[]).await;
        answer.refused(401, "invalid_client");
        for name in ["x-transaction-id", "date"] {
            answer.headers.remove(name);
        }
        answers.push((answer.headers, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_many_bad_ones_is_told_to_wait_and_a_good_one_passes() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let wrong = Signer::of("ES256");
    let mut last = None;
    for _ in 0..8 {
        let assertion = wrong.signed(&server.assertion_claims(ROBOT));
        last = Some(show(&server, &assertion).await);
    }
    last.unwrap().refused(429, "too_many_requests");
    let good = signer.signed(&server.assertion_claims(ROBOT));
    show(&server, &good).await.token();
}

#[tokio::test]
async fn the_log_says_why_and_holds_no_assertion() {
    let lines = Lines::here();
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let now = server.now();
    for (claims, why) in [
        (but(&server, "exp", now - 1), "it has expired (exp)"),
        (
            but(&server, "aud", "https://a.example"),
            "aud is not the issuer",
        ),
        (
            but(&server, "iat", now - 3_600),
            "before this server started",
        ),
        (
            but(&server, "iat", now + 65),
            "the clocks are more than 10 seconds apart",
        ),
    ] {
        let assertion = signer.signed(&claims);
        show(&server, &assertion)
            .await
            .refused(401, "invalid_client");
        let told = lines.with(why);
        assert_eq!(told.len(), 1, "{why}: {}", lines.text());
        assert!(
            told[0].contains("INFO") && told[0].contains(ROBOT),
            "{told:?}"
        );
        let form = [
            crate::harness::ASSERTION_TYPE,
            ("client_assertion", &*assertion),
            ("token", "x"),
        ];
        let asked = server.post_to("/oauth/introspect", &form).await;
        asked.refused(401, "invalid_client");
        assert_eq!(lines.with(why).len(), 2, "{why}: {}", lines.text());
        let (_, signature) = assertion.rsplit_once('.').unwrap();
        assert!(!lines.text().contains(signature));
        server.advance(Duration::from_secs(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_this_server_are_no_assertions() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    show_with(&server, &token, &[])
        .await
        .refused(401, "invalid_client");
}
