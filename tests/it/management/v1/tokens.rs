//! `/tokens`

use rulemint::config::LedgerMode;
use rulemint::store::{LedgerContext, LedgerToken};
use serde_json::{Value, json};

use super::super::{ADMIN, Manager, setup};
use super::problem;
use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, Setup, TestServer, claims, rule_that_sets};

fn remembering() -> Setup {
    setup().but(|config| config.ledger.mode = LedgerMode::Sync)
}

fn alice() -> Value {
    json!({ "audience": AUDIENCE, "subject": "alice", "scope": "read" })
}

async fn issue(admin: &Manager<'_>, body: Value) -> Value {
    let answer = admin.own("POST", "/tokens", Some(body)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

async fn refused(server: &TestServer, body: Value, code: &str) -> String {
    let admin = Manager::of(server).await;
    let answer = admin.own("POST", "/tokens", Some(body)).await;
    problem(&answer, 400, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_application_names_the_subject_and_the_claims() {
    let rule = rule_that_sets("tier", "\"gold\"");
    let server = setup().with("10-tier.wasm", rule).start().await;
    let admin = Manager::of(&server).await;
    let mut body = alice();
    body["claims"] = json!({ "https://acme.example/roles": ["buyer"], "level": 3 });
    body["expires_in"] = json!(60);
    let issued = issue(&admin, body).await;
    assert_eq!(
        (&issued["token_type"], &issued["expires_in"]),
        (&json!("Bearer"), &json!(60))
    );
    let token = issued["access_token"].as_str().unwrap();
    let said = claims(token);
    for (name, value) in [
        ("sub", json!("alice")),
        ("client_id", json!(ADMIN)),
        ("aud", json!(AUDIENCE)),
        ("scope", json!("read")),
        ("https://acme.example/roles", json!(["buyer"])),
        ("level", json!(3)),
        ("tier", json!("gold")),
        ("jti", issued["jti"].clone()),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!(
        said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(),
        60
    );
    assert!(
        server.verify(token).await.status == 200,
        "it is a token like any other"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_asked_for_is_not_given() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let body = json!({ "audience": AUDIENCE, "subject": "alice" });
    let issued = issue(&admin, body).await;
    let said = claims(issued["access_token"].as_str().unwrap());
    assert_eq!(said.get("scope"), None);
    assert_eq!(issued["expires_in"], 86_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_of_the_server_are_refused_in_any_spelling() {
    let server = setup().start().await;
    for name in [
        "iss",
        "aud",
        "exp",
        "sub",
        "Client_ID",
        "scope",
        "jti",
        "cnf",
        "rm_cutoff",
        "kid",
    ] {
        let mut body = alice();
        body["claims"] = json!({ name: "x" });
        let detail = refused(&server, body, "reserved_claim").await;
        assert!(detail.contains(name), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_token_for_an_api_that_is_not_known() {
    let server = setup().start().await;
    let mut body = alice();
    body["audience"] = json!("https://nowhere.example");
    let answer = Manager::of(&server)
        .await
        .own("POST", "/tokens", Some(body))
        .await;
    problem(&answer, 404, "invalid_target");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_beyond_what_the_api_allows() {
    let server = setup().start().await;
    let management = format!("{}/api/v2/", server.address);
    for (name, value, code) in [
        ("scope", json!("read everything"), "invalid_scope"),
        ("audience", json!(management), "invalid_target"),
        ("expires_in", json!(86_401), "invalid_body"),
        ("expires_in", json!(0), "invalid_body"),
        ("expires_in", json!("60"), "invalid_body"),
        ("subject", json!(""), "invalid_body"),
        ("subject", json!("x".repeat(256)), "invalid_body"),
        ("subject", json!("a\nb"), "invalid_body"),
        ("subject", Value::Null, "invalid_body"),
        ("claims", json!({ "a b": 1 }), "invalid_body"),
        (
            "claims",
            json!({ "deep": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]] }),
            "invalid_body",
        ),
        ("claims", json!([1]), "invalid_body"),
    ] {
        let mut body = alice();
        body[name] = value.clone();
        let detail = refused(&server, body, code).await;
        assert!(!detail.is_empty(), "{name} {value}");
    }
    let many: serde_json::Map<String, Value> =
        (0..101).map(|n| (format!("c{n}"), json!(n))).collect();
    let mut body = alice();
    body["claims"] = many.into();
    assert!(refused(&server, body, "invalid_body").await.contains("100"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_would_be_too_long_is_not_issued() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let mut body = alice();
    body["claims"] = json!({ "long": "x".repeat(9_000) });
    let answer = admin.own("POST", "/tokens", Some(body)).await;
    assert!(problem(&answer, 500, "server_error").contains("the log says why"));
}

/// An action, and what comes of a direct request while it runs.
async fn with_action(body: &str) -> Answer {
    let action =
        format!("exports.onExecuteCredentialsExchange = async (event, api) => {{ {body} }};");
    let server = setup().with("10-action.js", action).start().await;
    let admin = Manager::of(&server).await;
    admin.own("POST", "/tokens", Some(alice())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_sees_how_a_token_comes_to_be_and_may_refuse_it() {
    let refuse = "api.access.deny('invalid_request', event.request.body.grant_type);";
    let answer = with_action(refuse).await;
    assert_eq!(problem(&answer, 422, "invalid_request"), "direct");
    let refuse = "api.access.deny('temporarily_unavailable', 'later');";
    let answer = with_action(refuse).await;
    assert_eq!(problem(&answer, 503, "temporarily_unavailable"), "later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_request_as_the_log_does() {
    let refuse = "api.access.deny('invalid_request', event.transaction.correlation_id);";
    let answer = with_action(refuse).await;
    let transaction = answer.json()["transaction_id"].clone();
    assert_eq!(transaction, problem(&answer, 422, "invalid_request"));
    assert_eq!(transaction, answer.header("X-Transaction-Id"));
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let issued = admin.own("POST", "/tokens", Some(alice())).await;
    let transaction = issued.json()["transaction_id"].clone();
    assert_eq!(transaction, issued.header("X-Transaction-Id"));
    let mut body = alice();
    body["audience"] = json!("https://nobody.example");
    let unknown = admin.own("POST", "/tokens", Some(body)).await;
    let transaction = unknown.json()["transaction_id"].clone();
    assert_eq!(transaction, unknown.header("X-Transaction-Id"));
    let unread = admin.own("POST", "/tokens", Some(json!({}))).await;
    assert_eq!(unread.json().get("transaction_id"), None, "{unread:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_fails_leaves_no_token() {
    let answer = with_action("throw new Error('secret details');").await;
    let detail = problem(&answer, 500, "server_error");
    assert!(!detail.contains("secret"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_can_ask_for_a_direct_token_by_its_grant_type() {
    let server = setup().start().await;
    let form = [
        ("grant_type", "direct"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
    ];
    let answer = server.post(&form).await;
    answer.refused(400, "unsupported_grant_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_how_a_token_came_to_be() {
    let rule = rule_that_sets("tier", "\"gold\"");
    let server = remembering().with("10-tier.wasm", rule).start().await;
    let admin = Manager::of(&server).await;
    let issued = issue(&admin, alice()).await;
    let jti = issued["jti"].as_str().unwrap();
    let told = admin.look(&format!("/tokens/{jti}")).await;
    for (name, value) in [
        ("jti", jti),
        ("client_id", ADMIN),
        ("grant_id", "direct"),
        ("audience", AUDIENCE),
        ("subject", "alice"),
        ("scope", "read"),
        ("transaction_id", issued["transaction_id"].as_str().unwrap()),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert_eq!(told["rules"][0]["name"], "10-tier");
    assert_eq!(told["rules"][0]["changes"][0]["name"], "tier");
    let answer = admin.own("GET", "/tokens/never-issued", None).await;
    assert!(problem(&answer, 404, "not_found").contains("never-issued"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_by_what_a_token_was_revoked_and_the_one_after_is_spared() {
    let server = remembering().start().await;
    let admin = Manager::of(&server).await;
    let path = async || {
        let issued = issue(&admin, alice()).await;
        format!("/tokens/{}", issued["jti"].as_str().unwrap())
    };
    let before = path().await;
    assert_eq!(admin.look(&before).await["revoked_by"], json!([]));
    let body = json!({ "subject": "alice", "reason": "she left" });
    admin.own("POST", "/cutoffs", Some(body)).await;
    let told = admin.look(&before).await;
    let by = &told["revoked_by"][0];
    assert_eq!(
        (&by["subject"], &by["reason"]),
        (&json!("alice"), &json!("she left"))
    );
    let after = path().await;
    assert_eq!(admin.look(&after).await["revoked_by"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issued_token_says_where_it_is_explained() {
    let server = remembering().start().await;
    let admin = Manager::of(&server).await;
    let answer = admin.own("POST", "/tokens", Some(alice())).await;
    let place = answer.header("Location").to_owned();
    let path = place.strip_prefix("/api/rulemint/v1").unwrap();
    assert_eq!(admin.look(path).await["jti"], answer.json()["jti"]);
}

/// Puts so many tokens of another client on record, after one that is there.
async fn fill_ledger(server: &TestServer, jti: &str, count: usize) {
    let (token, context) = server.store.issued(jti).await.unwrap().remove(0);
    let other = LedgerContext {
        client_id: "other".to_owned(),
        ..context
    };
    let context_id = server.store.ledger_context(&other).await.unwrap();
    let other = LedgerToken {
        context_id,
        ..token
    };
    let tokens = vec![other; count];
    server.store.add_to_ledger(&tokens).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_ledger_is_gone_through_only_for_those_who_are_in_it() {
    let server = remembering().start().await;
    let admin = Manager::of(&server).await;
    let jti = server.ask(&[]).await.claims()["jti"].clone();
    fill_ledger(&server, jti.as_str().unwrap(), 100_001).await;
    let nobodys = admin.look("/tokens?client_id=nobody").await;
    assert_eq!(nobodys, json!({ "tokens": [] }));
    let path = format!("/tokens?client_id={CLIENT}");
    let part = admin.look(&path).await;
    assert_eq!(part["tokens"], json!([]));
    let next = part["next"].as_str().unwrap();
    let part = admin.look(&format!("{path}&from={next}")).await;
    assert_eq!(part["tokens"][0]["jti"], jti);
    assert_eq!(part.get("next"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_of_a_client_or_a_grant_are_listed_part_by_part() {
    let server = remembering().start().await;
    let admin = Manager::of(&server).await;
    let mut issued = Vec::new();
    for _ in 0..5 {
        issued.push(server.ask(&[]).await.claims()["jti"].clone());
        issue(&admin, alice()).await;
    }
    issued.reverse();
    let mut found = Vec::new();
    let mut path = format!("/tokens?client_id={CLIENT}&take=2");
    loop {
        let part = admin.look(&path).await;
        let tokens = part["tokens"].as_array().unwrap();
        assert!(tokens.len() <= 2 && tokens.iter().all(|token| token["client_id"] == CLIENT));
        found.extend(tokens.iter().map(|token| token["jti"].clone()));
        let Some(next) = part.get("next") else { break };
        path = format!(
            "/tokens?client_id={CLIENT}&take=2&from={}",
            next.as_str().unwrap()
        );
    }
    assert_eq!(found, issued);
    let grant = server.grant().await;
    let of_grant = admin.look(&format!("/tokens?grant_id={}", grant.id)).await;
    assert_eq!(of_grant["tokens"].as_array().unwrap().len(), 5);
    let direct = admin.look("/tokens?grant_id=direct").await;
    assert_eq!(direct["tokens"].as_array().unwrap().len(), 5);
    let of_nobody = admin.look("/tokens?client_id=nobody").await;
    assert_eq!(of_nobody, json!({ "tokens": [] }));
    let answer = admin.own("GET", "/tokens?from=x", None).await;
    problem(&answer, 400, "invalid_query_string");
}
