//! `ETag` and `If-Match`, and paths where there is nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{Answer, TestServer};

impl Manager<'_> {
    async fn patch_if(&self, path: &str, seen: &str, body: Value) -> Answer {
        let url = format!("{}/api/v2{path}", self.server.address);
        let request = self.server.http.request(Method::PATCH, url);
        let request = request.bearer_auth(&self.token).header("If-Match", seen);
        Answer::read(request.json(&body).send().await.unwrap()).await
    }

    async fn delete_if(&self, path: &str, seen: &str) -> Answer {
        let url = format!("{}/api/v2{path}", self.server.address);
        let request = self.server.http.request(Method::DELETE, url);
        let request = request.bearer_auth(&self.token).header("If-Match", seen);
        Answer::read(request.send().await.unwrap()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_somebody_else_has_changed_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grants = admin.get("/client-grants?client_id=c1").await.json();
    let grant = format!("/client-grants/{}", grants[0]["id"].as_str().unwrap());
    for (path, first, second) in [
        (
            "/clients/c1",
            json!({ "name": "a" }),
            json!({ "name": "b" }),
        ),
        (
            "/resource-servers/https%3A%2F%2Fapi.example",
            json!({ "name": "a" }),
            json!({ "name": "b" }),
        ),
        (&grant, json!({ "scope": ["read"] }), json!({ "scope": [] })),
    ] {
        let seen = admin.get(path).await.header("ETag").to_owned();
        assert!(seen.starts_with('"'), "{path}: {seen}");
        let changed = admin.patch_if(path, &seen, first).await;
        assert_eq!(changed.status, 200, "{path}: {changed:?}");
        assert_ne!(changed.header("ETag"), seen);
        let late = admin.patch_if(path, &seen, second.clone()).await;
        refused(&late, 412, "precondition_failed");
        let now = admin.get(path).await;
        assert_eq!(now.json(), changed.json(), "{path}");
        assert_eq!(now.header("ETag"), changed.header("ETag"), "{path}");
        let any = format!("\"other\", {}", now.header("ETag"));
        assert_eq!(
            admin.patch_if(path, &any, second.clone()).await.status,
            200,
            "{path}"
        );
        assert_eq!(
            admin.patch_if(path, "*", second).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_of_a_thing_does_not_depend_on_what_is_shown_of_it() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let whole = admin.get("/clients/c1").await.header("ETag").to_owned();
    let part = admin.get("/clients/c1?fields=name").await;
    assert_eq!(part.header("ETag"), whole);
    let nobody = admin
        .patch_if("/clients/nobody", "*", json!({ "name": "a" }))
        .await;
    refused(&nobody, 404, "inexistent_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_changed_only_as_it_was_seen() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let body = json!({ "name": "a", "script": "x", "enabled": false });
    let added = admin.post("/rules", body).await;
    let path = format!("/rules/{}", added.json()["id"].as_str().unwrap());
    let seen = admin.get(&path).await.header("ETag").to_owned();
    assert_eq!(added.header("ETag"), seen);
    let change = json!({ "order": 7 });
    assert_eq!(
        admin.patch_if(&path, &seen, change.clone()).await.status,
        200
    );
    refused(
        &admin.patch_if(&path, &seen, change).await,
        412,
        "precondition_failed",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_it_is_said_in_auth0s_shape() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for path in [
        "",
        "/",
        "/connections",
        "/clients/c1/nothing",
        "/clients/c1/credentials/cred_x/nothing",
        "/keys",
    ] {
        let message = refused(&admin.get(path).await, 404, "not_found");
        assert!(message.contains("/clients"), "{path}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_shown_by_a_page_that_asks_nobody_else() {
    let server: TestServer = setup().start().await;
    let page = server.get("/docs").await;
    assert_eq!(page.status, 200);
    let policy = page.header("Content-Security-Policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    assert!(
        page.body.contains("openapi.json") && !page.body.contains("://"),
        "{}",
        page.body
    );
    let script = server.http.get(format!("{}/docs/redoc.js", server.address));
    let script = script.send().await.unwrap();
    assert_eq!(script.headers()["content-encoding"], "gzip");
    assert!(
        script.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/javascript")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thing_is_deleted_only_as_it_was_seen() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grants = admin.get("/client-grants?client_id=c1").await.json();
    let grant = format!("/client-grants/{}", grants[0]["id"].as_str().unwrap());
    let body = json!({ "name": "a", "script": "x", "enabled": false });
    let rule = admin.add("/rules", body).await;
    let rule = format!("/rules/{}", rule["id"].as_str().unwrap());
    let api = "/resource-servers/https%3A%2F%2Fapi.example";
    for path in [&grant, &rule, "/clients/c1", api] {
        let seen = admin.get(path).await.header("ETag").to_owned();
        let late = admin.delete_if(path, "\"other\"").await;
        refused(&late, 412, "precondition_failed");
        let now = admin.get(path).await;
        assert_eq!((now.status.as_u16(), now.header("ETag")), (200, &*seen));
        assert_eq!(admin.delete_if(path, &seen).await.status, 204, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signing_key_tells_its_version() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let keys = admin.get("/keys/signing").await.json();
    let path = format!("/keys/signing/{}", keys[0]["kid"].as_str().unwrap());
    assert!(admin.get(&path).await.header("ETag").starts_with('"'));
}
