//! Every place that is shown a token is shown what attackers show (RFC 8725): none of it is believed, and nobody is asked
//! over the network.

use std::io::ErrorKind;
use std::net::TcpListener;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rulemint::data_dir::DataDir;
use rulemint::keys::{Algorithm, KeyRing, SigningKey};
use rulemint::random::SystemRandom;
use rulemint::server::open_installation;
use serde_json::{Value, json};

use crate::harness::{Answer, CLIENT, SECRET, Setup, TestServer, claims, header};

/// A server, and two good tokens that an attacker has got hold of: what one place refuses for its audience alone says
/// nothing about that place.
struct Attacked {
    server: TestServer,
    /// For an API, and issued to the client that introspects and revokes.
    token: String,
    /// For the server's own management API.
    management: String,
}

impl Attacked {
    async fn begin() -> Self {
        let setup = Setup::new().but(|config| {
            config.admin.client_id = Some(ADMIN.to_owned());
            config.admin.client_secret = Some(SECRET.into());
            config.verification.kept_tokens = 1_000;
        });
        let server = setup.start().await;
        let audience = format!("{}/api/v2/", server.address);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", ADMIN),
            ("client_secret", SECRET),
            ("audience", &audience),
        ];
        let token = server.ask(&[]).await.token();
        let management = server.post(&form).await.token();
        // From here on their signatures are known to be good, which must not rub off on what is made of them.
        server.verify(&token).await;
        server.introspect(&management).await;
        Self {
            server,
            token,
            management,
        }
    }

    fn both(&self) -> [&str; 2] {
        [&self.token, &self.management]
    }

    /// Shows everywhere what an attacker makes of either token.
    async fn believes_nowhere(&self, what: &str, forge: impl Fn(&str) -> String) {
        for token in self.both() {
            believed_nowhere(&self.server, what, &forge(token)).await;
        }
    }
}

/// Shows a token to `/verify`, introspection, revocation and management, and checks that each of them makes nothing of it.
async fn believed_nowhere(server: &TestServer, what: &str, token: &str) {
    let answer = server.verify(token).await;
    assert_eq!(answer.status, 401, "{what} at /verify: {answer:?}");
    let answer = server.introspect(token).await;
    let inactive = json!({ "active": false });
    assert_eq!(answer.json(), inactive, "{what}: {answer:?}");
    let answer = give_back(server, token).await;
    assert_eq!(answer.status, 200, "{what} at /oauth/revoke: {answer:?}");
    let revoked = server.store.revocation_count().await.unwrap();
    assert_eq!(revoked, 0, "{what} at /oauth/revoke");
    let answer = manage(server, token).await;
    assert_eq!(answer.status, 401, "{what} at /api/v2: {answer:?}");
    assert_eq!(answer.json()["errorCode"], "invalid_token", "{what}");
}

async fn give_back(server: &TestServer, token: &str) -> Answer {
    let form = [
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("token", token),
    ];
    server.post_to("/oauth/revoke", &form).await
}

async fn manage(server: &TestServer, token: &str) -> Answer {
    let url = format!("{}/api/v2/clients", server.address);
    let request = server.http.get(url).bearer_auth(token);
    Answer::read(request.send().await.unwrap()).await
}

const ADMIN: &str = "the-admin";

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut header = header(token);
    change(&mut header);
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", encoded(header.to_string()))
}

fn unsigned(token: &str) -> &str {
    token.rsplit_once('.').unwrap().0
}

/// The server's own keys, as only the server has them.
async fn own_keys(server: &TestServer) -> KeyRing {
    let data = DataDir::open(server.data_dir()).unwrap();
    let opened = open_installation(&data, &SystemRandom).await.unwrap();
    KeyRing::load(&opened.store, &opened.master).await.unwrap()
}

/// Without this the table would hold for a server that believes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_that_the_attacks_are_made_of_are_believed() {
    let attacked = Attacked::begin().await;
    let (server, token) = (&attacked.server, &attacked.token);
    assert_eq!(server.verify(token).await.status, 200);
    assert!(server.is_active(token).await);
    assert_eq!(manage(server, &attacked.management).await.status, 200);
    give_back(server, token).await;
    assert!(!server.is_active(token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_01_the_header_does_not_choose_the_algorithm() {
    let attacked = Attacked::begin().await;
    for other in ["HS256", "RS256", "ES384", "EdDSA", "es256", ""] {
        let forge = |token: &str| with_header(token, |header| header["alg"] = json!(other));
        attacked.believes_nowhere(other, forge).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_02_no_signature_is_no_signature() {
    let attacked = Attacked::begin().await;
    for none in ["none", "None", "nOnE", "NONE"] {
        let forge = |token: &str| with_header(token, |header| header["alg"] = json!(none));
        attacked.believes_nowhere(none, forge).await;
        let cut = |token: &str| format!("{}.", unsigned(&forge(token)));
        attacked.believes_nowhere(none, cut).await;
    }
    let cut = |token: &str| format!("{}.", unsigned(token));
    attacked.believes_nowhere("empty", cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_03_a_public_key_is_no_shared_secret() {
    let attacked = Attacked::begin().await;
    let keys: Value = attacked.server.get("/.well-known/jwks.json").await.json();
    for secret in spellings_of(&keys["keys"][0]) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let forge = |token: &str| {
            let forged = with_header(token, |header| header["alg"] = json!("HS256"));
            let tag = hmac::sign(&key, unsigned(&forged).as_bytes());
            format!("{}.{}", unsigned(&forged), encoded(tag))
        };
        attacked.believes_nowhere("HS256", forge).await;
    }
}

/// The bytes that a careless verifier would take for a shared secret.
fn spellings_of(key: &Value) -> [Vec<u8>; 5] {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], part("x"), part("y")].concat();
    // SubjectPublicKeyInfo of a P-256 key (RFC 5480): a fixed beginning, then the point.
    let beginning = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let der = [hex::decode(beginning).unwrap(), point.clone()].concat();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&der);
    let (first, second) = base64.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----");
    [
        point,
        der,
        pem.clone().into_bytes(),
        format!("{pem}\n").into_bytes(),
        key.to_string().into_bytes(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_04_a_signature_of_nothing_is_none() {
    let attacked = Attacked::begin().await;
    for signature in [
        vec![0; 64],
        vec![255; 64],
        vec![0; 1],
        vec![0; 63],
        vec![0; 256],
    ] {
        let forge = |token: &str| format!("{}.{}", unsigned(token), encoded(&signature));
        attacked.believes_nowhere("zeros", forge).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_05_a_strange_key_id_leads_nowhere() {
    let attacked = Attacked::begin().await;
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
        let forge = |token: &str| with_header(token, |header| header["kid"] = kid.clone());
        attacked.believes_nowhere(&kid.to_string(), forge).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_06_a_key_that_the_token_brings_along_is_not_used_and_none_is_fetched() {
    let attacked = Attacked::begin().await;
    let bait = TcpListener::bind("127.0.0.1:0").unwrap();
    bait.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", bait.local_addr().unwrap());
    let pkcs8 = SigningKey::generate(Algorithm::Es256).unwrap();
    let attacker = SigningKey::parse(Algorithm::Es256, &pkcs8).unwrap();
    let own = |token: &str| attacker.sign(&claims(token).to_string()).unwrap();
    attacked
        .believes_nowhere("an attacker's own key", own)
        .await;
    let brought = [
        ("jwk", attacker.jwk().clone()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!(["MIIB"])),
        ("kid", header(&attacked.token)["kid"].clone()),
    ];
    for (name, value) in &brought {
        let bring = |token: &str| with_header(token, |header| header[name] = value.clone());
        let forge = |token: &str| bring(&own(token));
        attacked.believes_nowhere(name, forge).await;
        if *name != "kid" {
            attacked.believes_nowhere(name, bring).await;
        }
    }
    let nobody = bait.accept().expect_err("a key was fetched");
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_07_a_token_of_another_kind_is_not_believed() {
    let attacked = Attacked::begin().await;
    for typ in [
        "JWT",
        "AT+JWT",
        "application/at+jwt",
        "token-introspection+jwt",
    ] {
        let forge = |token: &str| with_header(token, |header| header["typ"] = json!(typ));
        attacked.believes_nowhere(typ, forge).await;
    }
    let forge = |token: &str| with_header(token, |header| header["crit"] = json!(["b64"]));
    attacked.believes_nowhere("crit", forge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_08_rfc8725_12_even_what_the_right_key_signed_must_be_right() {
    let attacked = Attacked::begin().await;
    let server = &attacked.server;
    let keys = own_keys(server).await;
    let key = keys.signing(Algorithm::Es256).unwrap();
    let again = key.sign(&claims(&attacked.token).to_string()).unwrap();
    assert_eq!(server.verify(&again).await.status, 200, "the right key");
    let later = claims(&attacked.token)["exp"].clone();
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
        ("nbf", later),
        ("nbf", json!("0")),
        ("nbf", json!(null)),
    ];
    for (name, value) in wrong {
        let forge = |token: &str| {
            let mut claims = claims(token);
            claims[name] = value.clone();
            key.sign(&claims.to_string()).unwrap()
        };
        let what = format!("{name} {value}");
        attacked.believes_nowhere(&what, forge).await;
    }
    let forge = |token: &str| {
        let good = claims(token);
        let exp = format!("\"exp\":{}", good["exp"]);
        let text = good.to_string().replace(&exp, "\"exp\":1e400");
        key.sign(&text).unwrap()
    };
    attacked.believes_nowhere("1e400", forge).await;
    for no_claims in ["", "[]", "null", "7", "{", "\"text\""] {
        let forge = |_: &str| key.sign(no_claims).unwrap();
        attacked.believes_nowhere(no_claims, forge).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_09_an_encrypted_or_packed_token_is_not_opened() {
    let attacked = Attacked::begin().await;
    let jwe = json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": u32::MAX, "zip": "DEF"});
    let part = encoded("x");
    let jwe = format!("{}.{part}.{part}.{part}.{part}", encoded(jwe.to_string()));
    attacked.believes_nowhere("a JWE", |_| jwe.clone()).await;
    let zipped = |token: &str| with_header(token, |header| header["zip"] = json!("DEF"));
    attacked.believes_nowhere("zip", zipped).await;
    let nested = |token: &str| with_header(token, |header| header["cty"] = json!("JWT"));
    attacked.believes_nowhere("nested", nested).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_10_text_that_is_almost_a_token_is_none() {
    let attacked = Attacked::begin().await;
    for number in 0..almost(&attacked.token).len() {
        let forge = |token: &str| almost(token)[number].clone();
        let what = almost(&attacked.token)[number].clone();
        attacked.believes_nowhere(&what, forge).await;
    }
}

/// What a lenient decoder would take for the token.
fn almost(token: &str) -> [String; 10] {
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    // The last character of 64 bytes has four bits to spare: another of its sixteen spells the same bytes.
    let (rest, last) = signature.split_at(signature.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let same_bytes = &alphabet[(at ^ 1)..=(at ^ 1)];
    let plain = signature.replacen(['-', '_'], "+", 1) + "/";
    [
        "x".to_owned(),
        "..".to_owned(),
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{rest}{same_bytes}"),
        format!("{header}.{payload} .{signature}"),
        format!("{header}.{payload}.{plain}"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8725_11_a_token_of_200_kib_is_not_even_looked_at() {
    let attacked = Attacked::begin().await;
    let server = &attacked.server;
    let vast = format!("{}{}", attacked.token, "A".repeat(200 * 1_024));
    assert_eq!(server.verify(&vast).await.status, 431);
    assert_eq!(manage(server, &vast).await.status, 431);
    let answer = server.introspect(&vast).await;
    answer.refused(413, "invalid_request");
    let answer = give_back(server, &vast).await;
    answer.refused(413, "invalid_request");
    let long = |token: &str| format!("{token}{}", "A".repeat(9_000));
    attacked.believes_nowhere("9 KB", long).await;
}
