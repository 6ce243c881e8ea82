//! The audit log: every change leaves an entry that says who made it, when, from where and what it changed.

use rulemint::registry::{ApiChange, ClientChange, GrantChange, NewApi, NewClient, NewGrant};
use rulemint::revocation::Target;
use rulemint::store::{AuditFilter, AuditRow, AuditWindow, ScopeRow};
use serde_json::{Value, json};

use crate::harness::{AUDIENCE, CLIENT, SECRET, Setup, TestServer, a_test, rule_that_sets};

const EVERYTHING: AuditWindow = AuditWindow {
    behind: None,
    limit: 1_000,
    newest_first: false,
};

/// The entries about one thing, the oldest first.
async fn about(server: &TestServer, kind: &str, id: &str) -> Vec<AuditRow> {
    let filter = AuditFilter {
        object_kind: Some(kind.to_owned()),
        object_id: Some(id.to_owned()),
        ..AuditFilter::default()
    };
    server.store.audit(&filter, EVERYTHING).await.unwrap()
}

/// What was done, in short.
fn operations(rows: &[AuditRow]) -> Vec<&str> {
    rows.iter().map(|row| row.operation.as_str()).collect()
}

fn json_of(side: Option<&String>) -> Value {
    side.map_or(Value::Null, |side| serde_json::from_str(side).unwrap())
}

fn sides(row: &AuditRow) -> (Value, Value) {
    (json_of(row.before.as_ref()), json_of(row.after.as_ref()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_life_is_told_from_its_first_day_to_its_last() {
    let server = Setup::new().start().await;
    let registrar = &server.registrar;
    let new = NewClient {
        id: Some("shop".to_owned()),
        name: "shop".to_owned(),
        ..NewClient::default()
    };
    registrar.add_client(new).await.unwrap();
    let change = ClientChange {
        name: Some("the shop".to_owned()),
        metadata: [("tier".to_owned(), Some("gold".to_owned()))].into(),
        ..ClientChange::default()
    };
    registrar.update_client("shop", change).await.unwrap();
    registrar.rotate_secret("shop", 60).await.unwrap();
    registrar.serve_api("shop", AUDIENCE).await.unwrap();
    registrar.stop_serving_api("shop", AUDIENCE).await.unwrap();
    registrar.delete_client("shop").await.unwrap();

    let told = about(&server, "client", "shop").await;
    let expected = [
        "add",
        "update",
        "rotate_secret",
        "update",
        "update",
        "delete",
    ];
    assert_eq!(operations(&told), expected);
    for entry in &told {
        assert_eq!(
            (entry.actor_kind.as_str(), entry.actor.as_str()),
            ("user", "a test")
        );
        assert!(entry.created_at > 1_700_000_000);
    }
    let (before, after) = sides(&told[1]);
    assert_eq!(before, json!({ "name": "shop", "metadata": {} }));
    assert_eq!(
        after,
        json!({ "name": "the shop", "metadata": { "tier": "gold" } })
    );
    assert_eq!(sides(&told[0]).1["name"], "shop");
    assert_eq!(sides(&told[5]).0["name"], "the shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_hash_of_one_is_in_the_log() {
    let server = Setup::new().start().await;
    let secret = "a-secret-of-at-least-thirty-two-characters";
    let change = ClientChange {
        secret: Some(secret.into()),
        ..ClientChange::default()
    };
    server
        .registrar
        .update_client(CLIENT, change)
        .await
        .unwrap();
    let public = ClientChange {
        public: Some(true),
        ..ClientChange::default()
    };
    server
        .registrar
        .update_client(CLIENT, public)
        .await
        .unwrap();
    let told = about(&server, "client", CLIENT).await;
    let (_, replaced) = sides(&told[1]);
    assert_eq!(replaced, json!({ "client_secret": "(not recorded)" }));
    let (dropped, _) = sides(&told[2]);
    assert_eq!(dropped["client_secret"], "(not recorded)");
    let all = server
        .store
        .audit(&AuditFilter::default(), EVERYTHING)
        .await;
    let text = format!("{:?}", all.unwrap());
    assert!(!text.contains(secret) && !text.contains(SECRET) && !text.contains("hash"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_takes_with_it_is_told_too() {
    let server = Setup::new().start().await;
    let registrar = &server.registrar;
    let grant = registrar.grants(Some(CLIENT)).await.unwrap().remove(0);
    let scope = |value: &str| ScopeRow {
        value: value.to_owned(),
        description: String::new(),
    };
    let narrower = ApiChange {
        scopes: Some(vec![scope("read")]),
        ..ApiChange::default()
    };
    registrar.update_api(AUDIENCE, narrower).await.unwrap();
    registrar.delete_api(AUDIENCE).await.unwrap();
    let told = about(&server, "grant", &grant.id).await;
    assert_eq!(operations(&told), ["add", "update", "delete"]);
    let (before, after) = sides(&told[1]);
    assert_eq!(before, json!({ "scope": ["read", "write"] }));
    assert_eq!(after, json!({ "scope": ["read"] }));
    let of_api = about(&server, "api", AUDIENCE).await;
    assert_eq!(operations(&of_api), ["add", "update", "delete"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_told_of_and_a_change_that_changes_nothing_is_not() {
    let server = Setup::new().start().await;
    let registrar = &server.registrar;
    registrar
        .add_api(NewApi::named("https://b.example"))
        .await
        .unwrap();
    let new = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: "https://b.example".to_owned(),
        scope: None,
    };
    let grant = registrar.add_grant(new).await.unwrap();
    registrar
        .update_grant(&grant.id, GrantChange::default())
        .await
        .unwrap();
    registrar.delete_grant(&grant.id).await.unwrap();
    let told = about(&server, "grant", &grant.id).await;
    assert_eq!(operations(&told), ["add", "delete"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_leaves_no_entry() {
    let server = Setup::new().start().await;
    let taken = NewClient {
        id: Some(CLIENT.to_owned()),
        name: "another".to_owned(),
        ..NewClient::default()
    };
    assert!(server.registrar.add_client(taken).await.is_err());
    assert!(server.registrar.delete_client("nobody").await.is_err());
    assert_eq!(about(&server, "client", CLIENT).await.len(), 1);
    assert!(about(&server, "client", "nobody").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_and_what_takes_them_back_are_told() {
    let server = Setup::new().start().await;
    let gone = server.revoke(Target::Client(CLIENT.to_owned())).await;
    server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    let told = about(&server, "revocation", &gone.row.id.to_string()).await;
    assert_eq!(operations(&told), ["revoke", "undo"]);
    let (_, revoked) = sides(&told[0]);
    assert_eq!(
        (&revoked["kind"], &revoked["client_id"]),
        (&json!("client"), &json!(CLIENT))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_given_back_is_told_with_the_address_it_came_from() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let form = [
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("token", &token),
    ];
    assert_eq!(server.post_to("/oauth/revoke", &form).await.status, 200);
    let filter = AuditFilter {
        operation: Some("revoke".to_owned()),
        ..AuditFilter::default()
    };
    let told = server.store.audit(&filter, EVERYTHING).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].actor_kind.as_str(), told[0].actor.as_str()),
        ("client", CLIENT)
    );
    assert_eq!(told[0].peer.as_deref(), Some("127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_go_live_are_told_by_their_digests() {
    let rule = rule_that_sets("version", "\"one\"");
    let server = Setup::new().with("10-version.wasm", rule).start().await;
    server.put_rule("10-version.wasm", rule_that_sets("version", "\"two\""));
    let report = server
        .until_rules("the second version", |report| report.generation == 2)
        .await;
    let digest = report.rules[0].digest.unwrap().to_string();
    let told = about(&server, "generation", "2").await;
    assert_eq!(operations(&told), ["go_live"]);
    assert_eq!(told[0].actor_kind, "server");
    let (before, after) = sides(&told[0]);
    assert_eq!(after["rules"]["10-version"], *digest);
    assert_ne!(before["rules"]["10-version"], after["rules"]["10-version"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_is_told_as_the_servers_own_doing() {
    let server = Setup::new().start().await;
    let filter = AuditFilter {
        actor: Some("rulemint".to_owned()),
        ..AuditFilter::default()
    };
    let told = server.store.audit(&filter, EVERYTHING).await.unwrap();
    let kinds: Vec<&str> = told
        .iter()
        .map(|entry| entry.object_kind.as_str())
        .collect();
    assert_eq!(kinds, ["api", "client", "grant"]);
}
