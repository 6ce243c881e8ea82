//! Who may read the list, and what of it.

use rulemint::registry::NewApi;
use rulemint::revocation::Target;
use serde_json::Value;

use super::{API, add_api_client, answer, asking, asking_as, list, server, token};
use crate::harness::{AUDIENCE, Answer, CLIENT, TestServer};

const OTHER_API: &str = "https://other.example";

async fn add_other_api(server: &TestServer) {
    let new = NewApi::named(OTHER_API);
    server.registrar.add_api(new).await.unwrap();
    add_api_client(server, "other-api", OTHER_API).await;
}

/// What each entry is about, for a reader.
async fn read_by(server: &TestServer, reader: &str) -> Vec<String> {
    let list = answer(asking_as(server, reader, "")).await.json();
    let about = |entry: &Value| {
        let names = ["jti", "sub", "client_id", "aud"];
        let first = names.iter().find_map(|name| entry[name].as_str());
        first.unwrap().to_owned()
    };
    list["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(about)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_the_list_without_saying_who() {
    let server = server().await;
    let url = format!("{}/revocations", server.address);
    let refused = |answer: Answer| answer.refused(401, "invalid_client");
    refused(server.get("/revocations").await);
    refused(answer(server.http.get(&url).basic_auth(API, Some("wrong"))).await);
    refused(answer(server.http.get(&url).basic_auth("nobody", Some("wrong"))).await);
    let token = server.ask(&[]).await.token();
    refused(answer(server.http.get(&url).bearer_auth(token)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_no_api_reads_nothing() {
    let server = server().await;
    for form in ["application/json", "text/event-stream"] {
        let request = asking_as(&server, CLIENT, "").header("accept", form);
        let why = answer(request).await.refused(403, "access_denied");
        assert!(why.contains("rulemint client serve"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_reads_what_may_meet_its_tokens_and_nothing_else() {
    let server = server().await;
    add_other_api(&server).await;
    let grant = |audience: &str| Target::Grant {
        client_id: CLIENT.to_owned(),
        audience: audience.to_owned(),
    };
    for target in [
        token("anywhere", None),
        token("here", Some(AUDIENCE)),
        token("there", Some(OTHER_API)),
        token("of-a-client", Some(CLIENT)),
        token("of-somebody", Some("somebody")),
        Target::Subject("anna".to_owned()),
        Target::Audience(OTHER_API.to_owned()),
        grant(OTHER_API),
    ] {
        server.revoke(target).await;
    }
    assert_eq!(
        read_by(&server, API).await,
        ["anywhere", "here", "of-a-client", "of-somebody", "anna"]
    );
    assert_eq!(
        read_by(&server, "other-api").await,
        [
            "anywhere",
            "there",
            "of-a-client",
            "of-somebody",
            "anna",
            OTHER_API,
            CLIENT
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_the_scope_of_the_management_api_reads_everything() {
    let server = server().await;
    add_other_api(&server).await;
    server.revoke(token("there", Some(OTHER_API))).await;
    let management = format!("{}/api/v2/", server.address);
    server
        .add_client("gateway", &management, Some("read:revocations"))
        .await;
    server
        .add_client("clerk", &management, Some("read:clients"))
        .await;
    assert_eq!(read_by(&server, "gateway").await, ["there"]);
    answer(asking_as(&server, "clerk", ""))
        .await
        .refused(403, "access_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_begins_to_serve_another_starts_again() {
    let server = server().await;
    add_other_api(&server).await;
    server.revoke(token("there", Some(OTHER_API))).await;
    let cursor = list(&server, "").await["cursor"].clone();
    let query = format!("?since={}", cursor.as_str().unwrap());
    assert_eq!(answer(asking(&server, &query)).await.status, 200);
    add_to(&server, OTHER_API).await;
    answer(asking(&server, &query))
        .await
        .refused(410, "start_again");
    assert_eq!(read_by(&server, API).await, ["there"]);
}

async fn add_to(server: &TestServer, audience: &str) {
    server.registrar.serve_api(API, audience).await.unwrap();
    crate::harness::until("the client to serve both", async || {
        let live = server.issuer.live.load();
        (live.registry.client(API)?.serves.len() == 2).then_some(())
    })
    .await;
}
