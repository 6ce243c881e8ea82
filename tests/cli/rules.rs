//! `rulemint rule`

use std::fs;

use crate::checking::SPINNING;
use crate::place::{JTI_RULE, Place, until};
use crate::program::Program;

#[test]
fn status_shows_what_runs_and_what_does_not() {
    let place = Place::new();
    place.put_jti_rule();
    let _server = place.serve(&[]);
    place.put("rules/20-bad.wasm", "garbage");
    let said = until("the bad rule", || {
        let said = place.run(&["rule", "status"]).well();
        said.contains("20-bad  refused").then_some(said)
    });
    assert!(said.contains("10-jti  live"), "{said}");
    assert!(
        said.contains("it is not WebAssembly; if it is JavaScript, its name must end with .js"),
        "{said}"
    );
}

#[test]
fn status_shows_a_new_rule_while_it_is_being_built() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.put(
        "rules/10-spin.toml",
        "[limits]\ncpu_ms = 3000\nwall_ms = 9000\n[[cases]]\nexpect.changes = []\n",
    );
    place.put("rules/10-spin.wasm", wat::parse_str(SPINNING).unwrap());
    let status = |state: &str| {
        let said = place.run(&["rule", "status"]).well();
        said.contains(&format!("10-spin  {state}")).then_some(())
    };
    until("the new rule", || status("pending"));
    until("the verdict", || status("refused"));
}

#[test]
fn status_tells_of_a_rule_that_rests() {
    let place = Place::new();
    let faulty = Program {
        enrich: "no answer at all",
        ..Program::default()
    };
    place.put("rules/10-faulty.wasm", faulty.module());
    let client = place.furnish();
    let server = place.serve(&[]);
    let said = until("the rest", || {
        place.ask(&server, &client, &[]).badly(5);
        let said = place.run(&["rule", "status"]).well();
        said.contains("resting until").then_some(said)
    });
    assert!(
        said.contains("failures in a row; the last: what it wrote to standard output is no answer"),
        "{said}"
    );
    let status = place.run(&["rule", "status", "--json"]).json();
    assert!(status["rests"].is_object(), "{status}");
}

#[test]
fn status_of_a_stopped_server_says_so() {
    let place = Place::new();
    place.put_jti_rule();
    drop(place.serve(&[]));
    let said = place.run(&["rule", "status"]).well();
    assert!(
        said.contains("No server is running on this data directory"),
        "{said}"
    );
}

#[test]
fn status_before_any_rule_says_that_there_was_none() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let said = place.run(&["rule", "status"]).well();
    assert!(said.contains("0, no rule has been live yet"), "{said}");
    assert!(!said.contains("1970"), "{said}");
}

#[test]
fn status_before_any_server_is_an_error() {
    let place = Place::new();
    let message = place.run(&["rule", "status"]).badly(4);
    assert!(message.contains("no server has run"), "{message}");
    assert!(
        !place.path().join(".rulemint").exists(),
        "looking makes nothing"
    );
}

#[test]
fn reload_waits_until_the_server_has_looked() {
    let place = Place::new();
    let _server = place.serve(&["--watch", "off"]);
    place.put_jti_rule();
    place.run(&["rule", "reload"]).well();
    let status = place.run(&["rule", "status", "--json"]).json();
    assert_eq!(status["rules"][0]["name"], "10-jti");
}

#[test]
fn rollback_goes_back_and_status_tells() {
    let place = Place::new();
    place.put_jti_rule();
    let _server = place.serve(&["--watch", "off"]);
    fs::copy(JTI_RULE, place.path().join("rules/20-jti.wasm")).unwrap();
    place.run(&["rule", "reload"]).well();
    place.run(&["rule", "rollback"]).well();
    let status = place.run(&["rule", "status", "--json"]).json();
    assert_eq!(status["rules"].as_array().unwrap().len(), 1);
    assert_eq!(status["rolled_back"], true);
    let said = place.run(&["rule", "status"]).well();
    assert!(said.contains("Rolled back"), "{said}");
}

#[test]
fn rollback_to_what_never_was_says_that_it_is_not_there() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let message = place.run(&["rule", "rollback", "99"]).badly(4);
    assert!(message.contains("there is no generation 99"), "{message}");
}

#[test]
fn reload_without_a_server_is_refused() {
    let place = Place::new();
    place.furnish();
    let message = place.run(&["rule", "reload"]).badly(5);
    assert!(message.contains("no server is running"), "{message}");
}

#[test]
fn component_refuses_what_carries_no_type() {
    let place = Place::new();
    place.put("core.wasm", b"\0asm\x01\0\0\0");
    let message = place
        .run(&["rule", "component", "core.wasm", "-o", "rule.wasm"])
        .badly(1);
    assert!(
        message.contains("does not say what component it wants to be"),
        "{message}"
    );
    assert!(!place.path().join("rule.wasm").exists());
}
