//! `/client-grants`

use serde_json::{Value, json};

use super::{Manager, refused, setup};
use crate::harness::AUDIENCE;

fn path(grant: &Value) -> String {
    format!("/client-grants/{}", grant["id"].as_str().unwrap())
}

/// A grant for a client of its own.
async fn granted(admin: &Manager<'_>, scope: &[&str]) -> Value {
    let client = admin.add("/clients", json!({ "name": "partner" })).await;
    let id = &client["client_id"];
    let body = json!({ "client_id": id, "audience": AUDIENCE, "scope": scope });
    admin.add("/client-grants", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_has_auth0s_shape() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grant = granted(&admin, &["read"]).await;
    let id = grant["id"].as_str().unwrap();
    let word = id.strip_prefix("cgr_").unwrap();
    assert!(word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let expected = json!({
        "id": id, "client_id": grant["client_id"], "audience": AUDIENCE, "scope": ["read"],
    });
    assert_eq!(grant, expected);
    assert_eq!(admin.get(&path(&grant)).await.json(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_without_scopes_has_none() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let client = admin.add("/clients", json!({ "name": "partner" })).await;
    let body = json!({ "client_id": client["client_id"], "audience": AUDIENCE });
    assert_eq!(admin.add("/client-grants", body).await["scope"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_one_grant_for_an_api() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grant = granted(&admin, &["read"]).await;
    let again = json!({ "client_id": grant["client_id"], "audience": AUDIENCE, "scope": [] });
    let answer = admin.post("/client-grants", again).await;
    let message = refused(&answer, 409, "client_grant_conflict");
    assert!(
        message.starts_with("client_grant already exists"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_granted_what_is_not_there() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let post = async |client: &str, audience: &str, scope: &[&str]| {
        let body = json!({ "client_id": client, "audience": audience, "scope": scope });
        admin.post("/client-grants", body).await
    };
    let answer = post("nobody", AUDIENCE, &[]).await;
    assert_eq!(
        refused(&answer, 404, "inexistent_client"),
        "Client not found"
    );
    let answer = post("c1", "urn:none", &[]).await;
    let message = refused(&answer, 404, "inexistent_resource_server");
    assert_eq!(message, "No resource with identifier urn:none");
    let client = admin.add("/clients", json!({ "name": "partner" })).await;
    let client = client["client_id"].as_str().unwrap();
    for scope in [["fly"], ["read fly"], [""], ["read write"]] {
        let message = refused(&post(client, AUDIENCE, &scope).await, 400, "invalid_body");
        assert!(
            message.starts_with("Payload validation error: scope"),
            "{message}"
        );
    }
    let answer = post(client, AUDIENCE, &["fly"]).await;
    let message = refused(&answer, 400, "invalid_body");
    let auth0s = "Payload validation error: scope must be a subset of resource server scopes";
    assert!(message.starts_with(auth0s), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_scopes_is_in_the_next_token() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let mine = admin.get("/client-grants?client_id=c1").await.json()[0].clone();
    let changed = admin
        .patch(&path(&mine), json!({ "scope": ["admin", "read"] }))
        .await;
    assert_eq!(changed.json()["scope"], json!(["read", "admin"]));
    assert_eq!(server.ask(&[]).await.claims()["scope"], "read admin");
    let foreign = admin.patch(&path(&mine), json!({ "scope": ["fly"] })).await;
    refused(&foreign, 400, "invalid_body");
    let same = admin.patch(&path(&mine), json!({})).await.json();
    assert_eq!(same["scope"], json!(["read", "admin"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_and_audience_do_not_change() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grant = granted(&admin, &["read"]).await;
    for change in [json!({ "client_id": "c1" }), json!({ "audience": "urn:x" })] {
        refused(
            &admin.patch(&path(&grant), change).await,
            400,
            "invalid_body",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_is_refused_and_what_does_no_harm_is_kept() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grant = granted(&admin, &["read"]).await;
    for demand in [
        json!({ "organization_usage": "require" }),
        json!({ "subject_type": "user" }),
        json!({ "allow_all_scopes": true }),
        json!({ "authorization_details_types": ["payment"] }),
        json!({ "default_for": "third_party_clients" }),
    ] {
        refused(
            &admin.patch(&path(&grant), demand).await,
            400,
            "invalid_body",
        );
    }
    let harmless = json!({
        "organization_usage": "deny", "allow_any_organization": false, "allow_all_scopes": false,
        "subject_type": "client", "authorization_details_types": [],
    });
    let changed = admin.patch(&path(&grant), harmless.clone()).await.json();
    for (name, value) in harmless.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_can_be_deleted_again_and_again() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grant = granted(&admin, &["read"]).await;
    for _ in 0..2 {
        assert_eq!(admin.delete(&path(&grant)).await.status, 204);
    }
    for answer in [
        admin.get(&path(&grant)).await,
        admin.patch(&path(&grant), json!({ "scope": [] })).await,
    ] {
        refused(&answer, 404, "inexistent_client_grant");
    }
}
