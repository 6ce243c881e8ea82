//! Changes that are refused: a reason with the rule's and the claim's name, and no token.

use rulemint::rule::Fault;

use super::{claims_with, mirrored};
use crate::harness::{Change, Setup, mirror};

async fn reason_against(changes: &[Change<'_>]) -> String {
    let server = mirrored().await;
    match server.fault(&[("answer", &Change::spell(changes))]).await {
        Fault::Change { reason, .. } => reason,
        other => panic!("another fault: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_is_told_the_rule_the_change_and_the_reason() {
    let server = mirrored().await;
    let changes = [Change::Set("a", "1"), Change::Set("iss", "\"me\"")];
    let refused = server
        .issue(&[("answer", &Change::spell(&changes))])
        .await
        .err()
        .unwrap();
    let expected = "rule 10-mirror: change 2 is refused: claim \"iss\" belongs to the host, and nothing changes that";
    assert_eq!(refused.to_string(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_takes_the_others_with_it() {
    let setup = Setup::new().with("10-mirror.wasm", mirror());
    let server = setup
        .with("10-mirror.toml", "on_error = \"skip\"\n")
        .start()
        .await;
    let changes = [Change::Set("a", "1"), Change::Set("iss", "\"me\"")];
    assert_eq!(claims_with(&server, &changes).await.get("a"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_without_a_name() {
    let reason = reason_against(&[Change::Set("", "1")]).await;
    assert!(reason.contains("is no claim name"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_name_that_cannot_be_seen() {
    for name in [
        "a b",
        "a\u{0}",
        "a\n",
        "caf\u{e9}",
        "\u{202e}ssi",
        "s\u{443}b",
    ] {
        let reason = reason_against(&[Change::Set(name, "1")]).await;
        assert!(reason.contains("is no claim name"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_name_that_never_ends() {
    let reason = reason_against(&[Change::Set(&"n".repeat(256), "1")]).await;
    assert!(reason.contains("is no claim name"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_not_json() {
    for value in [
        "",
        "tru",
        "{\"a\":}",
        "1 2",
        "\"open",
        "{\"a\":1}x",
        "NaN",
        "'a'",
    ] {
        let reason = reason_against(&[Change::Set("a", value)]).await;
        assert!(reason.starts_with("claim \"a\""), "{value}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_too_deep() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let reason = reason_against(&[Change::Set("a", &deep)]).await;
    assert!(reason.starts_with("claim \"a\""), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jti_that_is_no_visible_text() {
    let long = format!("{:?}", "x".repeat(256));
    for value in ["7", "\"\"", "\"a b\"", "\"caf\u{e9}\"", "null", &long] {
        let reason = reason_against(&[Change::Set("jti", value)]).await;
        assert!(
            reason.starts_with("claim \"jti\" must be"),
            "{value}: {reason}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifetime_of_nothing() {
    let reason = reason_against(&[Change::Shorten(0)]).await;
    assert_eq!(reason, "a lifetime is at least 1 second");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jti_that_a_token_has_already() {
    let server = mirrored().await;
    let answer = Change::spell(&[Change::Set("jti", "\"frozen\"")]);
    assert_eq!(
        server.ask(&[("answer", &answer)]).await.claims()["jti"],
        "frozen"
    );
    let fault = server.fault(&[("answer", &answer)]).await;
    assert!(matches!(fault, Fault::RepeatedJti), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_jti_is_replaced_by_the_servers_own() {
    let server = mirrored().await;
    let changes = [Change::Set("jti", "\"mine\""), Change::Remove("jti")];
    let claims = claims_with(&server, &changes).await;
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_over_8192_bytes_is_not_signed() {
    let server = mirrored().await;
    let value = format!("{:?}", "x".repeat(8_000));
    let answer = Change::spell(&[Change::Set("a", &value)]);
    let refused = server.issue(&[("answer", &answer)]).await.err().unwrap();
    assert!(refused.to_string().contains("8192"), "{refused}");
}
