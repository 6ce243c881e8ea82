//! `/clients/{id}/credentials`, and `client_authentication_methods` of clients.

mod refused;

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
