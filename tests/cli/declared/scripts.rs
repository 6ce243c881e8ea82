//! Rules, Hooks and Actions: scripts in the rules directory.

use std::fs;

use serde_json::{Value, json};

use super::{put, steps};
use crate::place::Place;

pub(super) const RULE: &str =
    "function (user, context, callback) { callback(null, user, context); }\n";
pub(super) const HOOK: &str =
    "module.exports = function (client, scope, audience, context, cb) { cb(null, { scope }); };\n";
const ACTION: &str = "exports.onExecuteCredentialsExchange = async (event, api) => {};\n";

pub(super) fn put_rule(place: &Place, name: &str, order: u16) {
    place.put(&format!("t/rules/{name}.js"), format!("// {name}\n{RULE}"));
    put(
        place,
        &format!("t/rules/{name}.json"),
        &json!({ "name": name, "order": order, "enabled": true, "stage": "login_success", "script": format!("./{name}.js") }),
    );
}

pub(super) fn put_action(place: &Place, name: &str, more: &Value) {
    place.put(
        &format!("t/actions/{name}/code.js"),
        format!("// {name}\n{ACTION}"),
    );
    let mut action = json!({
        "name": name, "code": format!("./actions/{name}/code.js"), "deployed": true, "runtime": "node22", "status": "built",
        "supported_triggers": [{ "id": "credentials-exchange", "version": "v2" }], "dependencies": [], "secrets": [],
    });
    action
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    put(place, &format!("t/actions/{name}.json"), &action);
}

pub(super) fn bind(place: &Place, actions: &[&str]) {
    let binding = |name: &&str| json!({ "action_name": name, "display_name": name });
    let bindings: Vec<Value> = actions.iter().map(binding).collect();
    put(
        place,
        "t/triggers/triggers.json",
        &json!({ "credentials-exchange": bindings }),
    );
}

/// The files of the rules directory.
pub(super) fn rules(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path().join("rules")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn rules_hooks_and_actions_become_files_and_come_back() {
    for target in ["out", "out/tenant.yaml"] {
        let place = Place::new();
        put_rule(&place, "partner-tier", 3);
        put_rule(&place, "First of all", 1);
        place.put("t/hooks/scopes.js", HOOK);
        put(
            &place,
            "t/hooks/scopes.json",
            &json!({ "name": "Scopes", "triggerId": "credentials-exchange", "enabled": true, "script": "./scopes.js",
                     "dependencies": {}, "secrets": {} }),
        );
        put_action(&place, "b", &json!({}));
        put_action(&place, "a", &json!({}));
        put_action(&place, "unbound", &json!({}));
        bind(&place, &["b", "a"]);
        place.run(&["apply", "-f", "t", "--strict"]).well();
        assert_eq!(
            rules(&place),
            [
                "01-First-of-all.js",
                "01-First-of-all.toml",
                "03-partner-tier.js",
                "04-scopes.js",
                "05-b.js",
                "06-a.js",
                "07-unbound.js",
                "07-unbound.toml"
            ]
        );
        let off = fs::read_to_string(place.path().join("rules/07-unbound.toml")).unwrap();
        assert!(off.contains("disabled = true"), "{off}");
        place
            .run(&["apply", "-f", "t", "--strict", "--check", "--prune"])
            .well();

        place.run(&["export", target]).well();
        place
            .run(&["apply", "-f", target, "--strict", "--check", "--prune"])
            .well();
        fs::rename(place.path().join("rules"), place.path().join("before")).unwrap();
        place.run(&["apply", "-f", target, "--strict"]).well();
        place
            .run(&["apply", "-f", "t", "--strict", "--check", "--prune"])
            .well();
    }
}

#[test]
fn rules_change_places() {
    let place = Place::new();
    for (name, order) in [("a", 1), ("b", 2), ("c", 3)] {
        put_rule(&place, name, order);
    }
    place.run(&["apply", "-f", "t"]).well();
    for (name, order) in [("a", 2), ("b", 3), ("c", 1), ("d", 4)] {
        put_rule(&place, name, order);
    }
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    assert_eq!(
        steps(&told),
        [
            "update rule a",
            "update rule b",
            "update rule c",
            "create rule d"
        ]
    );
    assert_eq!(rules(&place), ["01-c.js", "02-a.js", "03-b.js", "04-d.js"]);
    place.run(&["apply", "-f", "t", "--check"]).well();
}

#[test]
fn actions_run_in_the_order_of_their_bindings() {
    let place = Place::new();
    for name in ["a", "b"] {
        put_action(&place, name, &json!({}));
    }
    bind(&place, &["a", "b"]);
    place.run(&["apply", "-f", "t"]).well();
    assert_eq!(rules(&place), ["01-a.js", "02-b.js"]);
    bind(&place, &["b", "a"]);
    place.run(&["apply", "-f", "t"]).well();
    let order: Vec<String> = rules(&place)
        .iter()
        .map(|name| name[3..].to_owned())
        .collect();
    assert_eq!(order, ["b.js", "a.js"]);
    place.run(&["apply", "-f", "t", "--check"]).well();

    // A rule takes the place that one of them has.
    let taken: u16 = rules(&place)[0][..2].parse().unwrap();
    put_rule(&place, "rule", taken);
    place.run(&["apply", "-f", "t"]).well();
    let order: Vec<String> = rules(&place)
        .iter()
        .map(|name| name[3..].to_owned())
        .collect();
    assert_eq!(order, ["rule.js", "b.js", "a.js"]);
}

#[test]
fn what_cannot_run_here_is_left_out() {
    let place = Place::new();
    put_action(
        &place,
        "signup",
        &json!({ "supported_triggers": [{ "id": "pre-user-registration" }] }),
    );
    put_action(
        &place,
        "Roles (v2)",
        &json!({ "dependencies": [{ "name": "left-pad", "version": "1.0.0" }] }),
    );
    put(
        &place,
        "t/triggers/triggers.json",
        &json!({ "pre-user-registration": [{ "action_name": "signup", "display_name": "x" }] }),
    );
    place.put("t/hooks/sms.js", HOOK);
    put(
        &place,
        "t/hooks/sms.json",
        &json!({ "name": "sms", "triggerId": "send-phone-message", "script": "./sms.js" }),
    );
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    let left_out = told["left_out"].to_string();
    for words in [
        "pre-user-registration: a token request of a machine has no such moment",
        "here it is called \\\"Roles (v2\\\"",
        "rulemint rule build",
        "send-phone-message: a token",
    ] {
        assert!(
            left_out.contains(&words.replace("Roles (v2", "Roles -v2")),
            "{words}: {left_out}"
        );
    }
    assert_eq!(steps(&told), ["create rule Roles -v2"]);
}

#[test]
fn rules_that_contradict_each_other_are_refused() {
    let place = Place::new();
    place.put("rules/05-by-hand.js", RULE);
    put_rule(&place, "a", 1);
    put_rule(&place, "b", 1);
    put_rule(&place, "c", 5);
    put_action(&place, "a", &json!({}));
    put(
        &place,
        "t/rules/lost.json",
        &json!({ "name": "lost", "script": "./lost.js" }),
    );
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    assert!(
        message.contains(
            "rules/lost.json: script: the file \"./lost.js\" cannot be read: No such file"
        ),
        "{message}"
    );
    fs::remove_file(place.path().join("t/rules/lost.json")).unwrap();
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    for words in [
        "actions/a.json: another Rule, Hook or Action is called \"a\", too",
        "rules/b.json: order: 1 is another rule's, too",
        "rules/c.json: order: 5 is the place of a rule that is not declared",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(rules(&place), ["05-by-hand.js"]);
}

#[test]
fn what_changes_in_a_script_is_shown_line_by_line() {
    let place = Place::new();
    put_rule(&place, "tier", 1);
    place.run(&["apply", "-f", "t"]).well();
    place.put("t/rules/tier.js", format!("// changed\n{RULE}"));
    let told = place.run(&["apply", "-f", "t", "--dry-run"]).well();
    assert!(
        told.contains("-// tier") && told.contains("+// changed"),
        "{told}"
    );
}

#[test]
fn a_step_that_fails_ends_it_and_tells_what_is_done_and_what_is_not() {
    let place = Place::new();
    super::tenant(&place);
    put_rule(&place, "a", 5);
    put_rule(&place, "b", 6);
    place.put("rules/..data/01-mounted.js", RULE);
    let message = place.run(&["apply", "-f", "t"]).badly(1);
    for words in [
        "stopped at create rule a",
        "Done: nothing",
        "Not done: create rule b; create API https://orders.example; create client Shop; create grant Shop",
        "a volume of Kubernetes",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(
        place
            .run(&["client", "list", "--json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        0
    );
}
