//! `apply` beside a running server: its directory, its verdict.

use std::fs;

use serde_json::json;

use super::{put, steps, tenant};
use crate::place::Place;

const GUARD: &str = "function (user, context, callback) { callback(null, user, context); }\n";
const ACTION: &str = "exports.onExecuteCredentialsExchange = async (event, api) => {};\n";

fn put_action(place: &Place, script: &str) {
    place.put("t/actions/guard/code.js", script);
    put(
        place,
        "t/actions/guard.json",
        &json!({ "name": "guard", "code": "./actions/guard/code.js", "deployed": true }),
    );
    put(
        place,
        "t/triggers/triggers.json",
        &json!({ "credentials-exchange": [{ "action_name": "guard" }] }),
    );
}

fn put_guard(place: &Place, script: &str) {
    place.put("t/rules/guard.js", script);
    put(
        place,
        "t/rules/guard.json",
        &json!({ "name": "guard", "order": 1, "enabled": true, "script": "./guard.js" }),
    );
}

fn clients_named_shop(place: &Place) -> usize {
    let clients = place.run(&["client", "list", "--json"]).json();
    let clients = clients.as_array().unwrap().iter();
    clients.filter(|client| client["name"] == "Shop").count()
}

#[test]
fn scripts_come_before_those_whom_they_guard_against_and_run_when_it_is_applied() {
    let place = Place::new();
    let _server = place.serve(&["--rules-dir", "rules"]);
    tenant(&place);
    put_guard(&place, GUARD);
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    assert_eq!(
        steps(&told),
        [
            "create rule guard",
            "create api https://orders.example",
            "create client Shop",
            "create grant Shop for https://orders.example"
        ]
    );
    let status = place.run(&["rule", "status", "--json"]).json();
    assert_eq!(status["rules"][0]["name"], "01-guard");
    assert_eq!(status["rules"][0]["state"], "live");
}

#[test]
fn nobody_gets_tokens_past_a_script_that_the_server_refuses() {
    let place = Place::new();
    let _server = place.serve(&["--rules-dir", "rules"]);
    tenant(&place);
    // It is analysed well, and fails when it is evaluated.
    put_action(&place, &format!("{ACTION}throw new Error('not today');\n"));
    // The second time the script is as declared, and still refused.
    for _ in 0..2 {
        let message = place.run(&["apply", "-f", "t"]).badly(5);
        for words in [
            "stopped at the server's verdict on the scripts",
            "01-guard: ",
            "Not done: create API https://orders.example; create client Shop",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
    assert_eq!(clients_named_shop(&place), 0);
    put_action(&place, ACTION);
    place.run(&["apply", "-f", "t"]).well();
    assert_eq!(clients_named_shop(&place), 1);
}

#[test]
fn the_directory_is_that_of_the_running_server() {
    let place = Place::new();
    fs::create_dir(place.path().join("my-rules")).unwrap();
    let _server = place.serve(&["--rules-dir", "my-rules"]);
    put_guard(&place, GUARD);
    let said = place.run(&["apply", "-f", "t"]);
    assert!(said.err.contains("my-rules"), "{said:?}");
    said.well();
    assert!(place.path().join("my-rules/01-guard.js").is_file());
    assert!(!place.path().join("rules").exists());
    let counts = place.run(&["export", "out", "--json"]).json();
    assert_eq!(counts["exported"]["rules"], 1);
}

#[test]
fn a_directory_that_only_the_server_sees_is_not_made_here() {
    let place = Place::new();
    fs::create_dir(place.path().join("my-rules")).unwrap();
    let _server = place.serve(&["--rules-dir", "my-rules"]);
    fs::remove_dir(place.path().join("my-rules")).unwrap();
    put_guard(&place, GUARD);
    for command in [&["apply", "-f", "t"][..], &["export", "out"]] {
        let message = place.run(command).badly(4);
        for words in ["my-rules", "configuration of this command says rules"] {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
    assert!(!place.path().join("rules").exists());
}
