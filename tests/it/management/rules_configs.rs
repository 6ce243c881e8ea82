//! `/rules-configs`

use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{TestServer, until};

/// Tells `configuration.A` and `configuration.B` in claims.
const SCRIPT: &str = "function (user, context, callback) { \
    context.accessToken['https://a.example/a'] = configuration.A || 'none'; \
    context.accessToken['https://a.example/b'] = configuration.B || 'none'; \
    callback(null, user, context); }";

async fn started(manifest: &str) -> TestServer {
    let setup = setup().with_script("10-teller.js", SCRIPT).await;
    setup.with("10-teller.toml", manifest).start().await
}

async fn told(server: &TestServer) -> (Value, Value) {
    let claims = server.ask(&[]).await.claims();
    let claim = |name: &str| claims[format!("https://a.example/{name}")].clone();
    (claim("a"), claim("b"))
}

async fn until_told(server: &TestServer, a: &str, b: &str) {
    until(&format!("{a} and {b}"), async || {
        (told(server).await == (json!(a), json!(b))).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_reaches_every_script_and_nobody_else() {
    let server = started("").await;
    let admin = Manager::of(&server).await;
    assert_eq!(told(&server).await, (json!("none"), json!("none")));
    let set = admin
        .put("/rules-configs/A", json!({ "value": "true" }))
        .await;
    assert_eq!(
        (set.status.as_u16(), set.json()),
        (200, json!({ "key": "A", "value": "true" }))
    );
    until_told(&server, "true", "none").await;
    let body = json!({ "value": "a-secret-that-all-scripts-share" });
    assert_eq!(admin.put("/rules-configs/B", body).await.status, 200);
    until_told(&server, "true", "a-secret-that-all-scripts-share").await;
    let listed = admin.get("/rules-configs").await;
    assert_eq!(listed.json(), json!([{ "key": "A" }, { "key": "B" }]));
    assert_eq!(admin.delete("/rules-configs/A").await.status, 204);
    assert_eq!(admin.delete("/rules-configs/A").await.status, 204);
    until_told(&server, "none", "a-secret-that-all-scripts-share").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scripts_own_manifest_goes_first() {
    let server = started("[settings]\nA = \"own\"\n").await;
    let admin = Manager::of(&server).await;
    for key in ["A", "B"] {
        let path = format!("/rules-configs/{key}");
        assert_eq!(
            admin.put(&path, json!({ "value": "shared" })).await.status,
            200
        );
    }
    until_told(&server, "own", "shared").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_outlives_a_restart_and_lies_nowhere_in_the_clear() {
    const VALUE: &str = "a-secret-that-must-not-be-found-0123456789";
    let server = started("").await;
    let admin = Manager::of(&server).await;
    admin
        .put("/rules-configs/A", json!({ "value": VALUE }))
        .await;
    until_told(&server, VALUE, "none").await;
    let files = std::fs::read_dir(server.data_dir()).unwrap();
    for file in files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
    {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes
            .windows(VALUE.len())
            .any(|part| part == VALUE.as_bytes());
        assert!(!found, "{}", file.display());
    }
    let server = server.stop().await.start().await;
    assert_eq!(told(&server).await, (json!(VALUE), json!("none")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_key_or_a_value_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for (path, body) in [
        ("/rules-configs/a%20b", json!({ "value": "x" })),
        ("/rules-configs/a%2Fb", json!({ "value": "x" })),
        ("/rules-configs/A", json!({ "value": "" })),
        ("/rules-configs/A", json!({ "value": "x".repeat(20_481) })),
        ("/rules-configs/A", json!({ "value": 5 })),
        ("/rules-configs/A", json!({})),
        ("/rules-configs/A", json!({ "value": "x", "key": "A" })),
    ] {
        let answer = admin.put(path, body).await;
        refused(&answer, 400, "invalid_body");
    }
    refused(
        &admin.delete("/rules-configs/a%20b").await,
        400,
        "invalid_body",
    );
    refused(
        &admin.get("/rules-configs?page=0").await,
        400,
        "invalid_query_string",
    );
    for number in 0..100 {
        let path = format!("/rules-configs/K{number}");
        let set = server
            .registrar
            .set_rules_config(&path[15..], &"x".into())
            .await;
        set.unwrap();
    }
    let full = admin.put("/rules-configs/A", json!({ "value": "x" })).await;
    assert!(refused(&full, 400, "invalid_body").contains("100 keys"));
    let known = admin
        .put("/rules-configs/K1", json!({ "value": "y" }))
        .await;
    assert_eq!(known.status, 200);
}
