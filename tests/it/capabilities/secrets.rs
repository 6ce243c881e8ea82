//! Secrets that a manifest refers to: who sees them, and where they never are.

use std::fs;

use rulemint::reload::{RuleState, Trigger};

use super::{fetch, fetching, table, to};
use crate::harness::{Lines, Setup, TestServer, Upstream, assembled, core_module, until};

const SECRET: &str = "open-sesame-4711";

fn telling(manifest: &str) -> Setup {
    Setup::new()
        .with("10-tell.wasm", assembled("teller"))
        .with("10-tell.toml", manifest)
        .with_variable("VARIABLE", SECRET)
}

async fn is_told(server: &TestServer) -> bool {
    let claims = server.ask(&[("secret", "KEY")]).await.claims();
    claims["told"].as_bool().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_sees_a_visible_secret() {
    let manifest = "[secrets.KEY]\nenv = \"VARIABLE\"\nvisible = true\n";
    assert!(is_told(&telling(manifest).start().await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_invisible_unless_the_manifest_says_otherwise() {
    assert!(!is_told(&telling("[secrets.KEY]\nenv = \"VARIABLE\"\n").start().await).await);
    assert!(!is_told(&telling("").start().await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sees_visible_secrets_in_its_environment_and_nothing_else_there() {
    let manifest =
        "[secrets.KEY]\nenv = \"VARIABLE\"\nvisible = true\n[secrets.SHUT]\nenv = \"VARIABLE\"\n";
    let server = Setup::new()
        .with("10-list.wasm", core_module("environment"))
        .with("10-list.toml", manifest)
        .with_variable("VARIABLE", SECRET)
        .start()
        .await;
    let claims = server.ask(&[]).await.claims();
    assert_eq!(claims["environment"], format!("KEY={SECRET},"));
}

#[tokio::test]
async fn what_a_rule_says_comes_without_its_secrets() {
    let lines = Lines::here();
    let manifest = "[secrets.KEY]\nenv = \"VARIABLE\"\nvisible = true\n";
    let server = telling(manifest)
        .with("20-list.wasm", core_module("environment"))
        .with("20-list.toml", manifest)
        .start()
        .await;
    server.issue(&[("secret", "KEY")]).await.unwrap();
    let fault = server.fault(&[("secret", "KEY"), ("fail", "yes")]).await;
    assert_eq!(fault.to_string(), "it failed: [secret KEY]");
    server.ask(&[("secret", "KEY"), ("fail", "yes")]).await;
    let text = lines.text();
    assert!(text.contains("KEY=[secret KEY]"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn an_invisible_secret_is_in_no_event_log_metric_or_store() {
    let lines = Lines::here();
    let upstream = Upstream::start().await;
    let (table, host) = (table(&upstream), upstream.origin());
    let manifest = format!(
        "{table}[http.headers.{host:?}]\nX-Key = \"{{secrets.KEY}}\"\n[secrets.KEY]\nenv = \"VARIABLE\"\n"
    );
    let setup = fetching(&manifest)
        .with("20-list.wasm", core_module("environment"))
        .with("20-list.toml", "[secrets.KEY]\nenv = \"VARIABLE\"\n")
        .with("30-event.wasm", assembled("tell-event"));
    let server = setup.with_variable("VARIABLE", SECRET).start().await;
    let authority = upstream.address.to_string();
    for path in ["/people", "/echo"] {
        let claims = fetch(&server, &to(&authority, path)).await;
        assert!(!claims.to_string().contains(SECRET), "{claims}");
    }
    assert_eq!(upstream.asked()[0]["headers"]["x-key"], SECRET);
    for text in [lines.text(), server.get("/metrics").await.body] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(lines.text().contains("repeats the secret KEY"));
    for entry in walk(server.data_dir()) {
        let bytes = fs::read(&entry).unwrap();
        let found = bytes
            .windows(SECRET.len())
            .any(|part| part == SECRET.as_bytes());
        assert!(!found, "{entry:?}");
    }
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => walk(&path),
            false => vec![path],
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_keeps_the_rule_from_going_live() {
    let text = telling("[secrets.KEY]\nenv = \"ELSEWHERE\"\n")
        .refusal()
        .await;
    assert!(
        text.contains("secret KEY") && text.contains("no variable ELSEWHERE"),
        "{text}"
    );
}

/// A rule whose secret is in a file, and puts it into the header of a request.
async fn with_file(upstream: &Upstream) -> TestServer {
    let setup = Setup::new();
    let file = setup.scratch("key");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let (table, host) = (table(upstream), upstream.origin());
    let manifest = format!(
        "[limits]\nwall_ms = 20000\n{table}[http.headers.{host:?}]\nX-Key = \"{{secrets.KEY}}\"\n\
         [secrets.KEY]\nfile = {file:?}\n"
    );
    let setup = setup.with("10-fetch.wasm", crate::harness::fetcher());
    setup.with("10-fetch.toml", manifest).start().await
}

/// Replaces the secret as a careful tool does: at no moment is there half of one.
fn put_secret(server: &TestServer, text: &str) {
    let draft = server.scratch("draft-of-key");
    fs::write(&draft, text).unwrap();
    fs::rename(draft, server.scratch("key")).unwrap();
}

/// The secret that arrives with the next request.
async fn arriving(server: &TestServer, upstream: &Upstream) -> String {
    fetch(server, &to(&upstream.address.to_string(), "/")).await;
    let asked = upstream.asked();
    let key = &asked.last().unwrap()["headers"]["x-key"];
    key.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_secret_is_taken_up_at_the_next_look() {
    let upstream = Upstream::start().await;
    let server = with_file(&upstream).await;
    assert_eq!(arriving(&server, &upstream).await, SECRET);
    put_secret(&server, "another-secret\n");
    server.reloader.send(Trigger::Look).unwrap();
    until("the other secret", async || {
        (arriving(&server, &upstream).await == "another-secret").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_vanishes_leaves_the_last_good_one_in_use() {
    let upstream = Upstream::start().await;
    let server = with_file(&upstream).await;
    fs::remove_file(server.scratch("key")).unwrap();
    server.reloader.send(Trigger::Look).unwrap();
    let rule = server.until_problem("10-fetch", "secret").await;
    assert_eq!(rule.state, RuleState::Kept);
    assert_eq!(arriving(&server, &upstream).await, SECRET);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_finds_the_same_secret_changes_nothing() {
    let upstream = Upstream::start().await;
    let server = with_file(&upstream).await;
    let before = server.report().await.generation;
    put_secret(&server, &format!("{SECRET}\n"));
    server.put_rule("20-more.wasm", crate::harness::rule_that_sets("more", "1"));
    let after = server
        .until_rules("the other rule", |report| report.rules.len() == 2)
        .await;
    assert_eq!(after.generation, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_chain_takes_up_a_changed_secret_too() {
    let upstream = Upstream::start().await;
    let server = with_file(&upstream).await;
    let first = server.report().await.generation;
    server.put_rule("20-more.wasm", crate::harness::rule_that_sets("more", "1"));
    server
        .until_rules("the other rule", |report| report.rules.len() == 2)
        .await;
    let back = Trigger::Rollback {
        to: Some(first),
        wish: 1,
    };
    server.reloader.send(back).unwrap();
    server
        .until_rules("the rollback", |report| report.wish == 1)
        .await;
    put_secret(&server, "another-secret\n");
    server.reloader.send(Trigger::Look).unwrap();
    until("the other secret", async || {
        (arriving(&server, &upstream).await == "another-secret").then_some(())
    })
    .await;
    let report = server.report().await;
    assert!(report.rolled_back && report.rules.len() == 1, "{report:?}");
}
