//! What whoever writes rules does on the command line.

use std::fs;

use serde_json::{Value, json};

use crate::assemble::rule_that_sets;
use crate::place::{JTI_RULE, Place, finish};
use crate::program::Program;

/// A directory with a rule that is a program.
pub(crate) fn with_program(program: Program<'_>) -> Place {
    let place = Place::new();
    place.put("10-program.wasm", program.module());
    place
}

pub(crate) const TIER: &str = r#"{"changes":[{"op":"set_claim","name":"tier","value":"gold"}]}"#;

pub(crate) fn gold() -> Program<'static> {
    Program {
        enrich: TIER,
        ..Program::default()
    }
}

#[test]
fn run_shows_the_claims_before_and_after() {
    let said = with_program(gold())
        .run(&["rule", "run", "10-program.wasm"])
        .well();
    assert!(said.contains("+ tier: \"gold\""), "{said}");
    assert!(said.contains("  aud: \"https://api.example\""), "{said}");
    assert!(said.contains("took "), "{said}");
}

#[test]
fn run_takes_an_event_from_a_file_and_answers_in_json() {
    let echo = Program {
        enrich: r#"{"changes":[{"op":"set_claim","name":"event","value":@}]}"#,
        stderr: "hello\n",
        ..Program::default()
    };
    let place = with_program(echo);
    place.put(
        "event.json",
        r#"{"client":{"id":"me"},"parameters":{"color":"red"}}"#,
    );
    let said = place
        .run(&[
            "rule",
            "run",
            "10-program.wasm",
            "-e",
            "event.json",
            "--json",
        ])
        .json();
    assert_eq!(said["after"]["event"]["client"]["id"], "me");
    assert_eq!(
        said["after"]["event"]["parameters"],
        json!({ "color": "red" })
    );
    assert_eq!(said["before"]["event"], Value::Null);
    assert_eq!(said["log"], json!([{ "level": "info", "text": "hello" }]));
}

#[test]
fn run_shows_every_digit_that_the_token_will_have() {
    let place = with_program(Program {
        enrich: r#"{"changes":[{"op":"set_claim","name":"n","value":[123456789012345678901234567890.10,1.10]}]}"#,
        ..Program::default()
    });
    let claim = "[123456789012345678901234567890.10,1.10]";
    let said = place.run(&["rule", "run", "10-program.wasm"]).well();
    assert!(said.contains(&format!("+ n: {claim}\n")), "{said}");
    let said = place.run(&["rule", "run", "10-program.wasm", "--json"]);
    let said = said.well();
    assert!(said.contains(&format!("\"value\": {claim}")), "{said}");
    assert!(said.contains(&format!("\"n\": {claim}")), "{said}");
}

#[test]
fn run_reads_an_event_from_standard_input() {
    let place = with_program(gold());
    let said = place.run_with(
        &["rule", "run", "10-program.wasm", "-e", "-", "--json"],
        "{\"lifetime\":60}",
    );
    let claims = said.json()["after"].clone();
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        60
    );
}

#[test]
fn an_event_with_a_misspelt_key_is_refused() {
    let place = with_program(gold());
    let said = place.run_with(
        &["rule", "run", "10-program.wasm", "-e", "-"],
        "{\"audiense\":\"x\"}",
    );
    let message = said.badly(1);
    assert!(message.contains("unknown field `audiense`"), "{message}");
}

#[test]
fn run_of_a_rule_that_denies_ends_with_5() {
    let denying = Program {
        enrich: r#"{"denied":{"code":"access_denied","description":"no"}}"#,
        ..Program::default()
    };
    let said = with_program(denying).run(&["rule", "run", "10-program.wasm"]);
    assert!(said.out.contains("denied (access_denied): no"), "{said:?}");
    said.badly(5);
}

#[test]
fn test_tells_each_golden_case() {
    let place = with_program(gold());
    place.put(
        "10-program.cases/gold.json",
        format!("{{\"description\":\"gold is gold\",\"expect\":{TIER}}}"),
    );
    place.put(
        "10-program.cases/none.json",
        "{\"expect\":{\"changes\":[]}}",
    );
    let said = place.run(&["rule", "test", "10-program.wasm"]);
    assert!(said.out.contains("pass  gold is gold"), "{said:?}");
    assert!(said.out.contains("FAIL  none.json"), "{said:?}");
    assert!(
        said.out.contains("+      \"op\": \"set_claim\""),
        "{said:?}"
    );
    let message = said.badly(5);
    assert!(message.contains("1 of 2 golden cases failed"), "{message}");
}

#[test]
fn the_difference_of_a_golden_case_is_one_between_possible_answers() {
    let place = with_program(Program {
        enrich: r#"{"changes":[]}"#,
        ..Program::default()
    });
    place.put(
        "10-program.cases/no.json",
        r#"{"expect":{"denied":{"code":"access_denied"}}}"#,
    );
    let said = place.run(&["rule", "test", "10-program.wasm"]);
    assert!(said.out.contains("+  \"changes\": []"), "{said:?}");
    assert!(!said.out.contains("null"), "{said:?}");
    said.badly(5);
}

#[test]
fn bench_gives_figures_of_as_many_calls_as_were_asked_for() {
    let place = with_program(gold());
    let said = place
        .run(&[
            "rule",
            "bench",
            "10-program.wasm",
            "--calls",
            "20",
            "--json",
        ])
        .json();
    assert_eq!(said["calls"], 20);
    assert!(said["call_us"]["p50"].as_f64().unwrap() > 0.0);
}

#[test]
fn bench_tells_what_kept_instances_save() {
    let place = Place::new();
    place.put("10-jti.wasm", fs::read(JTI_RULE).unwrap());
    let bench = ["rule", "bench", "10-jti.wasm", "--calls", "20"];
    let said = place.run(&bench).well();
    assert!(said.contains("making the sandbox  p50 "), "{said}");
    place.put("10-jti.toml", "instances = \"kept\"\n");
    let said = place.run(&bench).well();
    assert!(!said.contains("making the sandbox"), "{said}");
    assert!(said.contains("a new instance  p50 "), "{said}");
    assert!(
        said.contains("only a call that finds none waiting"),
        "{said}"
    );
}

#[test]
fn inspect_shows_what_is_in_a_file() {
    let place = Place::new();
    place.put("10-jti.wasm", fs::read(JTI_RULE).unwrap());
    let said = place
        .run(&["rule", "inspect", "10-jti.wasm", "--wit"])
        .well();
    for expected in [
        "component",
        "sha256:",
        "rulemint:rule/host@1.0.0",
        "rulemint:rule/enrich@1.0.0",
        "world root {",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let place = with_program(gold());
    let said = place.run(&["rule", "inspect", "10-program.wasm"]).well();
    assert!(said.contains("WASI preview 1 command"), "{said}");
    assert!(said.contains("wasi_snapshot_preview1 fd_write"), "{said}");
}

#[test]
fn diff_shows_what_another_version_would_change() {
    let place = with_program(gold());
    place.put("new.wasm", rule_that_sets("tier", "\"silver\""));
    place.put(
        "events.json",
        "{}\n{\"audience\":\"https://other.example\"}\n",
    );
    let diff = [
        "rule",
        "diff",
        "10-program.wasm",
        "new.wasm",
        "-e",
        "events.json",
    ];
    let said = place.run(&diff);
    assert!(said.out.contains("- tier: \"gold\""), "{said:?}");
    assert!(said.out.contains("+ tier: \"silver\""), "{said:?}");
    let message = said.badly(5);
    assert!(
        message.contains("2 of 2 events come out otherwise"),
        "{message}"
    );
}

#[test]
fn a_value_that_is_fresh_every_time_is_no_difference() {
    let place = Place::new();
    place.put("old.wasm", fs::read(JTI_RULE).unwrap());
    place.put("new.wasm", fs::read(JTI_RULE).unwrap());
    place.put("events/one.json", "{}");
    place.put("events/two.json", r#"{"event":{},"expect":{"changes":[]}}"#);
    let said = place
        .run(&["rule", "diff", "old.wasm", "new.wasm", "-e", "events"])
        .well();
    assert_eq!(said, "All 2 events come out the same.\n");
    let empty = place.path().join("empty");
    fs::create_dir(empty).unwrap();
    let message = place
        .run(&["rule", "diff", "old.wasm", "new.wasm", "-e", "empty"])
        .badly(4);
    assert!(message.contains("no .json files in empty"), "{message}");
}

#[test]
fn a_directory_without_cases_proves_nothing() {
    let place = with_program(gold());
    fs::create_dir(place.path().join("none")).unwrap();
    let message = place
        .run(&["rule", "test", "10-program.wasm", "--cases", "none"])
        .badly(4);
    assert!(message.contains("no golden cases in none"), "{message}");
}

#[test]
fn the_contract_is_printed_as_text_or_in_json() {
    let place = Place::new();
    let text = place.run(&["rule", "wit"]).well();
    assert!(text.contains("package rulemint:rule@1.0.0;"), "{text}");
    assert_eq!(place.run(&["rule", "wit", "--json"]).json()["wit"], *text);
}

#[test]
fn the_published_schemas_are_the_programs() {
    for of in ["event", "result", "case", "manifest"] {
        let printed = Place::new().run(&["rule", "schema", of]).well();
        let page = format!("{}/docs/schemas/{of}.json", env!("CARGO_MANIFEST_DIR"));
        let published = fs::read_to_string(page).unwrap_or_default();
        assert_eq!(
            published, printed,
            "run: cargo run -- rule schema {of} > docs/schemas/{of}.json"
        );
    }
}

#[test]
fn compiled_rules_are_remembered_in_the_cache_directory() {
    let place = with_program(gold());
    let cache = place.path().join("cache");
    let mut command = place.command(&["rule", "run", "10-program.wasm"]);
    finish(command.env("XDG_CACHE_HOME", &cache)).well();
    let compiled = fs::read_dir(cache.join("rulemint/compiled")).unwrap();
    assert_eq!(compiled.count(), 1);
}
