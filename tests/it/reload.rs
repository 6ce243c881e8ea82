//! The rules directory changes while the server runs.

mod bad_files;
mod disabled;
mod elsewhere;
mod generations;
mod golden_cases;
mod last_good;
mod resting;
mod volumes;

use std::fs;
use std::time::{Duration, Instant};

use rulemint::reload::{Report, RuleState, Trigger};

use crate::harness::{Setup, TestServer, rule_that_sets, until};

/// A rule that sets the claim `version`.
pub(crate) fn version(version: &str) -> Vec<u8> {
    rule_that_sets("version", &format!("\"{version}\""))
}

/// A server whose one rule sets `version` to `good`.
pub(crate) async fn serving_good() -> TestServer {
    Setup::new()
        .with("10-rule.wasm", version("good"))
        .start()
        .await
}

pub(crate) async fn until_version(server: &TestServer, version: &str) {
    until(&format!("version {version}"), async || {
        let claims = server.ask(&[]).await.claims();
        (claims["version"] == version).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_put_there_serves_the_next_tokens() {
    let server = Setup::new().start().await;
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_renamed_into_place_replaces_the_rule() {
    let server = serving_good().await;
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_in_place_replaces_the_rule() {
    let server = serving_good().await;
    fs::write(server.rules_dir().join("10-rule.wasm"), version("new")).unwrap();
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_and_made_anew_replaces_the_rule() {
    let server = serving_good().await;
    let file = server.rules_dir().join("10-rule.wasm");
    fs::remove_file(&file).unwrap();
    fs::write(file, version("new")).unwrap();
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_whose_file_stays_away_leaves_the_chain() {
    let server = serving_good().await;
    fs::remove_file(server.rules_dir().join("10-rule.wasm")).unwrap();
    server
        .until_rules("no rules", |report| report.rules.is_empty())
        .await;
    assert_eq!(server.ask(&[]).await.claims().get("version"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_has_a_second_to_come_back_however_often_the_directory_is_looked_at() {
    let server = serving_good().await;
    let began = Instant::now();
    fs::remove_file(server.rules_dir().join("10-rule.wasm")).unwrap();
    let mut wish = 0;
    loop {
        wish += 1;
        server.reloader.send(Trigger::Retry(wish)).unwrap();
        let looked = |report: &Report| report.wish == wish;
        let report = server.until_rules("another look", looked).await;
        if report.rules.is_empty() {
            break;
        }
    }
    let taken = began.elapsed();
    assert!(taken >= Duration::from_secs(1), "{taken:?}");
}

/// What is first said of a rule by its new name.
async fn first_report_of(server: &TestServer, name: &str) -> Report {
    let is_there = |report: &Report| report.rules.iter().any(|rule| rule.name == name);
    server.until_rules(name, is_there).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_gets_another_name_runs_at_no_moment_under_both() {
    let server = serving_good().await;
    let place = |name: &str| server.rules_dir().join(name);
    fs::rename(place("10-rule.wasm"), place("20-other.wasm")).unwrap();
    let report = first_report_of(&server, "20-other").await;
    assert_eq!(report.rules.len(), 1, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_several_files_is_seen_whole_or_not_at_all() {
    let server = Setup::new()
        .with("10-rule.wasm", version("good"))
        .with("10-rule.toml", "required = true")
        .start()
        .await;
    let place = |name: &str| server.rules_dir().join(name);
    let alone = fs::File::open(server.rules_dir()).unwrap();
    alone.lock().unwrap();
    fs::rename(place("10-rule.wasm"), place("20-rule.wasm")).unwrap();
    server.reloader.send(Trigger::Retry(1)).unwrap();
    fs::rename(place("10-rule.toml"), place("20-rule.toml")).unwrap();
    drop(alone);
    let report = first_report_of(&server, "20-rule").await;
    let told: Vec<_> = report
        .rules
        .iter()
        .map(|rule| (rule.state, rule.required))
        .collect();
    assert_eq!(told, [(RuleState::Live, true)], "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_under_another_number_replaces_the_rule() {
    let server = serving_good().await;
    fs::remove_file(server.rules_dir().join("10-rule.wasm")).unwrap();
    server.put_rule("30-rule.wasm", version("new"));
    let report = first_report_of(&server, "30-rule").await;
    assert_eq!(report.rules.len(), 1, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_left_is_no_secret_that_changed() {
    let server = serving_good().await;
    fs::remove_file(server.rules_dir().join("10-rule.wasm")).unwrap();
    let report = server
        .until_rules("no rules", |report| report.rules.is_empty())
        .await;
    assert_eq!(report.cause, "the rules directory changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_manifest_is_a_changed_rule() {
    let server = serving_good().await;
    server.put_rule(
        "10-rule.toml",
        "[when]\naudiences = [\"https://other.example\"]\n",
    );
    until("a token without the claim", async || {
        let claims = server.ask(&[]).await.claims();
        claims.get("version").is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_notices_what_no_event_tells() {
    let polling = Setup::new().but(|config| config.rules.watch = rulemint::config::Watch::Poll);
    let server = polling.start().await;
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_watch_looks_when_told() {
    let blind = Setup::new().but(|config| config.rules.watch = rulemint::config::Watch::Off);
    let server = blind.start().await;
    server.put_rule("10-rule.wasm", version("new"));
    server.reloader.send(Trigger::Look).unwrap();
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rules_directory_may_be_made_later() {
    let setup = Setup::new();
    fs::remove_dir(&setup.config.rules.dir).unwrap();
    let server = setup.start().await;
    let problem = server.report().await.directory_problem.unwrap();
    assert_eq!(problem.code, "no_directory");
    fs::create_dir(server.rules_dir()).unwrap();
    server.put_rule("10-rule.wasm", version("new"));
    until_version(&server, "new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rules_directory_that_vanishes_takes_no_rule_away() {
    let server = serving_good().await;
    fs::remove_dir_all(server.rules_dir()).unwrap();
    let gone = |report: &Report| report.directory_problem.is_some();
    server
        .until_rules("a problem with the directory", gone)
        .await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status, 200);
    let told = &answer.json()["checks"]["rules"];
    assert_eq!(told, "the rules directory is not there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_rule_beside_a_bad_one_goes_live() {
    let server = serving_good().await;
    server.put_rule("05-bad.wasm", "garbage");
    server.put_rule("20-more.wasm", rule_that_sets("more", "1"));
    let bad = server.until_problem("05-bad", "not_a_rule").await;
    assert_eq!(bad.state, RuleState::Refused);
    until("the new rule", async || {
        (server.ask(&[]).await.claims()["more"] == 1).then_some(())
    })
    .await;
}
