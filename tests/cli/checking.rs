//! `rulemint rule check`: whether a server would take a rule, and what it needs.

use std::fs;

use serde_json::Value;

use crate::assemble::rule_that_sets;
use crate::place::{JTI_RULE, Place};
use crate::workbench::{gold, with_program};

#[test]
fn check_says_what_a_good_rule_is_and_needs() {
    let place = Place::new();
    place.put("10-jti.wasm", fs::read(JTI_RULE).unwrap());
    let said = place.run(&["rule", "check", "10-jti.wasm"]).well();
    for expected in [
        "component, rulemint:rule@1",
        "rulemint:rule/host@1.0.0",
        "fresh every time: jti",
        "KiB of memory",
        "A server would take it.",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn check_finds_a_jti_that_is_always_the_same() {
    let place = Place::new();
    place.put(
        "10-frozen.wasm",
        rule_that_sets("jti", "\"6f1e9d0a-37a5-4a0b-9f57-0c8c7d6f0001\""),
    );
    let said = place.run(&["rule", "check", "10-frozen.wasm"]);
    assert!(
        said.out.contains("it set the same jti in 1000 calls"),
        "{said:?}"
    );
    said.badly(5);
}

#[test]
fn check_says_which_limit_to_raise_and_to_what() {
    let place = with_program(gold());
    place.put("10-program.toml", "[limits]\nmemory_bytes = 65536\n");
    let said = place.run(&["rule", "check", "10-program.wasm"]);
    assert!(said.out.contains("limits.memory_bytes"), "{said:?}");
    assert!(said.out.contains("memory_bytes = 1048576"), "{said:?}");
    said.badly(5);
}

#[test]
fn check_of_what_no_limit_is_enough_for_says_so_and_advises_none() {
    let place = Place::new();
    place.put("10-spin.wasm", wat::parse_str(SPINNING).unwrap());
    let said = place.run(&["rule", "check", "10-spin.wasm"]);
    let told = "it used its 10000 ms of processor time, most likely in a loop that does not end (limits.cpu_ms), and no manifest may \
         give it more";
    assert!(said.out.contains(told), "{said:?}");
    assert!(!said.out.contains("raise them"), "{said:?}");
    assert!(!said.out.contains("0 B of memory"), "{said:?}");
    said.badly(5);
}

/// A program that goes round and round.
pub(crate) const SPINNING: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;

#[test]
fn check_says_how_long_loading_takes_and_what_the_limit_should_be() {
    let place = with_program(gold());
    let said = place
        .run(&["rule", "check", "10-program.wasm", "--json"])
        .json();
    assert!(said["needs"]["load_ms"].is_u64(), "{said}");
    place.put("10-program.toml", "[limits]\ncompile_seconds = 1\n");
    let said = place.run(&["rule", "check", "10-program.wasm"]).well();
    assert!(
        said.contains("compile_seconds = ") && said.contains("leaves room"),
        "a second begun, or more, is tight for a limit of one: {said}"
    );
    assert!(said.contains("A server would take it."), "{said}");
}

#[test]
fn check_says_why_a_file_is_no_rule() {
    let place = Place::new();
    place.put("page.wasm", "<html>");
    let said = place.run(&["rule", "check", "page.wasm"]);
    assert!(said.out.contains("it is a web page"), "{said:?}");
    said.badly(5);
}

#[test]
fn check_takes_several_rules_and_ends_as_badly_as_the_worst() {
    let place = with_program(gold());
    place.put("rules/10-jti.wasm", fs::read(JTI_RULE).unwrap());
    place.put("rules/20-page.wasm", "<html>");
    place.put("rules/README.md", "no rule");
    let check = ["rule", "check", "10-program.wasm", "rules"];
    let said = place.run(&check);
    assert!(said.out.contains("rule     10-program\n"), "{said:?}");
    assert!(said.out.contains("rule     10-jti\n"), "{said:?}");
    let message = said.badly(5);
    assert!(
        message.contains("1 of 3 rules would not run as they are: 20-page"),
        "{message}"
    );

    let all = place.run(&[&check[..], &["--json"]].concat());
    let all: Value = serde_json::from_str(&all.out).unwrap();
    let names = ["10-program", "10-jti", "20-page"];
    assert_eq!(all.as_array().unwrap().len(), names.len());
    assert_eq!([&all[0]["name"], &all[1]["name"], &all[2]["name"]], names);

    fs::remove_file(place.path().join("rules/20-page.wasm")).unwrap();
    let said = place
        .run(&["rule", "check", "rules", "10-program.wasm"])
        .well();
    assert!(
        said.contains("A server would take all 2 of them."),
        "{said}"
    );
}

#[test]
fn check_of_several_rules_goes_on_behind_one_that_cannot_be_read() {
    let place = with_program(gold());
    place.put("20-odd.wasm", "");
    place.put("20-odd.toml", "on_eror = \"skip\"\n");
    let said = place.run(&[
        "rule",
        "check",
        "20-odd.wasm",
        "none.wasm",
        "10-program.wasm",
    ]);
    for words in [
        "the manifest has 1 mistake(s):",
        "on_eror",
        "read none.wasm: No such file",
        "A server would take it.",
    ] {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
    let message = said.badly(5);
    assert!(message.contains("2 of 3 rules would not run"), "{message}");
}

#[test]
fn check_says_that_kept_instances_are_not_tried() {
    let place = Place::new();
    place.put("10-jti.wasm", fs::read(JTI_RULE).unwrap());
    place.put("10-jti.toml", "instances = \"kept\"\n");
    let said = place.run(&["rule", "check", "10-jti.wasm"]).well();
    assert!(
        said.contains("note: its manifest keeps instances"),
        "{said}"
    );
}
