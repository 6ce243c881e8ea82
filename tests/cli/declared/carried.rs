//! What Auth0 does not have is carried along: manifests of scripts, and clients that are APIs themselves.

use std::fs;

use serde_json::json;

use super::{put, steps, tenant};
use crate::place::{Place, finish};

const RULE: &str = "function (user, context, callback) { callback(null, user, context); }\n";
const ACTION: &str = "exports.onExecuteCredentialsExchange = async (event, api) => {};\n";
const MANIFEST: &str = "# Ours.\non_error = \"skip\"\n\n[settings]\ntier = \"gold\" # for now\n\n\
                        [when]\naudiences = [\"https://orders.example\"]\n";

/// A Rule and an Action with manifests, and a client that is an API.
fn furnish(place: &Place) {
    tenant(place);
    place.put("t/rules/tier.js", RULE);
    place.put("t/rules/tier.toml", MANIFEST);
    put(
        place,
        "t/rules/tier.json",
        &json!({ "name": "The tier", "order": 3, "enabled": false, "script": "./tier.js" }),
    );
    place.put("t/actions/crm/code.js", ACTION);
    place.put(
        "t/actions/crm/code.toml",
        "[limits]\nmemory_bytes = 16777216\n",
    );
    put(
        place,
        "t/actions/crm.json",
        &json!({ "name": "crm", "code": "./actions/crm/code.js", "deployed": true,
                 "supported_triggers": [{ "id": "credentials-exchange" }],
                 "secrets": [{ "name": "KEY", "value": "open sesame" }] }),
    );
    put(
        place,
        "t/triggers/triggers.json",
        &json!({ "credentials-exchange": [{ "action_name": "crm" }] }),
    );
    put(
        place,
        "t/api-servers/Shop-Orders.json",
        &json!({ "client_id": "Shop", "audience": "https://orders.example" }),
    );
}

fn read(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path().join(name)).unwrap()
}

fn served(place: &Place) -> Vec<String> {
    let clients = place.run(&["client", "list", "--json"]).json();
    let id = clients[0]["client_id"].as_str().unwrap().to_owned();
    let client = place.run(&["client", "show", &id, "--json"]).json();
    serde_json::from_value(client["serves"].clone()).unwrap()
}

#[test]
fn manifests_and_api_servers_go_out_and_come_in_again_in_both_formats() {
    for target in ["out", "out/tenant.yaml"] {
        let place = Place::new();
        furnish(&place);
        place.run(&["apply", "-f", "t", "--strict"]).well();
        place
            .run(&["apply", "-f", "t", "--strict", "--check", "--prune"])
            .well();
        let written = read(&place, "rules/03-The-tier.toml");
        for words in ["# Ours.", "tier = \"gold\" # for now", "disabled = true"] {
            assert!(written.contains(words), "{words}: {written}");
        }
        assert_eq!(served(&place), ["https://orders.example"]);

        place.run(&["export", target]).well();
        assert_eq!(read(&place, "out/rules/The tier.toml"), MANIFEST);
        // Where this installation keeps the secret says nothing elsewhere.
        let carried = read(&place, "out/actions/crm/code.toml");
        assert!(
            carried.contains("memory_bytes") && !carried.contains("KEY"),
            "{carried}"
        );
        place
            .run(&["apply", "-f", target, "--strict", "--check", "--prune"])
            .well();

        // Another installation, made of the export, runs the rules as this one does.
        let mut elsewhere = place.command(&["apply", "-f", target, "--data-dir", "other"]);
        finish(elsewhere.env("RULEMINT_RULES_DIR", "other-rules")).well();
        assert_eq!(
            read(&place, "other-rules/03-The-tier.toml"),
            read(&place, "rules/03-The-tier.toml")
        );
        let mut check = place.command(&[
            "apply",
            "-f",
            "t",
            "--data-dir",
            "other",
            "--check",
            "--prune",
        ]);
        let told = finish(check.env("RULEMINT_RULES_DIR", "other-rules")).badly(5);
        assert!(told.contains("is not what is declared"), "{told}"); // The secret that no export has.
    }
}

#[test]
fn a_changed_manifest_is_shown_and_taken_and_keeps_the_secrets_of_the_installation() {
    let place = Place::new();
    furnish(&place);
    place.run(&["apply", "-f", "t"]).well();
    place.put(
        "t/actions/crm/code.toml",
        "on_error = \"skip\"\n[limits]\nmemory_bytes = 16777216\n",
    );
    let told = place.run(&["apply", "-f", "t"]).well();
    assert!(
        told.contains("0 to create, 1 to change") && told.contains("+on_error = \"skip\""),
        "{told}"
    );
    let written = read(&place, "rules/04-crm.toml");
    assert!(
        written.contains("on_error = \"skip\"") && written.contains("[secrets.KEY]"),
        "{written}"
    );
    place.run(&["apply", "-f", "t", "--check"]).well();

    // Files that say nothing of it leave it as it is.
    fs::remove_file(place.path().join("t/actions/crm/code.toml")).unwrap();
    place.run(&["apply", "-f", "t", "--check"]).well();
}

#[test]
fn a_manifest_that_is_none_or_of_no_script_is_refused() {
    let place = Place::new();
    furnish(&place);
    place.put("t/rules/tier.toml", "on_eror = \"skip\"\n");
    place.put("t/rules/teir.toml", "on_error = \"skip\"\n");
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    for words in [
        "rules/tier.toml: on_eror: there is no such key; did you mean on_error?",
        "rules/teir.toml: there is no script of that name beside it",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert!(!place.path().join("rules").exists());
}

#[test]
fn who_serves_an_api_is_pruned_and_checked_like_a_grant() {
    let place = Place::new();
    furnish(&place);
    place.run(&["apply", "-f", "t"]).well();
    fs::remove_file(place.path().join("t/api-servers/Shop-Orders.json")).unwrap();
    place.run(&["apply", "-f", "t", "--check"]).well();
    let told = place.run(&["apply", "-f", "t", "--prune", "--json"]).json();
    let steps = steps(&told);
    assert!(
        steps
            .iter()
            .any(|step| step.starts_with("delete api_server Shop")),
        "{steps:?}"
    );
    assert!(served(&place).is_empty());

    put(
        &place,
        "t/api-servers/one.json",
        &json!({ "client_id": "Shop", "audience": "https://order.example" }),
    );
    put(
        &place,
        "t/api-servers/two.json",
        &json!({ "client_id": "Shop", "audiense": "https://orders.example" }),
    );
    for name in ["three", "four"] {
        put(
            &place,
            &format!("t/api-servers/{name}.json"),
            &json!({ "client_id": "Shop", "audience": "https://orders.example" }),
        );
    }
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    for words in [
        "one.json: audience: https://order.example: there is none, here or in the files",
        "two.json: audiense: nobody knows such a property; did you mean audience?",
        "three.json: this client serves this API here already",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn golden_cases_are_named_as_left_out() {
    let place = Place::new();
    furnish(&place);
    place.run(&["apply", "-f", "t"]).well();
    place.put("rules/03-The-tier.cases/one.json", "{}");
    let told = place.run(&["export", "out"]).well();
    assert!(
        told.contains("03-The-tier.cases: it has golden cases: copy the directory"),
        "{told}"
    );
}
