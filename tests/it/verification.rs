//! What rulemint itself believes of a token that it is shown (RFC 8725).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rulemint::registry::{NewApi, NewGrant};
use rulemint::sign::{Verification, verify};
use serde_json::{Value, json};

use crate::harness::{AUDIENCE, CLIENT, Setup, TestServer, claims, header, until};

/// Why a token is refused.
async fn refusal(server: &TestServer, token: &str) -> String {
    let keys = server.get("/.well-known/jwks.json").await.body;
    let expected = Verification {
        jwks: &keys,
        issuer: Some(&server.address),
        audience: Some(AUDIENCE),
    };
    verify(token, &expected)
        .map(|_| ())
        .expect_err("it was believed")
        .to_string()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token with its header changed, and its signature as it was.
fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut header = header(token);
    change(&mut header);
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", encoded(&header))
}

async fn issued() -> (TestServer, String) {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    (server, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_claim_breaks_the_signature() {
    let (server, token) = issued().await;
    let mut claims = claims(&token);
    claims["scope"] = json!("read write admin");
    let parts: Vec<&str> = token.split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], encoded(&claims), parts[2]);
    assert_eq!(refusal(&server, &forged).await, "its signature is wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_02_no_algorithm_at_all_is_not_believed() {
    let (server, token) = issued().await;
    for none in ["none", "None", "nOnE", "NONE"] {
        let forged = with_header(&token, |header| header["alg"] = json!(none));
        refusal(&server, &forged).await;
        let (unsigned, _) = forged.rsplit_once('.').unwrap();
        refusal(&server, &format!("{unsigned}.")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_01_the_key_decides_the_algorithm() {
    let (server, token) = issued().await;
    for other in ["HS256", "RS256", "ES384", "EdDSA"] {
        let forged = with_header(&token, |header| header["alg"] = json!(other));
        refusal(&server, &forged).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_07_a_token_of_another_kind_is_not_believed() {
    let (server, token) = issued().await;
    let forged = with_header(&token, |header| header["typ"] = json!("JWT"));
    assert!(refusal(&server, &forged).await.contains("not at+jwt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_05_a_strange_key_id_finds_no_key() {
    let (server, token) = issued().await;
    for kid in [
        json!("../../etc/passwd"),
        json!("' OR 1=1"),
        json!("x".repeat(10_240)),
        json!("\u{0}"),
    ] {
        let forged = with_header(&token, |header| header["kid"] = kid);
        assert!(
            refusal(&server, &forged)
                .await
                .contains("key that this issuer does not have")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7519_04_an_unknown_critical_extension_is_not_believed() {
    let (server, token) = issued().await;
    let forged = with_header(&token, |header| header["crit"] = json!(["b64"]));
    refusal(&server, &forged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_not_believed() {
    let server = Setup::new().start().await;
    let brief = NewApi {
        lifetime: 1,
        ..NewApi::named("https://brief.example")
    };
    server.registrar.add_api(brief).await.unwrap();
    let audience = "https://brief.example".to_owned();
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience,
        scope: None,
    };
    server.registrar.add_grant(grant).await.unwrap();
    server.until_granted("https://brief.example").await;
    let token = server.ask_for("https://brief.example").await.token();
    let keys = server.get("/.well-known/jwks.json").await.body;
    // The verifier's clock is the machine's: a second, and what two clocks may be apart.
    until("the token to expire", async || {
        let expected = Verification {
            jwks: &keys,
            issuer: Some(&server.address),
            audience: None,
        };
        let problem = verify(&token, &expected).err()?;
        (problem.to_string() == "it has expired").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_or_for_another_api_is_not_believed() {
    let (server, token) = issued().await;
    let keys = server.get("/.well-known/jwks.json").await.body;
    let elsewhere = Verification {
        jwks: &keys,
        issuer: Some("https://other.example"),
        audience: None,
    };
    assert_eq!(
        verify(&token, &elsewhere).err().unwrap().to_string(),
        "it is from another issuer"
    );
    let other = Verification {
        jwks: &keys,
        issuer: Some(&server.address),
        audience: Some("https://other.example"),
    };
    assert_eq!(
        verify(&token, &other).err().unwrap().to_string(),
        "it is for another API"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_10_text_that_is_almost_a_token_is_none() {
    let (server, token) = issued().await;
    let parts: Vec<&str> = token.split('.').collect();
    let almost = [
        String::new(),
        "a.b".to_owned(),
        "a.b.c.d.e".to_owned(),
        format!("{token}="),
        format!(" {token}"),
        format!("{}.{}=.{}", parts[0], parts[1], parts[2]),
        format!("{token}A"),
    ];
    for text in almost {
        refusal(&server, &text).await;
    }
}
