//! What is said when a script fails at a token: its own file, line and message.

use rulemint::rule::{Fault, LimitHit};

use crate::harness::{Lines, TestServer, running_script};

async fn rule(body: &str) -> TestServer {
    let rule = format!("function (user, context, callback) {{\n{body}\n}}");
    running_script(&rule, PATIENT).await
}

async fn said_by(body: &str) -> String {
    match rule(body).await.fault(&[]).await {
        Fault::Internal(text) => text,
        other => panic!("another fault: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_names_file_line_and_message() {
    let said = said_by("\n  user.missing.name = 1;").await;
    assert!(said.contains("10-script.js:3"), "{said}");
    assert!(said.contains("undefined"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_is_called_back_is_a_fault_of_the_rule() {
    let said = said_by("callback(new Error('the CRM is on fire'));").await;
    assert!(said.contains("the CRM is on fire"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_never_called_is_found_out_at_once() {
    let said = said_by("var forgotten = callback;").await;
    assert!(said.contains("callback"), "{said}");
    assert!(said.contains("10-script.js"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_called_twice_is_a_fault() {
    let said = said_by("callback(null, user, context); callback(null, user, context);").await;
    assert!(said.contains("twice"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_promise_is_a_fault_with_its_message() {
    let action = "exports.onExecuteCredentialsExchange = async () => {
        await null;
        throw new TypeError('rejected in the end');
    };";
    match running_script(action, "").await.fault(&[]).await {
        Fault::Internal(said) => {
            assert!(said.contains("rejected in the end"), "{said}");
            assert!(said.contains("10-script.js:3"), "{said}");
        }
        other => panic!("another fault: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_waits_for_ever_ends_with_its_processor_time() {
    let body = "(function again() { setTimeout(again, 1); })();";
    let fault = rule(body).await.fault(&[]).await;
    assert!(matches!(fault, Fault::Limit(LimitHit::Cpu(50))), "{fault}");
}

#[tokio::test]
async fn what_a_script_prints_is_in_the_rules_log() {
    let server =
        rule("console.log('hello %s', 'there', { a: 1 }); callback(null, user, context);").await;
    let lines = Lines::here();
    server.issue(&[]).await.unwrap();
    let said = lines.with("hello there");
    assert_eq!(said.len(), 1, "{}", lines.text());
    assert!(said[0].contains("10-script"), "{said:?}");
}

#[tokio::test]
async fn a_promise_that_is_rejected_unheard_is_in_the_log_with_its_place() {
    let lines = Lines::here();
    let server =
        rule("Promise.reject(new TypeError('no such partner'));\ncallback(null, user, context);")
            .await;
    server.ask(&[]).await.token();
    let said = lines.with("a promise was rejected, and nothing in the script hears of it");
    assert_eq!(said.len(), 1, "{}", lines.text());
    assert!(
        said[0].contains("TypeError: no such partner"),
        "{}",
        said[0]
    );
    assert!(said[0].contains("10-script.js:2"), "{}", said[0]);
}

/// On a busy machine the clock may run out before the processor time does.
const PATIENT: &str = "[limits]\nwall_ms = 20000\n";
