//! Rules that rest because they keep failing: who is told, and which version it is told of.

use rulemint::reload::{RuleState, Standing};
use rulemint::rule::Fault;

use super::version;
use crate::harness::{Setup, TestServer, assembled, until};

/// A server whose one rule has failed so often that it rests.
async fn resting() -> TestServer {
    let setup = Setup::new().with("10-rule.wasm", assembled("rogue/recurse"));
    let server = setup.start().await;
    until("the rule to rest", async || {
        let fault = server.fault(&[]).await;
        matches!(fault, Fault::Quarantined { .. }).then_some(())
    })
    .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_of_it_and_stays() {
    let server = resting().await;
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["ready"], true, "{body}");
    assert_eq!(body["checks"]["rules"], "resting: 10-rule", "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_it_failed_last_is_written_down_and_ends_with_the_version() {
    let server = resting().await;
    let resting = until("the rest to be written down", async || {
        let standing = Standing::read(&server.store).await.unwrap();
        standing.rests.0.get("10-rule").cloned()
    })
    .await;
    assert!(resting.reason.contains("the stack"), "{resting:?}");
    server.put_rule("10-rule.wasm", version("good"));
    let is_other = |report: &rulemint::reload::Report| {
        let rule = &report.rules[0];
        rule.state == RuleState::Live && rule.digest != resting.digest
    };
    server.until_rules("the good version", is_other).await;
    let standing = Standing::read(&server.store).await.unwrap();
    assert!(standing.rests.0.is_empty(), "{standing:?}");
}
