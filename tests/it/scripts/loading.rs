//! Scripts come alive and change like any other rule, or say why they cannot.

use rulemint::reload::RuleState;

use crate::harness::{Setup, TestServer, running_script, until};

fn setting(value: u32) -> String {
    format!(
        "function (user, context, callback) {{
            context.accessToken['https://acme.example/version'] = {value};
            callback(null, user, context);
        }}"
    )
}

async fn version(server: &TestServer) -> u64 {
    let claims = server.ask(&[]).await.claims();
    claims["https://acme.example/version"].as_u64().unwrap()
}

/// Puts a bad script beside a good server, and gives what is said about it.
async fn said_about(script: &str) -> String {
    let server = running_script(&setting(1), "").await;
    server.put_rule("20-bad.js", script);
    let rule = server.until_problem("20-bad", "script").await;
    assert_eq!(rule.state, RuleState::Refused);
    assert_eq!(version(&server).await, 1);
    rule.problem.unwrap().text
}

#[tokio::test(flavor = "multi_thread")]
async fn compiling_a_script_is_timed_like_any_other_rule() {
    let server = running_script(&setting(1), "").await;
    let metrics = server.get("/metrics").await.body;
    let line = "rulemint_rule_compile_seconds{rule=\"10-script\"} ";
    let took = metrics.lines().find_map(|known| known.strip_prefix(line));
    assert!(took.unwrap().parse::<f64>().unwrap() > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_script_goes_live() {
    let setup = Setup::new().with_script("10-script.js", &setting(1)).await;
    let server = setup.start().await;
    assert_eq!(version(&server).await, 1);
    server.put_rule("10-script.js", setting(2));
    until("the edit", async || {
        (version(&server).await == 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_is_broken_by_an_edit_leaves_the_last_good_one_running() {
    let server = running_script(&setting(1), "").await;
    server.put_rule("10-script.js", "function (user, context, callback) {");
    let rule = server.until_problem("10-script", "script").await;
    assert_eq!(rule.state, RuleState::Kept);
    assert_eq!(version(&server).await, 1);
    let setup = server.stop().await;
    assert_eq!(version(&setup.start().await).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_syntax_error_names_file_and_line() {
    let said = said_about("function (user, context, callback) {\n  var = 1;\n}").await;
    assert!(said.contains("20-bad.js:2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_none_of_auth0s_says_what_they_look_like() {
    let said = said_about("var x = 1;").await;
    assert!(
        said.contains("function (user, context, callback)"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_module_is_named_with_its_line_and_what_to_do() {
    let script = "function (user, context, callback) {\n  require('left-pad');\n}";
    let said = said_about(script).await;
    assert!(said.contains("20-bad.js:2"), "{said}");
    assert!(said.contains("left-pad"), "{said}");
    assert!(said.contains("rulemint rule build"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_outside_of_the_function_that_throws_is_told_at_load() {
    let script =
        "throw new Error('not today');\nexports.onExecuteCredentialsExchange = async () => {};";
    let said = said_about(script).await;
    assert!(said.contains("not today"), "{said}");
    assert!(said.contains("20-bad.js:1"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn webassembly_under_a_scripts_name_is_told_so() {
    let server = running_script(&setting(1), "").await;
    server.put_rule("20-bad.js", b"\0asm\x01\0\0\0");
    let rule = server.until_problem("20-bad", "not_a_rule").await;
    assert!(rule.problem.unwrap().text.contains(".wasm"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_golden_case_keeps_a_script_from_going_live() {
    let setup = Setup::new().with_script("10-script.js", &setting(1)).await;
    let cases = setup.config.rules.dir.join("10-script.cases");
    std::fs::create_dir(&cases).unwrap();
    let case = r#"{"expect":{"changes":[
        {"op":"set_claim","name":"https://acme.example/version","value":1}]}}"#;
    std::fs::write(cases.join("first.json"), case).unwrap();
    let server = setup.start().await;
    server.put_rule("10-script.js", setting(2));
    server.until_problem("10-script", "case").await;
    assert_eq!(version(&server).await, 1);
}
