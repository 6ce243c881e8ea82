//! `/clients/{id}/credentials`, and `client_authentication_methods` of clients.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::{ASSERTION_TYPE, AUDIENCE, Answer, CLIENT, Signer, TestServer};

const PATH: &str = "/clients/c1/credentials";

fn body(signer: &Signer) -> Value {
    json!({ "credential_type": "public_key", "name": "the key", "pem": signer.pem(), "alg": signer.algorithm })
}

/// How Auth0's tools say that a client proves itself by these credentials.
fn methods(ids: &[&Value]) -> Value {
    let ids: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    json!({
        "client_authentication_methods": { "private_key_jwt": { "credentials": ids } },
        "token_endpoint_auth_method": null,
    })
}

fn one(credential: &Value) -> String {
    format!("{PATH}/{}", credential["id"].as_str().unwrap())
}

async fn ask_by(server: &TestServer, signer: &Signer, client: &str) -> Answer {
    let assertion = signer.signed(&server.assertion_claims(client));
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", AUDIENCE),
        ASSERTION_TYPE,
        ("client_assertion", &assertion),
    ];
    server.post(&form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_added_looked_at_changed_and_deleted() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    assert_eq!(admin.get(PATH).await.json(), json!([]));
    let signer = Signer::of("RS256");
    let added = admin.add(PATH, body(&signer)).await;
    let members: Vec<&String> = added.as_object().unwrap().keys().collect();
    let known = [
        "alg",
        "created_at",
        "credential_type",
        "id",
        "kid",
        "name",
        "updated_at",
    ];
    assert_eq!(members, known);
    assert!(added["id"].as_str().unwrap().starts_with("cred_"));
    assert_eq!(added["kid"].as_str().unwrap().len(), 43);
    assert_eq!(
        (&added["name"], &added["alg"]),
        (&json!("the key"), &json!("RS256"))
    );
    assert_eq!(admin.get(PATH).await.json(), json!([added]));
    assert_eq!(admin.get(&one(&added)).await.json(), added);

    let end = json!({ "expires_at": "2040-01-01T00:00:00.000Z" });
    server.advance(std::time::Duration::from_secs(1));
    let changed = admin.patch(&one(&added), end).await.json();
    assert_eq!(changed["expires_at"], "2040-01-01T00:00:00Z");
    assert_ne!(changed["updated_at"], added["updated_at"]);
    let same = admin.patch(&one(&added), json!({})).await.json();
    assert_eq!(same, changed);
    let endless = json!({ "expires_at": null });
    let endless = admin.patch(&one(&added), endless).await.json();
    assert!(endless.get("expires_at").is_none(), "{endless}");

    let gone = admin.delete(&one(&added)).await;
    assert_eq!((gone.status.as_u16(), &*gone.body), (204, ""));
    assert_eq!(admin.get(PATH).await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_once_the_client_is_said_to_use_it() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let signer = Signer::of("RS256");
    let added = admin.add(PATH, body(&signer)).await;
    ask_by(&server, &signer, CLIENT)
        .await
        .refused(401, "invalid_client");
    let changed = admin.patch("/clients/c1", methods(&[&added["id"]])).await;
    let changed = changed.json();
    assert_eq!(
        changed["client_authentication_methods"],
        methods(&[&added["id"]])["client_authentication_methods"]
    );
    assert_eq!(changed["token_endpoint_auth_method"], Value::Null);
    assert_eq!(admin.get("/clients/c1").await.json(), changed);
    ask_by(&server, &signer, CLIENT).await.token();
    server.ask(&[]).await.refused(401, "invalid_client");
    let rotated = admin.post("/clients/c1/rotate-secret", json!({})).await;
    assert!(refused(&rotated, 400, "invalid_body").contains("its credentials"));

    let away = json!({ "client_authentication_methods": null, "token_endpoint_auth_method": "client_secret_basic" });
    let back = admin.patch("/clients/c1", away).await.json();
    assert_eq!(back["token_endpoint_auth_method"], "client_secret_basic");
    assert!(
        back.get("client_authentication_methods").is_none(),
        "{back}"
    );
    ask_by(&server, &signer, CLIENT)
        .await
        .refused(401, "invalid_client");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", back["client_secret"].as_str().unwrap()),
        ("audience", AUDIENCE),
    ];
    server.post(&form).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_use_is_not_deleted() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let (first, second) = (Signer::of("ES256"), Signer::of("ES256"));
    let old = admin.add(PATH, body(&first)).await;
    admin.patch("/clients/c1", methods(&[&old["id"]])).await;
    refused(&admin.delete(&one(&old)).await, 409, "credential_in_use");
    let new = admin.add(PATH, body(&second)).await;
    let both = methods(&[&old["id"], &new["id"]]);
    assert_eq!(admin.patch("/clients/c1", both).await.status, 200);
    ask_by(&server, &first, CLIENT).await.token();
    ask_by(&server, &second, CLIENT).await.token();
    admin.patch("/clients/c1", methods(&[&new["id"]])).await;
    assert_eq!(admin.delete(&one(&old)).await.status, 204);
    ask_by(&server, &first, CLIENT)
        .await
        .refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_come_with_its_keys() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let signer = Signer::of("PS256");
    let methods = json!({ "private_key_jwt": { "credentials": [body(&signer)] } });
    let client = json!({
        "name": "robot", "client_authentication_methods": methods, "token_endpoint_auth_method": null,
    });
    let added = admin.add("/clients", client).await;
    assert!(added.get("client_secret").is_none(), "{added}");
    let id = added["client_id"].as_str().unwrap();
    let grant = json!({ "client_id": id, "audience": AUDIENCE, "scope": ["read"] });
    admin.add("/client-grants", grant).await;
    ask_by(&server, &signer, id).await.token();
    let listed = admin
        .get(&format!("/clients/{id}/credentials"))
        .await
        .json();
    assert_eq!(
        added["client_authentication_methods"],
        json!({ "private_key_jwt": { "credentials": [{ "id": listed[0]["id"] }] } })
    );
    for answer in [added.to_string(), listed.to_string()] {
        assert!(!answer.contains("PUBLIC KEY"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_come_in_a_certificate_and_end_with_it() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let signer = Signer::of("ES256");
    let with = |more: Value| {
        let mut body = json!({ "credential_type": "public_key", "pem": signer.certificate(2041) });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for (more, end) in [
        (json!({}), Value::Null),
        (
            json!({ "parse_expiry_from_cert": true }),
            json!("2041-01-02T00:00:00Z"),
        ),
        (
            json!({ "parse_expiry_from_cert": true, "expires_at": "2039-05-06T07:08:09+01:00" }),
            json!("2039-05-06T06:08:09Z"),
        ),
    ] {
        let added = admin.add(PATH, with(more)).await;
        assert_eq!(added["expires_at"], end);
        assert_eq!(
            (&added["alg"], &added["name"]),
            (&json!("ES256"), &json!(""))
        );
        assert_eq!(admin.delete(&one(&added)).await.status, 204);
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_told_in_the_audit_log_and_come_as_described() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let signer = Signer::of("ES256");
    let added = admin.add(PATH, body(&signer)).await;
    admin.patch("/clients/c1", methods(&[&added["id"]])).await;
    let end = json!({ "expires_at": "2040-01-01T00:00:00Z" });
    admin.patch(&one(&added), end).await;
    admin
        .patch(
            "/clients/c1",
            json!({ "client_authentication_methods": null }),
        )
        .await;
    admin.delete(&one(&added)).await;
    let object = format!("/audit?object=credential:{}", added["id"].as_str().unwrap());
    let told = admin.own("GET", &object, None).await.json();
    let entries = told["audit"].as_array().unwrap();
    let operations: Vec<&Value> = entries.iter().map(|entry| &entry["operation"]).collect();
    assert_eq!(operations, ["delete", "update", "add"]);
    assert_eq!(entries[2]["after"]["client_id"], CLIENT);
    assert_eq!(entries[2]["after"]["kid"], added["kid"]);
    let of_client = admin.own("GET", "/audit?object=client:c1", None).await.body;
    let used = json!({ "private_key_jwt": { "credentials": [{ "id": added["id"] }] } });
    assert!(of_client.contains(&used.to_string()), "{of_client}");
    let description = server.get("/openapi.json").await.json();
    let mut schema = description;
    schema["$ref"] = "#/components/schemas/ClientCredential".into();
    let schema = jsonschema::validator_for(&schema).unwrap();
    assert!(schema.is_valid(&added), "{added}");
}
