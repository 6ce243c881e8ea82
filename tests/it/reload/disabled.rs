//! A manifest keeps a rule out of the chain.

use rulemint::reload::RuleState;

use super::{serving_good, until_version, version};
use crate::harness::Setup;

const DISABLED: &str = "disabled = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_rule_does_not_run_and_is_no_problem() {
    let setup = Setup::new().with("10-rule.wasm", version("off"));
    let server = setup.with("10-rule.toml", DISABLED).start().await;
    assert!(server.ask(&[]).await.claims().get("version").is_none());
    let report = server.report().await;
    assert_eq!(report.rules[0].state, RuleState::Disabled);
    assert_eq!((report.problems(), report.obstacle()), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_disabled_later_ends_and_comes_back() {
    let server = serving_good().await;
    server.put_rule("10-rule.toml", DISABLED);
    let is_off = |report: &rulemint::reload::Report| report.rules[0].state == RuleState::Disabled;
    server.until_rules("the rule is off", is_off).await;
    assert!(server.ask(&[]).await.claims().get("version").is_none());
    server.put_rule("10-rule.toml", "disabled = false\n");
    until_version(&server, "good").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_the_configuration_requires_cannot_be_disabled() {
    let setup = Setup::new().but(|config| config.rules.required = vec!["10-rule".to_owned()]);
    let server = setup.with("10-rule.wasm", version("good")).start().await;
    server.put_rule("10-rule.toml", DISABLED);
    let told = server.until_problem("10-rule", "disabled").await;
    assert_eq!(told.state, RuleState::Kept);
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}
