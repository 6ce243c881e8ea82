//! Who may call, how often, and what is said to the others.

use std::time::Duration;

use reqwest::Method;
use rulemint::revocation::Target;
use serde_json::json;

use super::{ADMIN, ADMIN_SECRET, Manager, refused, setup, token};
use crate::harness::{Answer, CLIENT, SECRET, TestServer, until};

/// Every call, with the scopes of which it takes one.
pub(super) const CALLS: &[(&str, &str, &str)] = &[
    ("GET", "/clients", "read:clients,read:client_keys"),
    ("GET", "/clients/c1", "read:clients,read:client_keys"),
    ("POST", "/clients", "create:clients"),
    ("PATCH", "/clients/c1", "update:clients"),
    ("DELETE", "/clients/c1", "delete:clients"),
    ("POST", "/clients/c1/rotate-secret", "update:client_keys"),
    ("GET", "/clients/c1/credentials", "read:client_credentials"),
    (
        "POST",
        "/clients/c1/credentials",
        "create:client_credentials",
    ),
    (
        "GET",
        "/clients/c1/credentials/cred_x",
        "read:client_credentials",
    ),
    (
        "PATCH",
        "/clients/c1/credentials/cred_x",
        "update:client_credentials",
    ),
    (
        "DELETE",
        "/clients/c1/credentials/cred_x",
        "delete:client_credentials",
    ),
    ("GET", "/resource-servers", "read:resource_servers"),
    ("GET", "/resource-servers/x", "read:resource_servers"),
    ("POST", "/resource-servers", "create:resource_servers"),
    ("PATCH", "/resource-servers/x", "update:resource_servers"),
    ("DELETE", "/resource-servers/x", "delete:resource_servers"),
    ("GET", "/client-grants", "read:client_grants"),
    ("GET", "/client-grants/cgr_x", "read:client_grants"),
    ("POST", "/client-grants", "create:client_grants"),
    ("PATCH", "/client-grants/cgr_x", "update:client_grants"),
    ("DELETE", "/client-grants/cgr_x", "delete:client_grants"),
    ("GET", "/rules", "read:rules"),
    ("GET", "/rules/rul_x", "read:rules"),
    ("POST", "/rules", "create:rules"),
    ("PATCH", "/rules/rul_x", "update:rules"),
    ("DELETE", "/rules/rul_x", "delete:rules"),
    ("GET", "/rules-configs", "read:rules_configs"),
    ("PUT", "/rules-configs/A", "update:rules_configs"),
    ("DELETE", "/rules-configs/A", "delete:rules_configs"),
    ("GET", "/keys/signing", "read:signing_keys"),
    ("GET", "/keys/signing/x", "read:signing_keys"),
    (
        "POST",
        "/keys/signing/rotate",
        "create:signing_keys,update:signing_keys",
    ),
    (
        "PUT",
        "/keys/signing/x/revoke",
        "create:signing_keys,update:signing_keys",
    ),
    ("GET", "/blacklists/tokens", "blacklist:tokens"),
    ("POST", "/blacklists/tokens", "blacklist:tokens"),
];

async fn with_header(server: &TestServer, authorization: Option<&str>) -> Answer {
    let mut request = server
        .http
        .get(format!("{}/api/v2/clients", server.address));
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nobody_is_let_in() {
    let server = setup().start().await;
    for header in [None, Some("Basic dTpw"), Some("Bearer"), Some("")] {
        let answer = with_header(&server, header).await;
        let expected = json!({
            "statusCode": 401, "error": "Unauthorized", "message": "Missing authentication",
        });
        assert_eq!(answer.json(), expected);
        assert_eq!(answer.header("WWW-Authenticate"), "Bearer");
    }
    for (method, path, _) in CALLS {
        let url = format!("{}/api/v2{path}", server.address);
        let request = server.http.request(method.parse().unwrap(), url);
        assert_eq!(
            request.send().await.unwrap().status(),
            401,
            "{method} {path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_to_be_believed_is_refused() {
    let server = setup().start().await;
    let good = token(&server, (ADMIN, ADMIN_SECRET), "").await.token();
    let other_api = server.ask(&[]).await.token();
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for bad in [
        "x",
        "a.b.c",
        &format!("{unsigned}."),
        &format!("{good}A"),
        &other_api,
    ] {
        let answer = with_header(&server, Some(&format!("Bearer {bad}"))).await;
        assert!(refused(&answer, 401, "invalid_token").starts_with("Invalid token"));
        let challenge = answer.header("WWW-Authenticate").to_owned();
        assert_eq!(challenge, r#"Bearer error="invalid_token""#);
    }
    let answer = with_header(&server, Some(&format!("bearer {good}"))).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let audience = format!("{}/api/v2/", server.address);
    let id = admin
        .get(&format!("/resource-servers?identifiers={audience}"))
        .await;
    let id = id.json()[0]["id"].as_str().unwrap().to_owned();
    let brief = json!({ "token_lifetime": 1 });
    let changed = admin.patch(&format!("/resource-servers/{id}"), brief).await;
    assert_eq!(changed.json()["token_lifetime"], 1);
    let brief = Manager::of(&server).await;
    // The verifier's clock is the machine's: a second, and what two clocks may be apart.
    let answer = until("the token to expire", async || {
        let answer = brief.get("/clients").await;
        (answer.status == 401).then_some(answer)
    })
    .await;
    assert_eq!(
        refused(&answer, 401, "invalid_token"),
        "Invalid token: it has expired"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_needs_its_own_scope() {
    let server = setup().start().await;
    let nobody = Manager::with_scope(&server, "read:status").await;
    for (method, path, scopes) in CALLS {
        let answer = nobody.call(method.parse().unwrap(), path, None).await;
        let expected = json!({
            "statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope",
            "message": format!("Insufficient scope, expected any of: {scopes}"),
        });
        assert_eq!(answer.json(), expected, "{method} {path}");
        let challenge = answer.header("WWW-Authenticate").to_owned();
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
        let scope = scopes.split(',').next().unwrap();
        let somebody = Manager::with_scope(&server, scope).await;
        let answer = somebody.call(Method::from_bytes(method.as_bytes()).unwrap(), path, None);
        assert_ne!(answer.await.status, 403, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_clients_get_no_management_token_without_a_grant() {
    let server = setup().start().await;
    let answer = token(&server, (CLIENT, SECRET), "").await;
    answer.refused(400, "invalid_target");
    let admin = Manager::of(&server).await;
    let audience = format!("{}/api/v2/", server.address);
    let grant = json!({ "client_id": CLIENT, "audience": audience, "scope": ["read:clients"] });
    admin.add("/client-grants", grant).await;
    let token = token(&server, (CLIENT, SECRET), "").await.token();
    let reader = Manager {
        server: &server,
        token,
    };
    assert_eq!(reader.get("/clients").await.status, 200);
    assert_eq!(reader.get("/client-grants").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_cut_off_is_so_at_once() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let client = admin.add("/clients", json!({ "name": "deputy" })).await;
    let audience = format!("{}/api/v2/", server.address);
    let [id, secret] = ["client_id", "client_secret"].map(|name| client[name].as_str().unwrap());
    let scopes = ["read:clients", "read:client_grants"];
    let grant = json!({ "client_id": id, "audience": audience, "scope": scopes });
    let grant = admin.add("/client-grants", grant).await;
    let token = token(&server, (id, secret), "").await.token();
    let deputy = Manager {
        server: &server,
        token,
    };
    assert_eq!(deputy.get("/client-grants").await.status, 200);
    let path = format!("/client-grants/{}", grant["id"].as_str().unwrap());
    admin
        .patch(&path, json!({ "scope": ["read:clients"] }))
        .await;
    assert_eq!(deputy.get("/client-grants").await.status, 403);
    assert_eq!(deputy.get("/clients").await.status, 200);
    admin.delete(&path).await;
    refused(&deputy.get("/clients").await, 401, "invalid_token");
    admin.delete(&format!("/clients/{id}")).await;
    refused(&deputy.get("/clients").await, 401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_what_is_left_of_the_limit() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let path = format!("/clients/{CLIENT}");
    let answers = [
        admin.get(&path).await,
        admin.get("/clients/nobody").await,
        admin.delete(&path).await,
        with_header(&server, None).await,
    ];
    let statuses = [200, 404, 204, 401];
    for (answer, status) in answers.iter().zip(statuses) {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("X-RateLimit-Limit"), "100");
        let remaining: u32 = answer.header("X-RateLimit-Remaining").parse().unwrap();
        assert!(remaining < 100, "{remaining}");
        let reset: u64 = answer.header("X-RateLimit-Reset").parse().unwrap();
        assert!(reset > 1_700_000_000, "{reset}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_are_told_when_to_come_again() {
    let few = setup().but(|config| {
        config.limits.management_requests_per_second = 1.try_into().unwrap();
    });
    let server = few.start().await;
    let admin = Manager::of(&server).await;
    let answer = until("a refusal", async || {
        let answer = admin.get("/clients").await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    refused(&answer, 429, "too_many_requests");
    assert_eq!(answer.header("Retry-After"), "1");
    assert_eq!(answer.header("X-RateLimit-Remaining"), "0");
    server.advance(Duration::from_secs(2));
    assert_eq!(admin.get("/clients").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_have_a_name_which_comes_back() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let named = async |name: &str| {
        let url = format!("{}/api/v2/clients", server.address);
        let request = server.http.get(url).bearer_auth(&admin.token);
        let request = request.header("X-Correlation-ID", name);
        Answer::read(request.send().await.unwrap()).await
    };
    let answer = named("deploy-17").await;
    assert_eq!(answer.header("X-Correlation-ID"), "deploy-17");
    refused(&named(&"x".repeat(65)).await, 400, "invalid_header");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_here_is_said_in_the_same_shape() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for path in [
        "/connections",
        "/users",
        "/tenants/settings",
        "/clients/a/b/c",
        "/clients/%ff",
        "",
    ] {
        let message = refused(&admin.get(path).await, 404, "not_found");
        assert!(message.contains("/client-grants"), "{message}");
    }
    let answer = admin.call(Method::PUT, "/clients", None).await;
    refused(&answer, 405, "method_not_allowed");
    assert!(answer.header("Allow").contains("POST"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_is_not_answered() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let url = format!("{}/api/v2/clients", server.address);
    let preflight = server.http.request(Method::OPTIONS, &url);
    let preflight = preflight
        .header("Origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert!(
        preflight
            .headers()
            .get("Access-Control-Allow-Origin")
            .is_none()
    );
    let post = server.http.post(&url).bearer_auth(&admin.token);
    let post = post
        .header("Origin", "https://evil.example")
        .json(&json!({ "name": "x" }));
    assert_eq!(post.send().await.unwrap().status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_with_a_path_has_its_management_api_below_it() {
    let setup = setup().but(|config| {
        config.issuer = Some("https://tokens.example/tenant".parse().unwrap());
    });
    let server = setup.start().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", ADMIN),
        ("client_secret", ADMIN_SECRET),
        ("audience", "https://tokens.example/tenant/api/v2/"),
    ];
    let token = server.post(&form).await.token();
    for path in ["/tenant/api/v2/clients", "/api/v2/clients"] {
        let request = server.http.get(format!("{}{path}", server.address));
        let answer = request.bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    assert_eq!(admin.get("/clients").await.status, 200);
    server.revoke(Target::Client(ADMIN.to_owned())).await;
    let answer = admin.get("/clients").await;
    assert_eq!(
        refused(&answer, 401, "invalid_token"),
        "Invalid token: it was revoked"
    );
}
