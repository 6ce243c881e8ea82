//! `/rules`

use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{TestServer, rule_that_sets};

/// A Rule that sets the claim `version`.
fn script(version: &str) -> String {
    format!(
        "function (user, context, callback) {{ context.accessToken['https://a.example/version'] = '{version}'; \
         callback(null, user, context); }}"
    )
}

/// A server without rules that need not compile the engine first.
async fn started() -> TestServer {
    setup().with_engine().await.start().await
}

async fn version(server: &TestServer) -> Value {
    server.ask(&[]).await.claims()["https://a.example/version"].clone()
}

/// The first answer that is no longer pending: a busy machine may take longer than an answer waits.
async fn decided(admin: &Manager<'_>, rule: Value) -> Value {
    let path = format!("/rules/{}", rule["id"].as_str().unwrap());
    crate::harness::until("a verdict on the rule", async || {
        let now = admin.get(&path).await.json();
        (now["state"] != "pending").then_some(now)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_added_is_in_the_next_token_and_a_deleted_one_in_none() {
    let server = started().await;
    let admin = Manager::of(&server).await;
    let sent = json!({ "name": "Version of it", "script": script("one"), "order": 20 });
    let added = admin.add("/rules", sent.clone()).await;
    let rule = decided(&admin, added).await;
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(rule[name], *value, "{name}");
    }
    let id = rule["id"].as_str().unwrap();
    assert!(id.starts_with("rul_") && id.len() == 20, "{id}");
    assert_eq!(
        (&rule["enabled"], &rule["stage"]),
        (&json!(true), &json!("login_success"))
    );
    assert_eq!((&rule["state"], rule.get("reason")), (&json!("live"), None));
    assert_eq!(version(&server).await, "one");
    let file = server.rules_dir().join("20-Version-of-it.js");
    assert_eq!(std::fs::read_to_string(file).unwrap(), script("one"));

    assert_eq!(admin.delete(&format!("/rules/{id}")).await.status, 204);
    assert_eq!(version(&server).await, Value::Null);
    let gone = admin.get(&format!("/rules/{id}")).await;
    refused(&gone, 404, "inexistent_rule");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_keeps_the_id_and_is_in_the_next_token() {
    let server = started().await;
    let admin = Manager::of(&server).await;
    let added = admin
        .add("/rules", json!({ "name": "a", "script": script("one") }))
        .await;
    assert_eq!(added["order"], 1);
    let path = format!("/rules/{}", added["id"].as_str().unwrap());
    let change = json!({ "script": script("two"), "order": 30, "name": "b" });
    let changed = admin.patch(&path, change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let changed = decided(&admin, changed.json()).await;
    assert_eq!(
        (&changed["id"], &changed["order"]),
        (&added["id"], &json!(30))
    );
    assert_eq!(
        (&changed["name"], &changed["state"]),
        (&json!("b"), &json!("live"))
    );
    assert_eq!(version(&server).await, "two");
    let off = admin.patch(&path, json!({ "enabled": false })).await.json();
    assert_eq!(
        (&off["state"], &off["script"]),
        (&json!("disabled"), &json!(script("two")))
    );
    assert_eq!(version(&server).await, Value::Null);
    let on = admin.patch(&path, json!({ "enabled": true })).await.json();
    assert_eq!(decided(&admin, on).await["state"], "live");
    assert_eq!(version(&server).await, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_is_moved_runs_once_for_every_token() {
    let quick = setup().but(|config| config.rules.debounce_ms = 1);
    let server = quick.with_engine().await.start().await;
    let admin = Manager::of(&server).await;
    let counts = "function (user, context, callback) { const claims = context.accessToken; \
         claims['https://a.example/runs'] = (claims['https://a.example/runs'] || 0) + 1; callback(null, user, context); }";
    let added = admin.add("/rules", json!({ "name": "a", "script": counts }));
    let added = decided(&admin, added.await).await;
    let path = format!("/rules/{}", added["id"].as_str().unwrap());
    for order in 10..20 {
        let mut moving = std::pin::pin!(admin.patch(&path, json!({ "order": order })));
        loop {
            tokio::select! {
                moved = &mut moving => break assert_eq!(moved.json()["order"], order),
                token = server.ask(&[]) => {
                    assert_eq!(token.claims()["https://a.example/runs"], 1);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_cannot_run_is_kept_and_told_why() {
    let server = started().await;
    let admin = Manager::of(&server).await;
    let added = admin
        .add("/rules", json!({ "name": "a", "script": script("good") }))
        .await;
    let path = format!(
        "/rules/{}",
        decided(&admin, added).await["id"].as_str().unwrap()
    );
    let broken = admin
        .patch(&path, json!({ "script": "function (" }))
        .await
        .json();
    let broken = decided(&admin, broken).await;
    assert_eq!(broken["state"], "kept");
    assert!(
        broken["reason"].as_str().unwrap().contains("01-a.js"),
        "{broken}"
    );
    assert_eq!(version(&server).await, "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_in_the_order_of_the_chain_and_of_scripts_only() {
    let server = started().await;
    let admin = Manager::of(&server).await;
    server.put_rule("10-jti.wasm", rule_that_sets("a", "1"));
    for (name, order, enabled) in [("c", 30, true), ("a", 10, false), ("b", 20, false)] {
        let body =
            json!({ "name": name, "script": "no script", "order": order, "enabled": enabled });
        admin.add("/rules", body).await;
    }
    let names = async |query: &str| {
        let answer = admin.get(&format!("/rules{query}")).await;
        let list = answer.json();
        let list = list["rules"].as_array().or(list.as_array()).unwrap();
        let name = |rule: &Value| rule["name"].as_str().unwrap().to_owned();
        list.iter().map(name).collect::<Vec<_>>().join(",")
    };
    assert_eq!(names("").await, "a,b,c");
    assert_eq!(names("?enabled=false").await, "a,b");
    assert_eq!(names("?page=1&per_page=2").await, "c");
    assert_eq!(names("?page=9").await, "");
    let page = admin.get("/rules?per_page=2&include_totals=true").await;
    let page = page.json();
    assert_eq!((&page["total"], &page["length"]), (&json!(3), &json!(2)));
    assert!(page["rules"][0].get("state").is_none());
    let states = admin.get("/rules?fields=name,state").await.json();
    assert_eq!(states[0], json!({ "name": "a", "state": "disabled" }));
    assert_eq!(states[2], json!({ "name": "c", "state": "refused" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_rule_is_refused() {
    let server = started().await;
    let admin = Manager::of(&server).await;
    let good = json!({ "name": "a", "script": "x", "order": 1, "enabled": false });
    let added = admin.add("/rules", good.clone()).await;
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for body in [
        with("name", json!("a/b")),
        with("name", json!(5)),
        with("script", json!("")),
        with("order", json!(10_000)),
        with("order", json!(-1)),
        with("stage", json!("pre_authorize")),
        with("state", json!("live")),
        json!({ "name": "b" }),
    ] {
        let answer = admin.post("/rules", body).await;
        refused(&answer, 400, "invalid_body");
    }
    for body in [
        good.clone(),
        with("name", json!("b")),
        with("order", json!(2)),
    ] {
        let answer = admin.post("/rules", body).await;
        let message = refused(&answer, 409, "rule_conflict");
        assert!(message.contains("same"), "{message}");
    }
    let path = format!("/rules/{}", added["id"].as_str().unwrap());
    let none = admin.patch(&path, json!({ "id": "rul_x" })).await;
    refused(&none, 400, "invalid_body");
    let nowhere = admin.patch("/rules/rul_x", json!({ "order": 1 })).await;
    refused(&nowhere, 404, "inexistent_rule");
    refused(&admin.delete("/rules/rul_x").await, 404, "inexistent_rule");
    let stage = admin.get("/rules?stage=pre_authorize").await;
    refused(&stage, 400, "invalid_query_string");
    let stage = admin.get("/rules?stage=login_success").await;
    assert_eq!(stage.status, 200);
    refused(
        &admin.get("/rules?take=1").await,
        400,
        "invalid_query_string",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_come_from_elsewhere_are_not_changed_here() {
    let setup = setup();
    std::fs::create_dir(setup.config.rules.dir.join("..data")).unwrap();
    let server = setup.start().await;
    let admin = Manager::of(&server).await;
    let body = json!({ "name": "a", "script": "x" });
    let answer = admin.post("/rules", body).await;
    let message = refused(&answer, 403, "operation_not_supported");
    assert!(message.contains("ConfigMap"), "{message}");
    assert_eq!(admin.get("/rules").await.json(), json!([]));
}
