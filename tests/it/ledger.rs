//! What is remembered of each token.

use std::time::Duration;

use rulemint::config::LedgerMode;
use rulemint::ledger::Record;
use rulemint::rule::Digest;
use serde_json::json;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{
    AUDIENCE, CLIENT, Change, Setup, TestServer, jti_rule, mirror, rule_that_sets, until,
};

fn with_ledger(mode: LedgerMode) -> Setup {
    Setup::new().but(|config| config.ledger.mode = mode)
}

/// What is on record of a token, if anything is.
async fn record_of(server: &TestServer, jti: &str) -> Option<Record> {
    let found = server.store.issued(jti).await.unwrap();
    let (token, context) = found.into_iter().next()?;
    Some(Record::read(token, context).unwrap())
}

async fn until_recorded(server: &TestServer, jti: &str) -> Record {
    until("the record", async || record_of(server, jti).await).await
}

async fn issue(server: &TestServer, more: &[(&str, &str)]) -> String {
    let claims = server.ask(more).await.claims();
    claims["jti"].as_str().unwrap().to_owned()
}

/// Makes the ledger unwritable, or writable again, as a broken disk would.
async fn rename_table(server: &TestServer, from: &str, to: &str) {
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut connection = SqliteConnection::connect(&file).await.unwrap();
    let rename = format!("ALTER TABLE {from} RENAME TO {to}");
    connection
        .execute(sqlx::AssertSqlSafe(rename))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_says_who_asked_for_what() {
    let server = with_ledger(LedgerMode::Async).start().await;
    let answer = server.ask(&[("scope", "read")]).await;
    let claims = answer.claims();
    let record = until_recorded(&server, claims["jti"].as_str().unwrap()).await;
    assert_eq!((&*record.client_id, &*record.audience), (CLIENT, AUDIENCE));
    assert_eq!((&*record.subject, &*record.scope), (CLIENT, "read"));
    assert_eq!(record.transaction_id, answer.header("x-transaction-id"));
    assert_eq!(claims["iat"], record.issued_at);
    assert_eq!(claims["exp"], record.expires_at);
    assert!(record.grant_id.starts_with("cgr_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_says_which_rules_ran_at_which_digest_and_what_they_changed() {
    let (mirror, jti) = (mirror(), jti_rule());
    let server = with_ledger(LedgerMode::Async)
        .with("10-mirror.wasm", &mirror)
        .with("20-jti.wasm", &jti)
        .start()
        .await;
    let changes = [
        Change::Set("tier", "\"gold\""),
        Change::Remove("other"),
        Change::RemoveScope("write"),
        Change::Shorten(60),
    ];
    let id = issue(&server, &[("answer", &Change::spell(&changes))]).await;
    let record = until_recorded(&server, &id).await;
    assert_eq!(record.rules.len(), 2);
    let (first, second) = (&record.rules[0], &record.rules[1]);
    assert_eq!((&*first.name, &*first.outcome), ("10-mirror", "ok"));
    assert_eq!(
        (first.digest, second.digest),
        (Digest::of(&mirror), Digest::of(&jti))
    );
    let expected = json!([
        { "op": "set_claim", "name": "tier", "value": "\"gold\"" },
        { "op": "remove_claim", "name": "other" },
        { "op": "remove_scope", "scope": "write" },
        { "op": "shorten_lifetime", "seconds": 60 },
    ]);
    assert_eq!(json!(first.changes), expected);
    assert_eq!(second.changes[0]["name"], "jti");
    assert_eq!(record.generation, server.report().await.generation);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_says_that_a_rule_failed_and_was_skipped() {
    let server = with_ledger(LedgerMode::Async)
        .with("10-mirror.wasm", mirror())
        .with("10-mirror.toml", "on_error = \"skip\"\n")
        .start()
        .await;
    let id = issue(&server, &[("answer", &Change::spell(&[Change::Trap]))]).await;
    let record = until_recorded(&server, &id).await;
    assert_eq!(record.rules[0].outcome, "crash");
    assert!(record.rules[0].changes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sync_mode_the_record_is_there_before_the_answer() {
    let server = with_ledger(LedgerMode::Sync).start().await;
    for _ in 0..10 {
        let id = issue(&server, &[]).await;
        assert!(record_of(&server, &id).await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sync_mode_there_is_no_token_without_a_record() {
    let server = with_ledger(LedgerMode::Sync).start().await;
    rename_table(&server, "ledger_tokens", "gone").await;
    let answer = server.ask(&[]).await;
    answer.refused(503, "temporarily_unavailable");
    assert_ne!(answer.header("retry-after"), "");
    rename_table(&server, "gone", "ledger_tokens").await;
    let id = issue(&server, &[]).await;
    assert!(record_of(&server, &id).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_async_mode_tokens_go_out_while_the_store_fails_and_are_recorded_later() {
    let server = with_ledger(LedgerMode::Async).start().await;
    rename_table(&server, "ledger_tokens", "gone").await;
    let id = issue(&server, &[]).await;
    until("the failure to be noticed", async || {
        let metrics = server.get("/metrics").await.body;
        let failed = |line: &str| {
            line.starts_with("rulemint_ledger_failures_total") && !line.ends_with(" 0")
        };
        metrics.lines().any(failed).then_some(())
    })
    .await;
    rename_table(&server, "gone", "ledger_tokens").await;
    until_recorded(&server, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_it_keeps_nothing() {
    let server = with_ledger(LedgerMode::Off).start().await;
    server.ask(&[]).await.token();
    let server = server.stop().await.start().await;
    assert_eq!(server.store.issued_count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_writes_what_waits() {
    let server = with_ledger(LedgerMode::Async).start().await;
    let id = issue(&server, &[]).await;
    let server = server.stop().await.start().await;
    assert!(record_of(&server, &id).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_group_is_written_without_waiting_and_none_is_lost() {
    let server = with_ledger(LedgerMode::Async).start().await;
    let mut ids = Vec::new();
    for _ in 0..1_500 {
        let token = server.issue(&[]).await.unwrap();
        let claims = crate::harness::claims(token.access_token());
        ids.push(claims["jti"].as_str().unwrap().to_owned());
    }
    for id in ids {
        until_recorded(&server, &id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_tokens_that_expired_long_ago_are_forgotten() {
    let server = with_ledger(LedgerMode::Async).but(|config| config.ledger.keep_days = 1);
    let server = server.start().await;
    let old = issue(&server, &[]).await;
    until_recorded(&server, &old).await;
    server.advance(Duration::from_secs(2 * 86_400 + 60));
    let new = issue(&server, &[]).await;
    until("the old record to go", async || {
        match record_of(&server, &old).await {
            None => Some(()),
            Some(_) => {
                server.ask(&[]).await.token();
                None
            }
        }
    })
    .await;
    until_recorded(&server, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumped_makes_it_forget_nothing() {
    let server = with_ledger(LedgerMode::Async).but(|config| config.ledger.keep_days = 0);
    let server = server.start().await;
    let old = issue(&server, &[]).await;
    until_recorded(&server, &old).await;
    server.clock.jump(2 * 86_400);
    server.advance(Duration::from_secs(60));
    // It looks for what to forget after a write: the second one comes when it has looked.
    for _ in 0..2 {
        until_recorded(&server, &issue(&server, &[]).await).await;
    }
    assert!(record_of(&server, &old).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_long_value_only_the_beginning_is_kept() {
    let value = format!("{:?}", "x".repeat(1_000));
    let rule = rule_that_sets("long", &value);
    let server = with_ledger(LedgerMode::Async)
        .with("10-rule.wasm", rule)
        .start()
        .await;
    let id = issue(&server, &[]).await;
    let record = until_recorded(&server, &id).await;
    assert_eq!(
        record.rules[0].changes[0]["value"].as_str().unwrap().len(),
        256
    );
}
