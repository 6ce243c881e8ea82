//! The token itself (RFC 9068), and who can make sense of it.

use std::collections::HashSet;

use rulemint::keys::Algorithm;
use rulemint::registry::{NewApi, NewGrant};
use rulemint::sign::{Verification, verify};
use serde_json::Value;

use super::plain_server;
use crate::harness::{AUDIENCE, CLIENT, Change, Setup, TestServer, header, mirror};

/// An API whose tokens are signed in this way, and which the client may use.
async fn add_api(server: &TestServer, new: NewApi) -> String {
    let audience = new.identifier.clone();
    server.registrar.add_api(new).await.unwrap();
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: audience.clone(),
        scope: None,
    };
    server.registrar.add_grant(grant).await.unwrap();
    server.until_granted(&audience).await;
    audience
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9068_01_a_token_says_that_it_is_an_access_token() {
    let server = plain_server().await;
    let header = header(&server.ask(&[]).await.token());
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&"at+jwt".into(), &"ES256".into())
    );
    assert!(header["kid"].is_string());
}

fn check_required_claims(claims: &Value, server: &TestServer) {
    assert_eq!(claims["iss"], server.address);
    assert_eq!(claims["aud"], AUDIENCE);
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&CLIENT.into(), &CLIENT.into())
    );
    assert!(claims["exp"].is_u64() && claims["iat"].is_u64(), "{claims}");
    assert!(claims["jti"].is_string(), "{claims}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9068_03_the_seven_claims_are_there_without_rules() {
    let server = plain_server().await;
    check_required_claims(&server.ask(&[]).await.claims(), &server);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9068_03_the_seven_claims_are_there_after_a_rule_that_removed_all_it_could() {
    let server = Setup::new().with("10-mirror.wasm", mirror()).start().await;
    let changes = [
        Change::Remove("jti"),
        Change::RemoveScope("read"),
        Change::RemoveScope("write"),
        Change::Shorten(1),
    ];
    let answer = server.ask(&[("answer", &Change::spell(&changes))]).await;
    check_required_claims(&answer.claims(), &server);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9700_03_a_token_for_a_client_names_it_twice() {
    let server = plain_server().await;
    let claims = server.ask(&[]).await.claims();
    assert_eq!(claims["sub"], claims["client_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7519_01_times_are_numbers_a_lifetime_apart() {
    let server = plain_server().await;
    let claims = server.ask(&[]).await.claims();
    let (issued, expires) = (
        claims["iat"].as_u64().unwrap(),
        claims["exp"].as_u64().unwrap(),
    );
    assert_eq!(expires - issued, 86_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_api_has_a_lifetime_of_its_own() {
    let server = plain_server().await;
    let short = NewApi {
        lifetime: 300,
        ..NewApi::named("https://short.example")
    };
    let audience = add_api(&server, short).await;
    assert_eq!(server.ask_for(&audience).await.json()["expires_in"], 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9068_04_each_api_has_a_signing_algorithm_of_its_own() {
    let server = plain_server().await;
    for algorithm in Algorithm::ALL {
        let name = format!("https://{algorithm}.example");
        let audience = add_api(
            &server,
            NewApi {
                algorithm,
                ..NewApi::named(&name)
            },
        )
        .await;
        let token = server.ask_for(&audience).await.token();
        assert_eq!(header(&token)["alg"], algorithm.as_str());
        let keys = server.get("/.well-known/jwks.json").await.body;
        let expected = Verification {
            jwks: &keys,
            issuer: Some(&server.address),
            audience: Some(&audience),
        };
        assert_eq!(verify(&token, &expected).unwrap().claims["aud"], *audience);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9068_04_there_is_no_algorithm_called_none() {
    for name in ["none", "None", "HS256", "ES384", ""] {
        assert!(name.parse::<Algorithm>().is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9068_06_a_token_is_no_client_authentication() {
    let server = plain_server().await;
    let token = server.ask(&[]).await.token();
    let assertion = [
        ("grant_type", "client_credentials"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &token),
        ("client_id", CLIENT),
    ];
    server.post(&assertion).await.refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7519_03_no_jti_comes_twice() {
    let server = plain_server().await;
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let token = server.issue(&[]).await.unwrap();
        let jti = crate::harness::claims(token.access_token())["jti"].to_string();
        assert!(seen.insert(jti));
    }
}
