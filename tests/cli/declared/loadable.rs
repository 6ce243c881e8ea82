//! What is known of scripts before anything is done: whether they would load, and for whom they ran at Auth0.

use serde_json::{Value, json};

use super::{put, tenant};
use crate::place::Place;

const RULE: &str = "function (user, context, callback) { callback(null, user, context); }\n";

fn put_rule(place: &Place, name: &str, (enabled, script): (bool, &str)) {
    place.put(&format!("t/rules/{name}.js"), script);
    put(
        place,
        &format!("t/rules/{name}.json"),
        &json!({ "name": name, "enabled": enabled, "script": format!("./{name}.js") }),
    );
}

fn put_action(place: &Place, name: &str, (trigger, function): (&str, &str), secrets: &Value) {
    place.put(
        &format!("t/actions/{name}/code.js"),
        format!("exports.{function} = async (event, api) => {{}};\n"),
    );
    put(
        place,
        &format!("t/actions/{name}.json"),
        &json!({ "name": name, "code": format!("./actions/{name}/code.js"), "deployed": true, "secrets": secrets,
                 "supported_triggers": [{ "id": trigger }] }),
    );
}

#[test]
fn a_script_that_would_not_load_is_a_mistake_and_nothing_is_done() {
    let place = Place::new();
    tenant(&place);
    put_rule(
        &place,
        "module",
        (
            true,
            "function (user, context, callback) { require('left-pad'); }",
        ),
    );
    put_rule(
        &place,
        "syntax",
        (true, "function (user, context, callback) { ]"),
    );
    put_rule(
        &place,
        "unused",
        (false, "function (user, context, callback) { ]"),
    );
    for command in [
        &["apply", "-f", "t"][..],
        &["apply", "-f", "t", "--dry-run"],
    ] {
        // A dry run looks at what is there already.
        place.run(&["client", "list"]);
        let message = place.run(command).badly(3);
        for words in [
            "nothing was done: what is declared has 2 mistake(s)",
            "rules/module.json: ",
            "\"left-pad\" cannot be required",
            "rules/syntax.json: ",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
    assert!(!place.path().join("rules").exists());
    let clients = place.run(&["client", "list", "--json"]).json();
    assert_eq!(clients, json!([]));
}

#[test]
fn a_secret_that_is_too_short_to_load_is_a_mistake() {
    let place = Place::new();
    let secrets = json!([{ "name": "KEY", "value": "short" }]);
    let trigger = ("credentials-exchange", "onExecuteCredentialsExchange");
    put_action(&place, "crm", trigger, &secrets);
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    assert!(
        message.contains("actions/crm.json: secrets.KEY is shorter than 8 bytes"),
        "{message}"
    );
    assert!(!place.path().join("rules").exists());
}

#[test]
fn scripts_that_never_ran_for_machines_are_told_of_when_they_are_new() {
    let place = Place::new();
    put_rule(&place, "tier", (true, RULE));
    put_rule(&place, "switched-off", (false, RULE));
    let triggers = [
        ("login", "post-login", "onExecutePostLogin"),
        (
            "exchange",
            "credentials-exchange",
            "onExecuteCredentialsExchange",
        ),
    ];
    for (name, trigger, function) in triggers {
        put_action(&place, name, (trigger, function), &json!([]));
    }
    put(
        &place,
        "t/triggers/triggers.json",
        &json!({ "post-login": [{ "action_name": "login" }], "credentials-exchange": [{ "action_name": "exchange" }] }),
    );
    let said = place.run(&["apply", "-f", "t"]);
    assert!(
        said.err
            .contains("tier, login: at Auth0 these ran when people logged in"),
        "{said:?}"
    );
    said.well();
    let said = place.run(&["apply", "-f", "t"]);
    assert!(!said.err.contains("Auth0"), "{said:?}");
}
