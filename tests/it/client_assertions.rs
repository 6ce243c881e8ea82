//! Clients that prove themselves by a signature: `private_key_jwt` (RFC 7521 section 4.2, RFC 7523).

mod keys;
mod refusals;
mod requests;

use serde_json::{Value, json};

use crate::harness::{ASSERTION_TYPE, AUDIENCE, Answer, Setup, Signer, TestServer};

const ROBOT: &str = "robot";
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// A server with a client that has a key of this algorithm.
async fn server_with(signer: &Signer) -> TestServer {
    let server = Setup::new().start().await;
    server.add_key_client(ROBOT, signer).await;
    server
}

/// Shows an assertion to the token endpoint, as Auth0's libraries do.
async fn show(server: &TestServer, assertion: &str) -> Answer {
    show_with(server, assertion, &[("client_id", ROBOT)]).await
}

async fn show_with(server: &TestServer, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let usual = [
        GRANT,
        ASSERTION_TYPE,
        ("client_assertion", assertion),
        ("audience", AUDIENCE),
    ];
    server.post(&[&usual, more].concat()).await
}

/// Claims as they should be, but for one.
fn but(server: &TestServer, name: &str, value: impl Into<Value>) -> Value {
    let mut claims = server.assertion_claims(ROBOT);
    claims[name] = value.into();
    claims
}

/// Claims as they should be, but that one is missing.
fn without(server: &TestServer, name: &str) -> Value {
    let mut claims = server.assertion_claims(ROBOT);
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_01_a_client_has_a_token_by_its_signature_in_each_algorithm() {
    let server = Setup::new().start().await;
    for algorithm in ["RS256", "RS384", "PS256", "ES256", "EdDSA"] {
        let signer = Signer::of(algorithm);
        server.add_key_client(algorithm, &signer).await;
        let assertion = signer.signed(&server.assertion_claims(algorithm));
        let answer = show_with(&server, &assertion, &[("client_id", algorithm)]).await;
        assert_eq!(answer.claims()["client_id"], algorithm);
        assert_eq!(answer.claims()["scope"], "read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_02_no_signature_and_a_symmetric_one_let_nobody_in() {
    let signer = Signer::of("RS256");
    let server = server_with(&signer).await;
    let claims = server.assertion_claims(ROBOT);
    let unsigned = signer.signed_under(&json!({ "alg": "none" }), &claims);
    let (message, _) = unsigned.rsplit_once('.').unwrap();
    for assertion in [format!("{message}."), message.to_owned(), unsigned.clone()] {
        show(&server, &assertion)
            .await
            .refused(401, "invalid_client");
    }
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, signer.pem().as_bytes());
    let symmetric = signer.signed_under(&json!({ "alg": "HS256" }), &claims);
    let (message, _) = symmetric.rsplit_once('.').unwrap();
    let tag = aws_lc_rs::hmac::sign(&secret, message.as_bytes());
    let tag = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        tag.as_ref(),
    );
    show(&server, &format!("{message}.{tag}"))
        .await
        .refused(401, "invalid_client");
    show(&server, &signer.signed(&claims)).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_03_an_assertion_says_who_and_until_when() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let now = server.now();
    for claims in [
        but(&server, "iss", "another"),
        but(&server, "sub", "another"),
        but(&server, "iss", ""),
        without(&server, "iss"),
        without(&server, "sub"),
        without(&server, "exp"),
        without(&server, "iat"),
        without(&server, "jti"),
        but(&server, "jti", ""),
        but(&server, "jti", "x".repeat(256)),
        but(&server, "exp", now),
        but(&server, "exp", now - 300),
        but(&server, "exp", now + 24 * 3_600),
        but(&server, "exp", now + 700),
        but(&server, "exp", (now + 100).to_string()),
        but(&server, "exp", -1),
        but(&server, "exp", 1e300),
        but(&server, "iat", i64::MIN),
    ] {
        let answer = show(&server, &signer.signed(&claims)).await;
        let told = answer.refused(401, "invalid_client");
        assert_eq!(told, "client authentication failed", "{claims}");
        // Too many failures in a row make who fails wait; who signs rightly never does.
        server.advance(std::time::Duration::from_secs(1));
    }
    let fraction = but(&server, "exp", server.now() as f64 + 60.5);
    show(&server, &signer.signed(&fraction)).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_04_an_assertion_is_meant_for_this_server_alone() {
    let signer = Signer::of("ES256");
    let strict = server_with(&signer).await;
    let endpoint = |server: &TestServer| format!("{}/oauth/token", server.address);
    let issuer = strict.address.clone();
    for good in [
        json!(issuer),
        json!(format!("{issuer}/")),
        json!([issuer]),
        json!([issuer, format!("{issuer}/")]),
    ] {
        let assertion = signer.signed(&but(&strict, "aud", good));
        show(&strict, &assertion).await.token();
    }
    for bad in [
        json!(endpoint(&strict)),
        json!([issuer, endpoint(&strict)]),
        json!([issuer, "https://another.example"]),
        json!([]),
        json!(""),
        json!("https://another.example/"),
        json!(AUDIENCE),
        json!(null),
    ] {
        let assertion = signer.signed(&but(&strict, "aud", bad));
        let answer = show(&strict, &assertion).await;
        answer.refused(401, "invalid_client");
        strict.advance(std::time::Duration::from_secs(1));
    }
    let compat = Setup::new().but(|config| config.client_assertions.accept_token_endpoint = true);
    let compat = compat.start().await;
    compat.add_key_client(ROBOT, &signer).await;
    for good in [
        json!(endpoint(&compat)),
        json!([compat.address, endpoint(&compat)]),
    ] {
        let assertion = signer.signed(&but(&compat, "aud", good));
        show(&compat, &assertion).await.token();
    }
    let other = json!([endpoint(&compat), "https://another.example"]);
    let assertion = signer.signed(&but(&compat, "aud", other));
    show(&compat, &assertion)
        .await
        .refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_05_an_assertion_counts_once() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let claims = server.assertion_claims(ROBOT);
    let assertion = signer.signed(&claims);
    show(&server, &assertion).await.token();
    show(&server, &assertion)
        .await
        .refused(401, "invalid_client");
    // ECDSA signs the same differently each time.
    show(&server, &signer.signed(&claims))
        .await
        .refused(401, "invalid_client");
    let twin = Signer::of("ES256");
    server.add_key_client("twin", &twin).await;
    let mut of_twin = server.assertion_claims("twin");
    of_twin["jti"] = claims["jti"].clone();
    show_with(&server, &twin.signed(&of_twin), &[])
        .await
        .token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_05_a_restart_forgets_nothing() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let issuer = "http://127.0.0.1:6468";
    let setup = server.stop().await;
    let setup = setup.but(|config| config.issuer = Some(issuer.parse().unwrap()));
    let server = setup.start().await;
    server.advance(std::time::Duration::from_secs(2));
    let claims = but(&server, "aud", issuer);
    let [shown, kept_back] = [claims, but(&server, "aud", issuer)].map(|one| signer.signed(&one));
    show(&server, &shown).await.token();
    server.advance(std::time::Duration::from_secs(5));
    let server = server.stop().await.start().await;
    for early in [&shown, &kept_back] {
        show(&server, early).await.refused(401, "invalid_client");
    }
    let new = signer.signed(&but(&server, "aud", issuer));
    show(&server, &new).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_06_clocks_may_be_some_seconds_apart() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    for (claim, ahead, is_good) in [
        ("iat", 8, true),
        ("nbf", 8, true),
        ("iat", 65, false),
        ("nbf", 65, false),
    ] {
        let claims = but(&server, claim, server.now() + ahead);
        let answer = show(&server, &signer.signed(&claims)).await;
        match is_good {
            true => drop(answer.token()),
            false => drop(answer.refused(401, "invalid_client")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_07_the_client_id_need_not_stand_beside_it_and_must_be_the_same() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let new = || signer.signed(&server.assertion_claims(ROBOT));
    show_with(&server, &new(), &[]).await.token();
    for other in ["another", crate::harness::CLIENT] {
        show_with(&server, &new(), &[("client_id", other)])
            .await
            .refused(401, "invalid_client");
    }
}
