//! Every place that is shown a token is shown what attackers show (RFC 8725): none of it is believed, and nobody is asked
//! over the network.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rulemint::data_dir::DataDir;
use rulemint::keys::{Algorithm, KeyRing, SigningKey};
use rulemint::random::SystemRandom;
use rulemint::server::open_installation;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Setup, TestServer, claims, header};

/// Shows a token everywhere, and checks that it is believed nowhere.
async fn believed_nowhere(server: &TestServer, what: &str, token: &str) {
    let answer = server.verify(token).await;
    assert_eq!(answer.status, 401, "{what} at /verify: {answer:?}");
    let answer = server.introspect(token).await;
    assert_eq!(
        answer.json(),
        json!({ "active": false }),
        "{what}: {answer:?}"
    );
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut header = header(token);
    change(&mut header);
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", encoded(header.to_string()))
}

async fn issued() -> (TestServer, String) {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    (server, token)
}

/// The server's own key, as only the server has it.
async fn own_keys(server: &TestServer) -> KeyRing {
    let data = DataDir::open(server.data_dir()).unwrap();
    let opened = open_installation(&data, &SystemRandom).await.unwrap();
    KeyRing::load(&opened.store, &opened.master).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_01_the_header_does_not_choose_the_algorithm() {
    let (server, token) = issued().await;
    for other in ["HS256", "RS256", "ES384", "EdDSA", "es256", ""] {
        let forged = with_header(&token, |header| header["alg"] = json!(other));
        believed_nowhere(&server, other, &forged).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_02_no_signature_is_no_signature() {
    let (server, token) = issued().await;
    for none in ["none", "None", "nOnE", "NONE"] {
        let forged = with_header(&token, |header| header["alg"] = json!(none));
        believed_nowhere(&server, none, &forged).await;
        let (unsigned, _) = forged.rsplit_once('.').unwrap();
        believed_nowhere(&server, none, &format!("{unsigned}.")).await;
    }
    let (unsigned, _) = token.rsplit_once('.').unwrap();
    believed_nowhere(&server, "empty", &format!("{unsigned}.")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_03_a_public_key_is_no_shared_secret() {
    let (server, token) = issued().await;
    let keys: Value = server.get("/.well-known/jwks.json").await.json();
    let key = &keys["keys"][0];
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], part("x"), part("y")].concat();
    // SubjectPublicKeyInfo of a P-256 key (RFC 5480): a fixed beginning, then the point.
    let beginning = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let der = [hex::decode(beginning).unwrap(), point.clone()].concat();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&der);
    let (first, second) = base64.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----");
    let secrets = [
        point,
        der,
        pem.clone().into_bytes(),
        format!("{pem}\n").into_bytes(),
        key.to_string().into_bytes(),
    ];
    for secret in secrets {
        let forged = with_header(&token, |header| header["alg"] = json!("HS256"));
        let (unsigned, _) = forged.rsplit_once('.').unwrap();
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &secret),
            unsigned.as_bytes(),
        );
        believed_nowhere(&server, "HS256", &format!("{unsigned}.{}", encoded(tag))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_04_a_signature_of_nothing_is_none() {
    let (server, token) = issued().await;
    let (unsigned, _) = token.rsplit_once('.').unwrap();
    for signature in [
        vec![0; 64],
        vec![255; 64],
        vec![0; 1],
        vec![0; 63],
        vec![0; 256],
    ] {
        let forged = format!("{unsigned}.{}", encoded(signature));
        believed_nowhere(&server, "zeros", &forged).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_05_a_strange_key_id_leads_nowhere() {
    let (server, token) = issued().await;
    let strange = [
        json!("../../etc/passwd"),
        json!("' OR 1=1"),
        json!("x".repeat(5_000)),
        json!("\u{0}"),
        json!(7),
        json!(null),
        json!(["a"]),
    ];
    for kid in strange {
        let forged = with_header(&token, |header| header["kid"] = kid.clone());
        believed_nowhere(&server, &kid.to_string(), &forged).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_06_a_key_that_the_token_brings_along_is_not_used_and_none_is_fetched() {
    let (server, token) = issued().await;
    let bait = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", bait.local_addr().unwrap());
    let pkcs8 = SigningKey::generate(Algorithm::Es256).unwrap();
    let attacker = SigningKey::parse(Algorithm::Es256, &pkcs8).unwrap();
    let own = attacker.sign(&claims(&token).to_string()).unwrap();
    believed_nowhere(&server, "an attacker's own key", &own).await;
    let ours = header(&token)["kid"].clone();
    let brought = [
        ("jwk", attacker.jwk().clone()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!(["MIIB"])),
        ("kid", ours),
    ];
    for (name, value) in brought {
        for token in [&own, &token] {
            let forged = with_header(token, |header| header[name] = value.clone());
            if forged != *token {
                believed_nowhere(&server, name, &forged).await;
            }
        }
    }
    tokio::select! {
        biased;
        _ = bait.accept() => panic!("a key was fetched"),
        () = std::future::ready(()) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_07_a_token_of_another_kind_is_not_believed() {
    let (server, token) = issued().await;
    for typ in [
        "JWT",
        "AT+JWT",
        "application/at+jwt",
        "token-introspection+jwt",
    ] {
        let forged = with_header(&token, |header| header["typ"] = json!(typ));
        believed_nowhere(&server, typ, &forged).await;
    }
    let forged = with_header(&token, |header| header["crit"] = json!(["b64"]));
    believed_nowhere(&server, "crit", &forged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_08_rfc8725_12_even_what_the_right_key_signed_must_be_right() {
    let (server, token) = issued().await;
    let keys = own_keys(&server).await;
    let key = keys.signing(Algorithm::Es256).unwrap();
    let good = claims(&token);
    let again = key.sign(&good.to_string()).unwrap();
    assert_eq!(
        server.verify(&again).await.status,
        200,
        "the key is the right one"
    );
    let wrong = [
        ("iss", json!("https://other.example")),
        ("iss", json!([server.address])),
        ("iss", json!(null)),
        ("exp", json!("4102444800")),
        ("exp", json!(4_102_444_800.5)),
        ("exp", json!(-1)),
        ("exp", json!(0)),
        ("exp", json!(null)),
        ("exp", json!(u64::MAX)),
    ];
    for (name, value) in wrong {
        let mut claims = good.clone();
        claims[name] = value;
        let forged = key.sign(&claims.to_string()).unwrap();
        believed_nowhere(&server, &format!("{name} {}", claims[name]), &forged).await;
    }
    let text = good
        .to_string()
        .replace(&format!("\"exp\":{}", good["exp"]), "\"exp\":1e400");
    believed_nowhere(&server, "1e400", &key.sign(&text).unwrap()).await;
    for no_claims in ["", "[]", "null", "7", "{", "\"text\""] {
        believed_nowhere(&server, no_claims, &key.sign(no_claims).unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_09_an_encrypted_or_packed_token_is_not_opened() {
    let (server, token) = issued().await;
    let jwe = json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": u32::MAX, "zip": "DEF"});
    let part = encoded("x");
    let jwe = format!("{}.{part}.{part}.{part}.{part}", encoded(jwe.to_string()));
    believed_nowhere(&server, "a JWE", &jwe).await;
    let zipped = with_header(&token, |header| header["zip"] = json!("DEF"));
    believed_nowhere(&server, "zip", &zipped).await;
    let nested = with_header(&token, |header| header["cty"] = json!("JWT"));
    believed_nowhere(&server, "nested", &nested).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_10_text_that_is_almost_a_token_is_none() {
    let (server, token) = issued().await;
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    // The last character of 64 bytes has four bits to spare: another of its sixteen spells the same bytes.
    let (rest, last) = signature.split_at(signature.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let same_bytes = &alphabet[(at ^ 1)..=(at ^ 1)];
    let almost = [
        "x".to_owned(),
        "..".to_owned(),
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{rest}{same_bytes}"),
        format!("{header}.{payload} .{signature}"),
        format!(
            "{header}.{payload}.{}",
            signature.replacen(['-', '_'], "+", 1) + "/"
        ),
    ];
    for text in almost {
        believed_nowhere(&server, &text, &text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_11_a_token_of_200_kib_is_not_even_looked_at() {
    let (server, token) = issued().await;
    let vast = format!("{token}{}", "A".repeat(200 * 1_024));
    assert_ne!(server.verify(&vast).await.status, 200);
    let answer = server.introspect(&vast).await;
    answer.refused(413, "invalid_request");
    let long = format!("{token}{}", "A".repeat(9_000));
    believed_nowhere(&server, "9 KB", &long).await;
}
