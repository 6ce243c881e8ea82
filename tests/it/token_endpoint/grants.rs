//! What may be asked for: grant types, scopes, audiences and resources.

use rulemint::registry::{NewApi, NewGrant};

use super::plain_server;
use crate::harness::{AUDIENCE, CLIENT, SECRET, TestServer};

const CREDENTIALS: [(&str, &str); 2] = [("client_id", CLIENT), ("client_secret", SECRET)];

async fn asking(server: &TestServer, more: &[(&str, &str)]) -> crate::harness::Answer {
    let grant = [("grant_type", "client_credentials")];
    server
        .post(&[&grant[..], &CREDENTIALS, more].concat())
        .await
}

/// A second API, which the client may or may not use.
async fn add_other_api(server: &TestServer, granted: bool) -> &'static str {
    const OTHER: &str = "https://other.example";
    server
        .registrar
        .add_api(NewApi::named(OTHER))
        .await
        .unwrap();
    let grant = |audience: &str| NewGrant {
        client_id: CLIENT.to_owned(),
        audience: audience.to_owned(),
        scope: None,
    };
    if granted {
        server.registrar.add_grant(grant(OTHER)).await.unwrap();
        server.until_granted(OTHER).await;
    } else {
        // Changes are seen in their order: with this grant the API is known too.
        server
            .registrar
            .add_api(NewApi::named("https://later.example"))
            .await
            .unwrap();
        server
            .registrar
            .add_grant(grant("https://later.example"))
            .await
            .unwrap();
        server.until_granted("https://later.example").await;
    }
    OTHER
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_05_without_a_grant_type_it_is_an_invalid_request() {
    let server = plain_server().await;
    server
        .post(&CREDENTIALS)
        .await
        .refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_06_other_grant_types_are_unsupported() {
    let server = plain_server().await;
    for grant_type in [
        "password",
        "implicit",
        "authorization_code",
        "CLIENT_CREDENTIALS",
        "x",
    ] {
        let form = [&[("grant_type", grant_type)][..], &CREDENTIALS].concat();
        server
            .post(&form)
            .await
            .refused(400, "unsupported_grant_type");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_08_a_scope_outside_the_grant_is_invalid_and_named() {
    let server = plain_server().await;
    for scope in ["admin", "read admin", "unknown", "READ"] {
        let description = server
            .ask(&[("scope", scope)])
            .await
            .refused(400, "invalid_scope");
        let foreign = scope.trim_start_matches("read ");
        assert!(description.contains(foreign), "{description}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_scope_is_invalid() {
    let server = plain_server().await;
    for scope in ["re\"ad", "re\\ad", "r\u{e9}ad", "read\twrite"] {
        server
            .ask(&[("scope", scope)])
            .await
            .refused(400, "invalid_scope");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc6749_17_an_empty_scope_means_all_that_is_granted() {
    let server = plain_server().await;
    for more in [&[("scope", "")][..], &[]] {
        let answer = server.ask(more).await;
        assert_eq!(answer.claims()["scope"], "read write");
        assert_eq!(answer.json()["scope"], "read write");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn part_of_what_is_granted_can_be_asked_for() {
    let server = plain_server().await;
    assert_eq!(
        server.ask(&[("scope", "write")]).await.claims()["scope"],
        "write"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_asked_for_twice_is_given_once() {
    let server = plain_server().await;
    assert_eq!(
        server.ask(&[("scope", "read read")]).await.claims()["scope"],
        "read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_api_a_client_may_use_need_not_be_named() {
    let server = plain_server().await;
    assert_eq!(asking(&server, &[]).await.claims()["aud"], AUDIENCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9068_05_with_several_apis_one_must_be_named() {
    let server = plain_server().await;
    add_other_api(&server, true).await;
    asking(&server, &[]).await.refused(400, "invalid_target");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8707_01_a_resource_is_an_absolute_uri_without_a_fragment() {
    let server = plain_server().await;
    for resource in [
        "api",
        "/api",
        "//api.example",
        "https://api.example#part",
        "https://",
    ] {
        asking(&server, &[("resource", resource)])
            .await
            .refused(400, "invalid_target");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8707_02_several_resources_are_refused() {
    let server = plain_server().await;
    let other = add_other_api(&server, true).await;
    let both = [("resource", AUDIENCE), ("resource", other)];
    asking(&server, &both).await.refused(400, "invalid_target");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8707_03_an_unknown_or_ungranted_resource_is_refused() {
    let server = plain_server().await;
    let ungranted = add_other_api(&server, false).await;
    for name in ["resource", "audience"] {
        for api in ["https://unknown.example", ungranted] {
            asking(&server, &[(name, api)])
                .await
                .refused(400, "invalid_target");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8707_04_the_audience_is_the_resource() {
    let server = plain_server().await;
    let other = add_other_api(&server, true).await;
    for api in [AUDIENCE, other] {
        assert_eq!(
            asking(&server, &[("resource", api)]).await.claims()["aud"],
            api
        );
        assert_eq!(
            asking(&server, &[("audience", api)]).await.claims()["aud"],
            api
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc8707_05_audience_and_resource_must_not_differ() {
    let server = plain_server().await;
    let other = add_other_api(&server, true).await;
    let differing = [("audience", AUDIENCE), ("resource", other)];
    asking(&server, &differing)
        .await
        .refused(400, "invalid_target");
    asking(&server, &[("audience", other), ("resource", other)])
        .await
        .token();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_is_compared_byte_for_byte() {
    let server = plain_server().await;
    for near in [
        "https://api.example/",
        "https://API.example",
        "https://api.example ",
        "http://api.example",
    ] {
        asking(&server, &[("audience", near)])
            .await
            .refused(400, "invalid_target");
    }
}
