//! The description of the API, held against the API.

mod headers;

use jsonschema::Validator;
use rulemint::config::LedgerMode;
use serde_json::{Value, json};

use super::access::CALLS;
use super::{Manager, refused, setup, v1};
use crate::harness::{AUDIENCE, Signer, TestServer};

async fn description(server: &TestServer) -> Value {
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), "application/json");
    answer.json()
}

/// Checks things against a schema of the description.
fn schema(description: &Value, name: &str) -> Validator {
    let mut schema = description.clone();
    schema["$ref"] = format!("#/components/schemas/{name}").into();
    jsonschema::validator_for(&schema).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_the_one_that_is_published() {
    let server = setup().start().await;
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let published = std::fs::read_to_string(page).unwrap();
    let served = server.get("/openapi.json").await.body;
    assert_eq!(
        published.trim_end(),
        served.trim_end(),
        "run: rulemint serve, and curl -o docs/openapi.json http://127.0.0.1:6468/openapi.json"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_described_with_its_scopes() {
    let server = setup().start().await;
    let description = description(&server).await;
    let mut described = 0;
    for operations in description["paths"].as_object().unwrap().values() {
        described += operations.as_object().unwrap().len();
    }
    assert_eq!(described, CALLS.len() + v1::CALLS.len());
    for (method, path, scopes) in v1::CALLS {
        let path = match path.split('/').collect::<Vec<_>>()[..] {
            ["", "tokens", _] => "/tokens/{jti}".to_owned(),
            ["", "cutoffs", _] => "/cutoffs/{id}".to_owned(),
            _ => (*path).to_owned(),
        };
        let path = format!("/api/rulemint/v1{path}");
        let operation = &description["paths"][&path][method.to_lowercase()];
        assert_eq!(
            operation["security"],
            json!([{ "token": [scopes] }]),
            "{method} {path}"
        );
    }
    for (method, path, scopes) in CALLS {
        let path = match path.split('/').collect::<Vec<_>>()[..] {
            ["", kind] => format!("/api/v2/{kind}"),
            ["", "blacklists", tokens] => format!("/api/v2/blacklists/{tokens}"),
            ["", "keys", ..] => format!("/api/v2{}", path.replace("/x", "/{id}")),
            ["", "rules-configs", _] => "/api/v2/rules-configs/{key}".to_owned(),
            ["", kind, _] => format!("/api/v2/{kind}/{{id}}"),
            ["", "clients", _, "credentials", _] => {
                "/api/v2/clients/{id}/credentials/{credential_id}".to_owned()
            }
            ["", kind, _, more] => format!("/api/v2/{kind}/{{id}}/{more}"),
            _ => panic!("{path}"),
        };
        let operation = &description["paths"][&path][method.to_lowercase()];
        let alternatives = operation["security"].as_array();
        let alternatives = alternatives
            .unwrap_or_else(|| panic!("{method} {path}"))
            .iter();
        let scope = |one: &Value| one["token"][0].as_str().unwrap().to_owned();
        let described: Vec<String> = alternatives.map(scope).collect();
        assert_eq!(described.join(","), *scopes, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_is_summed_up_in_one_short_line() {
    let server = setup().start().await;
    let description = description(&server).await;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap();
            let is_plain = !summary.contains(['`', '\n', ':', ';']) && !summary.contains(". ");
            assert!(
                is_plain && summary.len() <= 60,
                "{method} {path}: {summary}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_described() {
    let server = setup().start().await;
    let description = description(&server).await;
    let admin = Manager::of(&server).await;
    for (path, schema_name) in [
        ("/clients", "Clients"),
        ("/clients?include_totals=true", "Clients"),
        ("/clients?take=1", "Clients"),
        ("/clients/c1", "Client"),
        ("/resource-servers", "ResourceServers"),
        ("/resource-servers?take=1", "ResourceServers"),
        (
            "/resource-servers/https%3A%2F%2Fapi.example",
            "ResourceServer",
        ),
        ("/client-grants", "ClientGrants"),
        ("/client-grants?include_totals=true", "ClientGrants"),
        ("/blacklists/tokens", "BlacklistedTokens"),
        ("/rules", "Rules"),
        ("/rules?include_totals=true", "Rules"),
        ("/keys/signing/nobody", "ErrorBody"),
        ("/clients/nobody", "ErrorBody"),
        ("/clients?pages=1", "ErrorBody"),
    ] {
        let answer = admin.get(path).await.json();
        let schema = schema(&description, schema_name);
        assert!(schema.is_valid(&answer), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_as_described() {
    let server = setup().start().await;
    let description = description(&server).await;
    let admin = Manager::of(&server).await;
    let create = schema(&description, "ClientCreate");
    let credential = json!({ "credential_type": "public_key", "pem": Signer::of("ES256").pem() });
    let by_keys = |credentials: Value| {
        let methods = json!({ "private_key_jwt": { "credentials": credentials } });
        json!({ "name": "a", "client_authentication_methods": methods })
    };
    for body in [
        json!({ "name": "a" }),
        json!({ "name": "a", "client_metadata": { "b": "c" }, "callbacks": [] }),
        json!({ "name": "a", "description": "b", "token_endpoint_auth_method": "none" }),
        json!({ "name": "a", "token_quota": null }),
        json!({ "name": "a", "client_authentication_methods": null }),
        by_keys(json!([credential.clone()])),
        json!({ "name": "a", "token_quota": { "client_credentials": { "per_day": 5, "enforce": false } } }),
    ] {
        assert!(create.is_valid(&body), "{body}");
        admin.add("/clients", body).await;
    }
    for body in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": 5 }),
        json!({ "name": "a", "nmae": "b" }),
        json!({ "name": "a", "client_metadata": { "b": 1 } }),
        json!({ "name": "a", "token_endpoint_auth_method": "private_key_jwt" }),
        by_keys(json!([])),
        by_keys(json!([{ "id": "cred_x" }])),
        by_keys(json!([{ "credential_type": "x509_cert", "pem": "x" }])),
        json!({ "name": "a", "client_authentication_methods": {} }),
        json!({ "name": "a", "client_authentication_methods": { "tls_client_auth": {} } }),
        json!({ "name": "a", "token_quota": {} }),
        json!({ "name": "a", "token_quota": { "client_credentials": { "per_day": 0 } } }),
        json!({ "name": "a", "token_quota": { "client_credentials": { "per_day": null } } }),
        json!({ "name": "a", "token_quota": { "client_credentials": { "per_week": 1 } } }),
    ] {
        assert!(!create.is_valid(&body), "{body}");
        refused(&admin.post("/clients", body).await, 400, "invalid_body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_our_own_calls_are_as_described() {
    let server = setup()
        .but(|config| config.ledger.mode = LedgerMode::Sync)
        .start()
        .await;
    let description = description(&server).await;
    let admin = Manager::of(&server).await;
    let issue = json!({ "audience": AUDIENCE, "subject": "alice", "claims": { "a": [1] } });
    let cut_off = json!({ "subject": "bob", "issued_before": "2026-01-01T00:00:00Z" });
    for (path, body, asked, told) in [
        ("/tokens", issue, "TokenIssue", "IssuedToken"),
        ("/cutoffs", cut_off, "CutoffCreate", "Cutoff"),
        (
            "/cutoffs",
            json!({ "key": "k", "anyway": true, "dry_run": true }),
            "CutoffCreate",
            "DryRun",
        ),
        (
            "/rules/rollback",
            json!({ "generation": 9 }),
            "Rollback",
            "Problem",
        ),
    ] {
        assert!(
            schema(&description, asked).is_valid(&body),
            "{path}: {body}"
        );
        let mut foreign = body.clone();
        foreign["nonsense"] = true.into();
        assert!(!schema(&description, asked).is_valid(&foreign), "{path}");
        let answer = admin.own("POST", path, Some(body)).await.json();
        assert!(
            schema(&description, told).is_valid(&answer),
            "{path}: {answer}"
        );
    }
    for (path, told) in [
        ("/tokens", "TokenRecords"),
        ("/tokens?take=1", "TokenRecords"),
        ("/cutoffs", "Cutoffs"),
        ("/rules", "RulesStanding"),
        ("/audit", "AuditLog"),
        ("/audit?take=1", "AuditLog"),
        ("/status", "Status"),
        ("/tokens/x", "Problem"),
    ] {
        let answer = admin.own("GET", path, None).await.json();
        assert!(
            schema(&description, told).is_valid(&answer),
            "{path}: {answer}"
        );
    }
}
