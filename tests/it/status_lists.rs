//! Token Status Lists: whoever checks tokens offline learns which are revoked.

mod keeping;
mod revoking;
mod serving;
mod setting;

use reqwest::header::HeaderMap;
use rulemint::config::LedgerMode;
use rulemint::registry::ApiChange;
use serde_json::Value;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::harness::{
    AUDIENCE, Answer, Setup, TestServer, bits_in, claims, is_set, place_in, until,
};

/// A server that records what it issues, and whose API has status lists.
async fn server() -> TestServer {
    let server = setup().start().await;
    let server = keep_issuer(server).await;
    give_lists(&server, true).await;
    server
}

fn setup() -> Setup {
    Setup::new().but(|config| config.ledger.mode = LedgerMode::Async)
}

/// The issuer follows from the port, and addresses of lists from the issuer: a restart is not to change them.
async fn keep_issuer(server: TestServer) -> TestServer {
    let issuer = server.address.parse().unwrap();
    let setup = server.stop().await;
    setup
        .but(|config| config.issuer = Some(issuer))
        .start()
        .await
}

async fn give_lists(server: &TestServer, status_list: bool) {
    let change = ApiChange {
        status_list: Some(status_list),
        ..ApiChange::default()
    };
    server.registrar.update_api(AUDIENCE, change).await.unwrap();
    until("the setting to be in force", async || {
        let live = server.issuer.live.load();
        (live.registry.api(AUDIENCE)?.status_list == status_list).then_some(())
    })
    .await;
}

/// A token's place: the path of its list, and its index there.
fn place(token: &str) -> (String, usize) {
    place_in(&claims(token))
}

fn bits(list: &str) -> Vec<u8> {
    bits_in(&claims(list))
}

/// Whether the token's list says that it is revoked.
async fn is_listed(server: &TestServer, token: &str) -> bool {
    let (path, index) = place(token);
    let answer = server.get(&path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    is_set(&bits(&answer.body), index)
}

async fn until_listed(server: &TestServer, token: &str, is_so: bool) {
    until(&format!("the list to say {is_so}"), async || {
        (is_listed(server, token).await == is_so).then_some(())
    })
    .await;
}

async fn until_recorded(server: &TestServer, token: &str) {
    let jti = claims(token)["jti"].as_str().unwrap().to_owned();
    until("the token's record", async || {
        let found = server.store.issued(&jti).await.unwrap();
        (!found.is_empty()).then_some(())
    })
    .await;
}

async fn get(server: &TestServer, path: &str, headers: HeaderMap) -> Answer {
    let request = server.http.get(format!("{}{path}", server.address));
    Answer::read(request.headers(headers).send().await.unwrap()).await
}

/// Changes the store of a server that has stopped.
async fn change_store(setup: &Setup, statement: &'static str) {
    let file = setup.config.data_dir.join("rulemint.db");
    let file = format!("sqlite:{}", file.display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    store.execute(statement).await.unwrap();
    store.close().await.unwrap();
}

fn status(token: &str) -> Value {
    claims(token)["status"].clone()
}
