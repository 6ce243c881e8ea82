//! What clients and APIs can look up: metadata (RFC 8414) and keys (RFC 7517).

use std::collections::HashSet;

use rulemint::keys::Algorithm;
use rulemint::registry::NewApi;
use serde_json::{Value, json};

use crate::harness::{Setup, TestServer, header, raw, until};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/.well-known/jwks.json";

/// A server with a key of each algorithm.
async fn with_all_keys() -> TestServer {
    let server = Setup::new().start().await;
    for algorithm in Algorithm::ALL {
        let api = NewApi {
            algorithm,
            ..NewApi::named(&format!("https://{algorithm}.example"))
        };
        server.registrar.add_api(api).await.unwrap();
    }
    until("every key", async || {
        let keys = server.get(JWKS).await.json();
        (keys["keys"].as_array().unwrap().len() == 2 * Algorithm::ALL.len()).then_some(())
    })
    .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8414_01_the_metadata_tells_where_and_how() {
    let server = Setup::new().start().await;
    let answer = server.get(OAUTH).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert_eq!(document["issuer"], server.address);
    assert_eq!(
        document["token_endpoint"],
        format!("{}/oauth/token", server.address)
    );
    assert_eq!(document["jwks_uri"], format!("{}{JWKS}", server.address));
    assert_eq!(
        document["grant_types_supported"],
        json!(["client_credentials"])
    );
    assert_eq!(document["response_types_supported"], json!([]));
    let methods = json!([
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
    ]);
    let algorithms = json!(["RS256", "RS384", "PS256", "ES256", "EdDSA"]);
    for endpoint in ["token", "revocation", "introspection"] {
        let said = |what: &str| &document[format!("{endpoint}_endpoint_auth_{what}_supported")];
        assert_eq!(*said("methods"), methods, "{endpoint}");
        assert_eq!(*said("signing_alg_values"), algorithms, "{endpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openid_alias_says_the_same() {
    let server = Setup::new().start().await;
    assert_eq!(
        server.get(OPENID).await.json(),
        server.get(OAUTH).await.json()
    );
    assert_eq!(
        server.get(OPENID).await.json()["subject_types_supported"],
        json!(["public"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8414_02_an_issuer_with_a_path_is_found_in_both_ways() {
    let issuer = "http://127.0.0.1:6468/tenant1".parse().unwrap();
    let server = Setup::new()
        .but(|config| config.issuer = Some(issuer))
        .start()
        .await;
    let paths = [
        "/.well-known/oauth-authorization-server/tenant1",
        "/tenant1/.well-known/oauth-authorization-server",
        "/tenant1/.well-known/openid-configuration",
    ];
    for path in paths {
        assert_eq!(
            server.get(path).await.json()["issuer"],
            "http://127.0.0.1:6468/tenant1",
            "{path}"
        );
    }
    assert_eq!(
        server.get("/tenant1/.well-known/jwks.json").await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8414_05_the_metadata_never_believes_the_host_header() {
    let server = Setup::new().start().await;
    let request = format!(
        "GET {OAUTH} HTTP/1.1\r\nHost: localhost:1\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
    );
    let answer = raw::exchange(&server, request).await;
    assert!(
        answer.contains(&format!("\"issuer\":\"{}\"", server.address)),
        "{answer}"
    );
    assert!(
        !answer.contains("evil") && !answer.contains("localhost:1"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8414_06_every_advertised_algorithm_is_one_of_a_key() {
    let server = with_all_keys().await;
    let document = server.get(OAUTH).await.json();
    let advertised = document["access_token_signing_alg_values_supported"]
        .as_array()
        .unwrap()
        .clone();
    let keys = server.get(JWKS).await.json();
    let of_keys: HashSet<&Value> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["alg"])
        .collect();
    assert_eq!(advertised.iter().collect::<HashSet<_>>(), of_keys);
    assert_eq!(of_keys.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7517_01_no_private_member_is_ever_shown() {
    let server = with_all_keys().await;
    let keys = server.get(JWKS).await.json();
    for key in keys["keys"].as_array().unwrap() {
        let names: Vec<&String> = key.as_object().unwrap().keys().collect();
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(!names.iter().any(|name| *name == private), "{key}");
        }
        assert_eq!(key["use"], "sig", "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7517_02_key_ids_are_unique_and_few() {
    let server = with_all_keys().await;
    let keys = server.get(JWKS).await.json();
    let keys = keys["keys"].as_array().unwrap();
    let ids: HashSet<&Value> = keys.iter().map(|key| &key["kid"]).collect();
    assert_eq!(ids.len(), keys.len());
    // One that signs and one that will, for each algorithm.
    assert_eq!(keys.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_may_be_kept_for_a_while_and_read_from_anywhere() {
    let server = Setup::new().start().await;
    let answer = server.get(JWKS).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let kid = header(&server.ask(&[]).await.token())["kid"].clone();
    assert_eq!(answer.json()["keys"][0]["kid"], kid);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_outlive_a_restart() {
    let server = Setup::new().start().await;
    let before = server.get(JWKS).await.body;
    let server = server.stop().await.start().await;
    assert_eq!(server.get(JWKS).await.body, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9110_01_head_mirrors_get() {
    let server = Setup::new().start().await;
    for path in [JWKS, OAUTH, "/healthz"] {
        let get = server.get(path).await;
        let head = server
            .http
            .head(format!("{}{path}", server.address))
            .send()
            .await
            .unwrap();
        assert_eq!(head.status(), get.status, "{path}");
        assert_eq!(
            head.headers().get("content-type"),
            get.headers.get("content-type"),
            "{path}"
        );
        assert_eq!(head.text().await.unwrap(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_at_other_paths() {
    let server = Setup::new().start().await;
    for path in [
        "/",
        "/oauth/authorize",
        "/.well-known/",
        "/healthz/",
        "//healthz",
        "/oauth/token/../../etc/passwd",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}
