//! Claims that belong to the host, and what a manifest can lift.

use rulemint::rule::Fault;

use super::{claims_with, mirrored};
use crate::harness::{Change, Setup, TestServer, mirror};

/// What nothing lifts.
const NEVER: &[&str] = &[
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "cnf",
    "client_id",
    "scope",
    "scp",
    "__proto__",
];
/// What takes the name itself in the manifest.
const UNLESS_LISTED: &[&str] = &[
    "sub", "azp", "act", "may_act", "status", "events", "gty", "alg", "jku", "jwk", "kid", "x5u",
    "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "enc", "zip", "epk", "apu", "apv", "iv", "tag",
    "p2s", "p2c", "b64",
];

async fn allowing(claims: &[&str]) -> TestServer {
    let manifest = format!("[claims]\nallow = {claims:?}\n");
    let setup = Setup::new().with("10-mirror.wasm", mirror());
    setup.with("10-mirror.toml", manifest).start().await
}

async fn refusal(server: &TestServer, change: Change<'_>) -> String {
    // A success in between keeps the rule from being left alone for its failures.
    server.issue(&[]).await.unwrap();
    match server.fault(&[("answer", &Change::spell(&[change]))]).await {
        Fault::Change { number: 1, reason } => reason,
        other => panic!("another fault: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc9700_02_no_rule_sets_a_claim_of_the_host() {
    let server = mirrored().await;
    for name in NEVER.iter().chain(UNLESS_LISTED) {
        for spelt in [(*name).to_owned(), name.to_ascii_uppercase()] {
            let reason = refusal(&server, Change::Set(&spelt, "\"x\"")).await;
            assert!(
                reason.contains(&spelt) && reason.contains("belongs to the host"),
                "{reason}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rule_removes_a_claim_of_the_host() {
    let server = mirrored().await;
    for name in NEVER.iter().chain(UNLESS_LISTED) {
        let reason = refusal(&server, Change::Remove(name)).await;
        assert!(reason.contains("belongs to the host"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_hangs_on_cannot_be_lifted_by_a_manifest() {
    let setup = Setup::new().with("10-mirror.wasm", mirror());
    let manifest = format!("[claims]\nallow = {NEVER:?}\n");
    let said = setup.with("10-mirror.toml", manifest).refusal().await;
    for name in NEVER {
        let words = format!("claim \"{name}\" belongs to the host, and nothing lifts that");
        assert!(said.contains(&words), "{name}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_can_be_lifted_by_its_full_name() {
    let server = allowing(UNLESS_LISTED).await;
    for name in UNLESS_LISTED {
        let claims = claims_with(&server, &[Change::Set(name, "\"x\"")]).await;
        assert_eq!(claims[*name], "x");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_lifts_nothing_that_is_protected() {
    let server = allowing(&["*"]).await;
    let reason = refusal(&server, Change::Set("sub", "\"x\"")).await;
    assert!(reason.contains("claims.allow = [\"sub\"]"), "{reason}");
    assert_eq!(
        claims_with(&server, &[Change::Set("other", "1")]).await["other"],
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifted_subject_can_be_set_but_not_removed() {
    let server = allowing(&["sub"]).await;
    let reason = refusal(&server, Change::Remove("sub")).await;
    assert!(reason.contains("cannot be removed"), "{reason}");
    let reason = refusal(&server, Change::Set("sub", "7")).await;
    assert!(reason.contains("must be a string"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_claims_admits_those_and_no_others() {
    let server = allowing(&["tier", "https://acme.example/*"]).await;
    let changes = [
        Change::Set("tier", "1"),
        Change::Set("https://acme.example/plan", "2"),
    ];
    let claims = claims_with(&server, &changes).await;
    assert_eq!(
        (&claims["tier"], &claims["https://acme.example/plan"]),
        (&1.into(), &2.into())
    );
    let reason = refusal(&server, Change::Set("other", "3")).await;
    assert!(
        reason.contains("not in the manifest's claims.allow"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_of_claims_admits_none() {
    let server = allowing(&[]).await;
    let reason = refusal(&server, Change::Set("jti", "\"x\"")).await;
    assert!(
        reason.contains("not in the manifest's claims.allow"),
        "{reason}"
    );
}
