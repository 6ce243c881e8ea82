//! Rules that are programs: the event on standard input, the answer on standard output.

use rulemint::rule::{Fault, LimitHit};
use serde_json::{Value, json};

use crate::harness::{AUDIENCE, CLIENT, Program, Setup, TestServer, assembled, from_text, typed};

/// A program that answers with this.
fn saying(enrich: &str) -> Program<'_> {
    Program {
        enrich,
        ..Program::default()
    }
}

async fn running(program: Program<'_>) -> TestServer {
    with_manifest(program, "").await
}

async fn with_manifest(program: Program<'_>, manifest: &str) -> TestServer {
    let setup = Setup::new().with("10-program.wasm", program.module());
    setup.with("10-program.toml", manifest).start().await
}

/// Why a server does not start with a program.
async fn refusal(program: Program<'_>, manifest: &str) -> String {
    let setup = Setup::new().with("10-program.wasm", program.module());
    setup.with("10-program.toml", manifest).refusal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_changes_claims_scopes_and_lifetime() {
    let changes = r#"{"changes":[
        {"op":"set_claim","name":"tier","value":{"level":[1,2]}},
        {"op":"remove_scope","scope":"write"},
        {"op":"shorten_lifetime","seconds":60}]}"#;
    let server = running(saying(changes)).await;
    let answer = server.ask(&[]).await;
    assert_eq!(answer.claims()["tier"], json!({ "level": [1, 2] }));
    assert_eq!(answer.claims()["scope"], "read");
    assert_eq!(answer.json()["expires_in"], 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_the_same_event_that_a_component_can_ask_for() {
    let program = saying(r#"{"changes":[{"op":"set_claim","name":"read","value":@}]}"#);
    let server = Setup::new()
        .with("10-program.wasm", program.module())
        .with("10-program.toml", "[settings]\ncolor = \"red\"\n")
        .with("20-tell.wasm", assembled("tell-event"))
        .with("20-tell.toml", "[settings]\ncolor = \"red\"\n")
        .start()
        .await;
    let claims = server
        .ask(&[("scope", "read"), ("color", "blue")])
        .await
        .claims();
    let (read, mut told) = (claims["read"].clone(), claims["event"].clone());
    assert_eq!(read["client"]["id"], CLIENT);
    assert_eq!(read["audience"], AUDIENCE);
    // The component runs second, and so sees what the program did.
    told["claims"].as_object_mut().unwrap().remove("read");
    assert_eq!(read, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_digit_of_a_programs_number_reaches_the_token() {
    let digits = "123456789012345678901234567890.125";
    let set = format!(r#"{{"changes":[{{"op":"set_claim","name":"n","value":{digits}}}]}}"#);
    let token = running(saying(&set)).await.ask(&[]).await.token();
    let payload = token.split('.').nth(1).unwrap();
    let payload =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload);
    let payload = String::from_utf8(payload.unwrap()).unwrap();
    assert!(payload.contains(digits), "{payload}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_denies_a_token_in_words_that_the_caller_sees() {
    let denied = r#"{"denied":{"code":"access_denied","description":"not today"}}"#;
    let answer = running(saying(denied)).await.ask(&[]).await;
    answer.refused(403, "access_denied");
    assert_eq!(answer.json()["error_description"], "not today");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_finds_a_request_wanting() {
    let answer = running(saying(r#"{"invalid":"say which region"}"#))
        .await
        .ask(&[])
        .await;
    answer.refused(400, "invalid_request");
    assert_eq!(answer.json()["error_description"], "say which region");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_says_it_has_a_fault_is_an_error_of_the_server() {
    let server = running(saying(r#"{"internal":"the table is gone"}"#)).await;
    server.ask(&[]).await.refused(500, "server_error");
    assert_eq!(
        server.fault(&[]).await.to_string(),
        "it failed: the table is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_claim_is_refused_to_a_program_too() {
    let set = r#"{"changes":[{"op":"set_claim","name":"iss","value":"me"}]}"#;
    let fault = running(saying(set)).await.fault(&[]).await.to_string();
    assert!(
        fault.contains("claim \"iss\" belongs to the host"),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_code_is_a_fault_and_the_last_line_on_standard_error_says_why() {
    let program = Program {
        stderr: "reading the table\nno such table\n",
        exit: 3,
        ..saying("")
    };
    let fault = running(program).await.fault(&[]).await;
    assert_eq!(
        fault.to_string(),
        "it ended with exit code 3: no such table"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_a_bad_exit_code_is_worth_nothing() {
    let program = Program {
        exit: 1,
        ..saying(r#"{"changes":[]}"#)
    };
    let fault = running(program).await.fault(&[]).await;
    assert!(matches!(fault, Fault::Exit { code: 1, .. }), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_quoted() {
    let fault = running(saying("debug: here\n{\"changes\":[]}"))
        .await
        .fault(&[])
        .await
        .to_string();
    assert!(fault.contains("is no answer"), "{fault}");
    assert!(fault.contains("it begins with \"debug: here\\n"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_no_answer() {
    let fault = running(saying("")).await.fault(&[]).await.to_string();
    assert!(fault.contains("it wrote nothing"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_answers_are_none() {
    let fault = running(saying("{\"changes\":[]}{\"changes\":[]}"))
        .await
        .fault(&[])
        .await;
    assert!(matches!(fault, Fault::NoAnswer { .. }), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_the_limit_is_refused_with_its_size() {
    let long = format!("{{\"invalid\":\"{}\"}}", "x".repeat(200));
    let server = with_manifest(saying(&long), "[limits]\noutput_bytes = 100\n").await;
    let fault = server.fault(&[]).await;
    let expected = LimitHit::Output {
        bytes: 214,
        limit: 100,
    };
    assert!(
        matches!(&fault, Fault::Limit(hit) if *hit == expected),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_spins_ends_with_its_processor_time() {
    let spin =
        r#"(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))"#;
    let setup = Setup::new().with("10-spin.wasm", wat::parse_str(spin).unwrap());
    let server = setup
        .with("10-spin.toml", "[limits]\ncpu_ms = 20\n")
        .start()
        .await;
    let fault = server.fault(&[]).await;
    assert!(matches!(fault, Fault::Limit(LimitHit::Cpu(20))), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_program_refuses_keep_it_out() {
    let program = Program {
        validate: r#"{"problems":["claim is missing","color is no color"]}"#,
        ..saying(r#"{"changes":[]}"#)
    };
    let message = refusal(program, "").await;
    let expected = "it refuses its settings:\n  claim is missing\n  color is no color";
    assert!(message.contains(expected), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_knows_one_call_only_has_no_objection_to_its_settings() {
    let program = Program {
        validate: "what?",
        describe: "what?",
        ..saying(r#"{"changes":[]}"#)
    };
    running(program).await.ask(&[]).await.claims();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_says_it_checks_its_settings_must_come_to_a_verdict() {
    let program = Program {
        validate: "what?",
        describe: r#"{"calls":["enrich","validate-settings"]}"#,
        ..saying(r#"{"changes":[]}"#)
    };
    let message = refusal(program, "").await;
    assert!(
        message.contains("its check of the settings failed"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_do_not_fit_their_schema_keep_a_rule_out() {
    let manifest = "[settings]\nclaim = 1\n[settings_schema]\nrequired = [\"tier\"]\n\
                    properties.claim.type = \"string\"\n";
    let message = refusal(saying(r#"{"changes":[]}"#), manifest).await;
    assert!(
        message.contains("settings.claim: 1 is not of type \"string\""),
        "{message}"
    );
    assert!(
        message.contains("\"tier\" is a required property"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_wants_more_than_wasi_is_told_so() {
    let greedy = r#"(module (import "env" "system" (func)) (memory (export "memory") 1) (func (export "_start")))"#;
    let setup = Setup::new().with("10-greedy.wasm", wat::parse_str(greedy).unwrap());
    let message = setup.refusal().await;
    assert!(message.contains("env"), "{message}");
    assert!(
        message.contains("may import wasi_snapshot_preview1 and nothing else"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_carries_a_components_type_may_use_preview_1() {
    let module = wat::parse_str(include_str!("../fixtures/rules/preview1-library.wat")).unwrap();
    let module = typed(module, include_str!("../../wit/rule.wit"), "rule");
    let server = Setup::new().with("10-library.wasm", module).start().await;
    let (one, other) = (
        server.ask(&[]).await.claims(),
        server.ask(&[]).await.claims(),
    );
    assert_eq!(one["random"].as_str().unwrap().len(), 8);
    assert_ne!(one["random"], other["random"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_a_program_is_one() {
    let component = from_text(include_str!("../fixtures/rules/program-component.wat"), "");
    let server = Setup::new()
        .with("10-program.wasm", component)
        .start()
        .await;
    let claims = server.ask(&[]).await.claims();
    assert_eq!(claims["from"], Value::from("a component"));
}
