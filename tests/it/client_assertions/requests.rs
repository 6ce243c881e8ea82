//! Assertions in requests: beside what, where, and what becomes of them.

use serde_json::json;

use super::{GRANT, ROBOT, server_with, show_with};
use crate::harness::{ASSERTION_TYPE, AUDIENCE, CLIENT, SECRET, Setup, Signer, assembled};

#[tokio::test(flavor = "multi_thread")]
async fn rfc7521_an_assertion_comes_with_its_type_and_without_another_proof() {
    let signer = Signer::of("ES256");
    let server = server_with(&signer).await;
    let assertion = signer.signed(&server.assertion_claims(ROBOT));
    let shown = ("client_assertion", &*assertion);
    let saml = (
        ASSERTION_TYPE.0,
        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
    );
    for (form, why) in [
        (vec![GRANT, shown], "without client_assertion_type"),
        (vec![GRANT, ASSERTION_TYPE], "without client_assertion"),
        (vec![GRANT, shown, saml], "is another than urn:"),
        (
            vec![
                GRANT,
                shown,
                ASSERTION_TYPE,
                ("client_id", CLIENT),
                ("client_secret", SECRET),
            ],
            "send one of them",
        ),
        (vec![GRANT, shown, shown, ASSERTION_TYPE], "twice"),
    ] {
        let told = server.post(&form).await.refused(400, "invalid_request");
        assert!(told.contains(why), "{told}");
    }
    let request = server.http.post(format!("{}/oauth/token", server.address));
    let request = request.basic_auth(CLIENT, Some(SECRET));
    let sent = request.form(&[GRANT, shown, ASSERTION_TYPE]).send().await;
    assert_eq!(sent.unwrap().status(), 400);
    show_with(&server, &assertion, &[]).await.token();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_may_come_as_json() {
    let signer = Signer::of("PS256");
    let server = server_with(&signer).await;
    let body = json!({
        "grant_type": "client_credentials", "client_id": ROBOT, "audience": AUDIENCE,
        ASSERTION_TYPE.0: ASSERTION_TYPE.1,
        "client_assertion": signer.signed(&server.assertion_claims(ROBOT)),
    });
    let url = format!("{}/oauth/token", server.address);
    let sent = server.http.post(url).json(&body).send().await.unwrap();
    assert_eq!(sent.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_asked_about_and_given_back_by_assertion() {
    let signer = Signer::of("EdDSA");
    let server = server_with(&signer).await;
    let new = || signer.signed(&server.assertion_claims(ROBOT));
    let token = show_with(&server, &new(), &[]).await.token();
    let about = async |path: &str| {
        let assertion = new();
        let form = [
            ASSERTION_TYPE,
            ("client_assertion", &*assertion),
            ("token", &*token),
        ];
        server.post_to(path, &form).await
    };
    let asked = about("/oauth/introspect").await.json();
    assert_eq!(
        (&asked["active"], &asked["client_id"]),
        (&json!(true), &json!(ROBOT))
    );
    assert_eq!(about("/oauth/revoke").await.status, 200);
    assert_eq!(
        about("/oauth/introspect").await.json(),
        json!({ "active": false })
    );
    let used = new();
    show_with(&server, &used, &[]).await.token();
    let form = [
        ASSERTION_TYPE,
        ("client_assertion", &*used),
        ("token", &*token),
    ];
    let again = server.post_to("/oauth/introspect", &form).await;
    again.refused(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_see_no_assertion() {
    let signer = Signer::of("ES256");
    let setup = Setup::new().with("20-tell.wasm", assembled("tell-event"));
    let server = setup.start().await;
    server.add_key_client(ROBOT, &signer).await;
    let assertion = signer.signed(&server.assertion_claims(ROBOT));
    let claims = show_with(&server, &assertion, &[("color", "red")])
        .await
        .claims();
    assert_eq!(claims["event"]["parameters"], json!({ "color": "red" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_an_assertion_does_not_belong_into_the_address() {
    let server = Setup::new().start().await;
    let path = "/oauth/token?client_assertion=x";
    let answer = server.post_to(path, &[GRANT]).await;
    answer.refused(400, "invalid_request");
}
