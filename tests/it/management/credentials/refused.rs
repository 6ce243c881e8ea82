//! Keys that are not taken, and uses of them that are not.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::{Manager, refused, setup};
use super::{PATH, body, methods};
use crate::harness::Signer;

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_in_a_key_is_named() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let signer = Signer::of("ES256");
    let with = |name: &str, value: Value| {
        let mut body = body(&signer);
        body[name] = value;
        body
    };
    for (body, why) in [
        (json!({}), "Missing required property: credential_type"),
        (
            json!({ "credential_type": "public_key" }),
            "Missing required property: pem",
        ),
        (
            with("credential_type", json!("x509_cert")),
            "credential_type: \"x509_cert\"",
        ),
        (
            with("pem", json!(signer.private_pem())),
            "pem: this is a private key",
        ),
        (with("pem", json!("a key")), "pem: give one PEM text"),
        (with("pem", json!(5)), "pem: "),
        (with("alg", json!("RS256")), "use ES256"),
        (with("alg", json!("HS256")), "alg: "),
        (with("kid", json!("short")), "kid: "),
        (with("kid", json!("not a word of letters")), "kid: "),
        (with("name", json!("a\nb")), "a name is"),
        (
            with("expires_at", json!("tomorrow")),
            "expires_at: \"tomorrow\" is no time",
        ),
        (
            with("expires_at", json!("2020-01-01T00:00:00Z")),
            "it would have ended already",
        ),
        (
            with("parse_expiry_from_cert", json!(true)),
            "pem is no certificate",
        ),
        (with("subject_dn", json!("CN=a")), "not allowed: subject_dn"),
    ] {
        let answer = admin.post(PATH, body.clone()).await;
        let message = refused(&answer, 400, "invalid_body");
        assert!(message.contains(why), "{why}: {message}");
        assert!(!message.contains("BEGIN PRIVATE"), "{message}");
        if body["pem"].is_string() {
            let inline = json!({ "private_key_jwt": { "credentials": [body] } });
            let client = json!({ "name": "a", "client_authentication_methods": inline });
            let message = refused(&admin.post("/clients", client).await, 400, "invalid_body");
            assert!(message.contains(why), "{why}: {message}");
        }
    }
    assert_eq!(admin.get(PATH).await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_in_what_is_in_use_is_named() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let signer = Signer::of("ES256");
    let added = admin.add(PATH, body(&signer)).await;
    let before = admin.get("/clients/c1").await.json();
    let methods_of = |value: Value| json!({ "client_authentication_methods": value });
    let listed = |list: Value| methods_of(json!({ "private_key_jwt": { "credentials": list } }));
    let mut two_ways = methods(&[&added["id"]]);
    two_ways["token_endpoint_auth_method"] = json!("client_secret_post");
    let mut with_secret = methods(&[&added["id"]]);
    with_secret["client_secret"] = json!("a-secret-that-somebody-made-up-0123456789");
    for (change, why) in [
        (two_ways, "say one of them"),
        (with_secret, "has no secret"),
        (listed(json!([])), "names no credentials"),
        (
            listed(json!([{ "id": "cred_x" }])),
            "no credential \"cred_x\"",
        ),
        (
            listed(json!([body(&signer)])),
            "Missing required property: id",
        ),
        (
            listed(json!([{ "id": added["id"], "name": "b" }])),
            "not allowed: name",
        ),
        (
            listed(json!("a")),
            "client_authentication_methods: private_key_jwt: ",
        ),
        (
            methods_of(json!({ "tls_client_auth": {} })),
            "this server cannot do that (tls_client_auth)",
        ),
        (methods_of(json!(5)), "client_authentication_methods: "),
        (
            methods_of(json!({})),
            "client_authentication_methods: Missing required property",
        ),
        (
            methods_of(json!({ "private_key_jwt": null })),
            "Missing required property",
        ),
    ] {
        let answer = admin.patch("/clients/c1", change).await;
        let message = refused(&answer, 400, "invalid_body");
        assert!(message.contains(why), "{why}: {message}");
    }
    assert_eq!(admin.get("/clients/c1").await.json(), before);
    let used = admin.patch("/clients/c1", methods(&[&added["id"]])).await;
    assert_eq!(used.status, 200);
    let other = json!({ "token_endpoint_auth_method": "client_secret_post" });
    let message = refused(
        &admin.patch("/clients/c1", other).await,
        400,
        "invalid_body",
    );
    assert!(
        message.contains("take client_authentication_methods away"),
        "{message}"
    );
    let both = json!({
        "name": "a", "token_endpoint_auth_method": "none",
        "client_authentication_methods": { "private_key_jwt": { "credentials": [body(&signer)] } },
    });
    let message = refused(&admin.post("/clients", both).await, 400, "invalid_body");
    assert!(message.contains("exclude each other"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_and_what_is_there_already_is_told() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let signer = Signer::of("ES256");
    let nobody = "/clients/nobody/credentials";
    refused(&admin.get(nobody).await, 404, "inexistent_client");
    refused(
        &admin.post(nobody, body(&signer)).await,
        404,
        "inexistent_client",
    );
    let missing = format!("{PATH}/cred_x");
    let no_change = json!({ "expires_at": null });
    for answer in [
        admin.get(&missing).await,
        admin.patch(&missing, no_change).await,
        admin.delete(&missing).await,
    ] {
        assert_eq!(
            refused(&answer, 404, "inexistent_credential"),
            "The credential does not exist"
        );
    }
    let added = admin.add(PATH, body(&signer)).await;
    let again = admin.post(PATH, body(&signer)).await;
    refused(&again, 409, "credential_conflict");
    let neighbour = admin.add("/clients", json!({ "name": "neighbour" })).await;
    let elsewhere = format!(
        "/clients/{}/credentials/{}",
        neighbour["client_id"].as_str().unwrap(),
        added["id"].as_str().unwrap()
    );
    for method in [Method::GET, Method::DELETE] {
        let answer = admin.call(method, &elsewhere, None).await;
        refused(&answer, 404, "inexistent_credential");
    }
    for number in 0..3 {
        let mut body = body(&signer);
        body["kid"] = format!("key-number-{number}").into();
        admin.add(PATH, body).await;
    }
    let mut fifth = body(&signer);
    fifth["kid"] = json!("one-key-too-many");
    let message = refused(&admin.post(PATH, fifth).await, 409, "credential_limit");
    assert!(message.contains("at most 4"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn which_keys_are_in_use_is_for_whoever_may_change_keys() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let added = admin.add(PATH, body(&Signer::of("ES256"))).await;
    let clerk = Manager::with_scope(&server, "update:clients").await;
    let methods = methods(&[&added["id"]]);
    let refusal = clerk.patch("/clients/c1", methods.clone()).await;
    refused(&refusal, 403, "insufficient_scope");
    let away = json!({ "client_authentication_methods": null });
    assert_eq!(clerk.patch("/clients/c1", away.clone()).await.status, 200);
    let keeper = Manager::with_scope(&server, "update:clients update:client_credentials").await;
    assert_eq!(keeper.patch("/clients/c1", methods).await.status, 200);
    let name = json!({ "name": "another" });
    assert_eq!(clerk.patch("/clients/c1", name).await.status, 200);
    refused(
        &clerk.patch("/clients/c1", away).await,
        403,
        "insufficient_scope",
    );
}
