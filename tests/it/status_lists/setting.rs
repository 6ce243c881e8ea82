//! An API has status lists if it is told to, and where there is a ledger.

use rulemint::config::LedgerMode;
use rulemint::registry::{ApiChange, NewApi};
use serde_json::Value;

use super::{give_lists, is_listed, keep_issuer, place, server, setup, status};
use crate::harness::{AUDIENCE, Change, mirror};

#[tokio::test(flavor = "multi_thread")]
async fn only_tokens_of_an_api_with_the_setting_have_a_place() {
    let server = keep_issuer(setup().start().await).await;
    assert_eq!(status(&server.ask(&[]).await.token()), Value::Null);
    give_lists(&server, true).await;
    let token = server.ask(&[]).await.token();
    let uri = status(&token)["status_list"]["uri"].clone();
    let live = server.issuer.live.load();
    let beginning = format!("{}/status-lists/", live.issuer.as_str());
    assert!(uri.as_str().unwrap().starts_with(&beginning), "{uri}");
    assert!(place(&token).1 < 1 << 20);
    assert!(server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_from_before_the_setting_was_taken_back_keep_their_list() {
    let server = server().await;
    let token = server.ask(&[]).await.token();
    give_lists(&server, false).await;
    assert_eq!(status(&server.ask(&[]).await.token()), Value::Null);
    let server = server.stop().await.start().await;
    assert!(!is_listed(&server, &token).await);
    give_lists(&server, true).await;
    server.ask(&[]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_ledger_nobody_gets_status_lists() {
    let server = setup().start().await;
    let refusing = server.registrar_with(LedgerMode::Off);
    let change = ApiChange {
        status_list: Some(true),
        ..ApiChange::default()
    };
    let new = NewApi {
        status_list: true,
        ..NewApi::named("https://new.example")
    };
    let refused = [
        refusing.update_api(AUDIENCE, change).await.err().unwrap(),
        refusing.add_api(new).await.err().unwrap(),
    ];
    for problem in refused {
        let text = problem.to_string();
        assert!(text.contains("set ledger.mode to async or sync"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_ledger_was_switched_off_says_what_to_do() {
    let setup = server().await.stop().await;
    let setup = setup.but(|config| config.ledger.mode = LedgerMode::Off);
    let problem = setup.refusal().await;
    assert!(problem.contains(AUDIENCE), "{problem}");
    assert!(problem.contains("--status-list false"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_could_not_be_recorded_is_not_issued_without_a_ledger() {
    let server = keep_issuer(crate::harness::Setup::new().start().await).await;
    give_lists(&server, true).await; // As a command with another configuration could.
    server
        .ask(&[])
        .await
        .refused(503, "temporarily_unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_cannot_choose_the_place() {
    let server = setup().with("10-mirror.wasm", mirror()).start().await;
    let changes = [Change::Set("status", "{}")];
    let fault = server.fault(&[("answer", &Change::spell(&changes))]).await;
    assert!(fault.to_string().contains("status"), "{fault}");
}
