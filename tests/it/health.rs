//! Whether the server is alive, whether it can do its work, and its figures.

use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{Setup, jti_rule, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_live_server_says_so() {
    let server = Setup::new().start().await;
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "ok\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_server_says_what_it_checked() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    let answer = server.get("/readyz").await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    for check in ["store", "rules", "running"] {
        assert_eq!(body["checks"][check], "ok", "{body}");
    }
    assert_eq!(body["generation"], server.report().await.generation);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_store_fails_is_not_ready_and_issues_tokens_all_the_same() {
    let server = Setup::new().start().await;
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut connection = SqliteConnection::connect(&file).await.unwrap();
    connection
        .execute("ALTER TABLE changes RENAME TO gone")
        .await
        .unwrap();
    let body = until("readiness to go", async || {
        let answer = server.get("/readyz").await;
        (answer.status == 503).then(|| answer.json())
    })
    .await;
    assert_eq!(body["ready"], false);
    assert_ne!(body["checks"]["store"], "ok");
    server.ask(&[]).await.token();
    connection
        .execute("ALTER TABLE gone RENAME TO changes")
        .await
        .unwrap();
    until("readiness to come back", async || {
        (server.get("/readyz").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_refusals_are_counted() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    server.ask(&[]).await.token();
    server
        .ask(&[("scope", "foreign")])
        .await
        .refused(400, "invalid_scope");
    let answer = server.get("/metrics").await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let has = |line: &str| {
        assert!(
            answer.body.lines().any(|known| known == line),
            "{line}\n{}",
            answer.body
        )
    };
    has("rulemint_tokens_total{outcome=\"issued\"} 1");
    has("rulemint_tokens_total{outcome=\"invalid_scope\"} 1");
    has("rulemint_rule_evaluations_total{rule=\"10-jti\",outcome=\"ok\"} 1");
    has("# EOF");
}
