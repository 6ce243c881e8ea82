//! Which hosts a rule reaches: those that its manifest lists, at addresses that it allows, and no others, however they are
//! spelled and whatever the name service says.

use super::{error, fetch, fetching, table, to};
use crate::harness::{Lines, Names, Upstream};

/// A table that lists a name at the port of a server on this machine.
fn named(upstream: &Upstream, more: &str) -> String {
    let port = upstream.address.port();
    format!("[http]\nhosts = [\"http://api.example:{port}\"]\ntimeout_ms = 10000\n{more}")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_another_host_leads_anywhere() {
    let upstream = Upstream::start().await;
    let anything = Names::leading_to(&[&["127.0.0.1"]]);
    let setup = fetching(&named(&upstream, "private = true\n"));
    let server = setup.resolving(anything.clone()).start().await;
    let port = upstream.address.port();
    let hosts = [
        "localhost",
        "localhost.",
        "LOCALHOST",
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "0177.0.0.1",
        "0177.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "127.0.0.1.nip.example",
        "api.example.",
        "api.example.evil.example",
        "evil.example",
        "evil.example@api.example",
        "api.example:80@127.0.0.1",
        "user:password@api.example",
        "xn--pi-7ia.example",
        "169.254.169.254",
        "metadata.google.internal",
    ];
    for host in hosts {
        let claims = fetch(&server, &to(&format!("{host}:{port}"), "/")).await;
        assert!(claims.get("answer").is_none(), "{host}: {claims}");
        assert!(claims.get("error").is_some(), "{host}: {claims}");
    }
    for authority in [
        "api.example",
        "api.example:1",
        "api.example:0",
        "api.example:65616",
    ] {
        let claims = fetch(&server, &to(authority, "/")).await;
        assert!(claims.get("error").is_some(), "{authority}: {claims}");
    }
    assert_eq!(upstream.connections(), 0);
    assert!(anything.lookups().is_empty(), "{:?}", anything.lookups());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_scheme_is_another_host() {
    let upstream = Upstream::start().await;
    let server = fetching(&table(&upstream)).start().await;
    let authority = upstream.address.to_string();
    let parameters = [
        ("scheme", "https"),
        ("authority", &authority),
        ("path", "/"),
    ];
    assert_eq!(
        error(&fetch(&server, &parameters).await),
        "HTTP-request-denied"
    );
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_a_private_address_takes_a_grant() {
    let upstream = Upstream::start().await;
    let authority = format!("API.example:{}", upstream.address.port());
    for address in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::1",
        "10.0.0.1",
        "100.64.0.1",
    ] {
        let names = Names::leading_to(&[&[address]]);
        let server = fetching(&named(&upstream, ""))
            .resolving(names)
            .start()
            .await;
        let claims = fetch(&server, &to(&authority, "/")).await;
        assert_eq!(error(&claims), "destination-IP-prohibited", "{address}");
    }
    assert_eq!(upstream.connections(), 0);
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let granted = fetching(&named(&upstream, "private = true\n")).resolving(names);
    let claims = fetch(&granted.start().await, &to(&authority, "/echo")).await;
    assert_eq!(claims["body"]["headers"]["host"], authority.to_lowercase());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_address_among_good_ones_is_enough() {
    let upstream = Upstream::start().await;
    let authority = format!("api.example:{}", upstream.address.port());
    let names = Names::leading_to(&[&["127.0.0.1", "169.254.169.254"]]);
    let setup = fetching(&named(&upstream, "private = true\n")).resolving(names);
    let claims = fetch(&setup.start().await, &to(&authority, "/")).await;
    assert_eq!(error(&claims), "destination-IP-prohibited");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_means_something_else_a_moment_later_leads_nowhere_else() {
    let upstream = Upstream::start().await;
    let authority = format!("api.example:{}", upstream.address.port());
    let names = Names::leading_to(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let setup = fetching(&named(&upstream, "private = true\n")).resolving(names.clone());
    let server = setup.start().await;
    let claims = fetch(&server, &to(&authority, "/")).await;
    assert_eq!(claims["answer"], 200);
    assert_eq!(names.lookups(), ["api.example"]);
    let claims = fetch(&server, &to(&authority, "/")).await;
    assert_eq!(error(&claims), "destination-IP-prohibited");
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_swallows_everything_does_not_take_the_next_ones_turn() {
    let upstream = Upstream::start().await;
    let authority = format!("api.example:{}", upstream.address.port());
    // 127.0.0.2 is this machine too, and nobody listens there.
    let names = Names::leading_to(&[&["127.0.0.2", "127.0.0.1"]]);
    let setup = fetching(&named(&upstream, "private = true\n")).resolving(names);
    let claims = fetch(&setup.start().await, &to(&authority, "/")).await;
    assert_eq!(claims["answer"], 200);
}

#[tokio::test]
async fn the_log_says_what_the_manifest_would_have_to_say() {
    let lines = Lines::here();
    let upstream = Upstream::start().await;
    let port = upstream.address.port();
    let names = Names::leading_to(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let server = fetching(&named(&upstream, ""))
        .resolving(names)
        .start()
        .await;
    let listed = format!("api.example:{port}");
    for authority in [&listed, &listed, "Other.example:99", "me@other.example"] {
        let claims = server.issue(&to(authority, "/")).await.unwrap();
        drop(claims);
    }
    let text = lines.text();
    for expected in [
        "http://other.example:99 is not among the hosts it may reach; add it to http.hosts to allow it".to_owned(),
        "is not plain scheme, host and port".to_owned(),
        format!("http://{listed} has the address 127.0.0.1, which is loopback; set http.private = true"),
        format!("http://{listed} has the address 169.254.169.254, the metadata service of a cloud"),
    ] {
        assert!(text.contains(&expected), "{expected}: {text}");
    }
    assert!(text.contains("rule=\"10-fetch\""), "{text}");
}
