//! Whatever a rule answers, the host's claims stay what they are, or there is no token.

use std::collections::HashSet;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rulemint::issue::IssueError;
use serde_json::Value;

use super::mirrored;
use crate::harness::{AUDIENCE, CLIENT, Change, TestServer, claims};

/// How many answers are tried.
const CASES: u32 = 100_000;

/// One change in the mirror's spelling, most of them made to do harm.
fn change() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (name(), value()).prop_map(|(name, value)| Change::spell(&[Change::Set(&name, &value)])),
        2 => name().prop_map(|name| Change::spell(&[Change::Remove(&name)])),
        1 => select(vec!["read", "write", "admin", "", "read write"])
            .prop_map(|scope| Change::spell(&[Change::RemoveScope(scope)])),
        1 => prop_oneof![any::<u32>(), 0..100_u32]
            .prop_map(|seconds| Change::spell(&[Change::Shorten(seconds)])),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let hosts = vec![
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "azp",
        "scope",
        "scp",
        "cnf",
        "act",
        "may_act",
        "status",
        "events",
        "gty",
        "alg",
        "kid",
        "__proto__",
    ];
    prop_oneof![
        2 => select(hosts.clone()).prop_map(str::to_owned),
        1 => select(hosts.clone()).prop_map(str::to_uppercase),
        1 => select(hosts).prop_map(|name| format!("{name}\u{200b}")),
        4 => "[ -~]{0,12}",
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let crafted = vec![
        "\"x\"",
        "1",
        "null",
        "{}",
        "[]",
        "\"\\u0000\"",
        "1e999",
        "-0",
        "{\"iss\":\"me\"}",
        "1,\"iss\":\"me\"",
        "\"a\",\"sub\":\"me\"",
        "1}",
        "}{",
        "\"\\ud800\"",
        " 1 ",
        "//",
        "\"\u{2028}\"",
    ];
    prop_oneof![
        3 => select(crafted).prop_map(str::to_owned),
        2 => any::<String>().prop_map(|text| Value::from(text).to_string()),
        1 => any::<String>(),
        1 => any::<f64>().prop_map(|number| number.to_string()),
    ]
}

/// Checks a token that was issued after all.
fn check(token: &str, issuer: &str) {
    let claims = claims(token);
    assert_eq!(claims["iss"], issuer, "{claims}");
    assert_eq!(claims["aud"], AUDIENCE, "{claims}");
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&CLIENT.into(), &CLIENT.into()),
        "{claims}"
    );
    let (issued, expires) = (
        claims["iat"].as_u64().unwrap(),
        claims["exp"].as_u64().unwrap(),
    );
    assert!(issued < expires && expires <= issued + 86_400, "{claims}");
    let scope = claims
        .get("scope")
        .map_or("", |scope| scope.as_str().unwrap());
    assert!(
        ["", "read", "write", "read write"].contains(&scope),
        "{claims}"
    );
    let jti = claims["jti"].as_str().unwrap();
    assert!(
        (1..=255).contains(&jti.len()) && jti.bytes().all(|byte| byte.is_ascii_graphic()),
        "{claims}"
    );
    for absent in [
        "nbf",
        "cnf",
        "act",
        "may_act",
        "azp",
        "status",
        "events",
        "gty",
        "__proto__",
    ] {
        assert!(claims.get(absent).is_none(), "{claims}");
    }
    check_names(token);
}

/// No name stands there twice: readers differ in which of the two they believe (RFC 7519 section 4).
fn check_names(token: &str) {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let Names(names) = serde_json::from_slice(&payload).unwrap();
    let distinct: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let hosts = ["iss", "sub", "aud", "exp", "iat", "client_id", "scope"];
    for host in hosts.iter().filter(|host| distinct.contains(**host)) {
        let count = names
            .iter()
            .filter(|name| name.eq_ignore_ascii_case(host))
            .count();
        assert_eq!(count, 1, "{names:?}");
    }
    assert_eq!(
        names.iter().collect::<HashSet<_>>().len(),
        names.len(),
        "{names:?}"
    );
}

/// The names of an object's members, each as often as it stands there.
struct Names(Vec<String>);

impl<'de> serde::Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(Self(Vec::new()))
    }
}

impl<'de> serde::de::Visitor<'de> for Names {
    type Value = Self;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
            self.0.push(name);
        }
        Ok(self)
    }
}

/// Tries one answer, and says whether there was a token.
async fn attempt(server: &TestServer, answer: &str) -> bool {
    match server.issue(&[("answer", answer)]).await {
        Ok(token) => {
            check(token.access_token(), &server.address);
            true
        }
        Err(IssueError::Rule(_)) => {
            // A success in between keeps the rule from being left alone for its failures.
            server.issue(&[]).await.unwrap();
            false
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn protected_claims_never_change() {
    let server = mirrored().await;
    let answers = proptest::collection::vec(change(), 0..4).prop_map(|changes| changes.concat());
    let mut runner = TestRunner::new(Config::default());
    let mut issued = 0;
    for _ in 0..CASES {
        let answer = answers.new_tree(&mut runner).unwrap().current();
        issued += u32::from(attempt(&server, &answer).await);
    }
    // Both ends were met, and often: a check of refusals alone would be none.
    assert!(
        (CASES / 10..CASES * 9 / 10).contains(&issued),
        "{issued} tokens"
    );
}
