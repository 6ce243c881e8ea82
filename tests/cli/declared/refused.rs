//! What is left out of what files declare, and what nothing is done for.

use serde_json::json;

use super::{put, steps, tenant};
use crate::place::Place;

#[test]
fn what_rulemint_does_not_have_is_left_out_and_told() {
    let place = Place::new();
    tenant(&place);
    place.put("t/tenant.json", r#"{"friendly_name": "Acme"}"#);
    place.put("t/connections/google.json", r#"{"name": "google"}"#);
    put(
        &place,
        "t/clients/Shop.json",
        &json!({ "name": "Shop", "client_authentication_methods": { "tls_client_auth": {} }, "shoe_size": 43 }),
    );
    put(
        &place,
        "t/grants/Other.json",
        &json!({ "client_id": "Other", "audience": "https://acme.eu.auth0.com/api/v2/", "scope": [] }),
    );
    put(
        &place,
        "t/grants/Management.json",
        &json!({ "client_id": "Shop", "audience": "https://acme.eu.auth0.com/api/v2/", "scope": [] }),
    );
    put(
        &place,
        "t/resource-servers/Own.json",
        &json!({ "name": "Auth0 My Account API", "identifier": "https://acme.eu.auth0.com/me/", "is_system": true }),
    );
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    let left_out = told["left_out"].to_string();
    for words in [
        "connections/ (1 file)",
        "\"place\":\"tenant.json\"",
        "\"property\":\"client_authentication_methods\",\"why\":\"this server cannot do that (tls_client_auth)",
        "\"property\":\"shoe_size\",\"why\":\"rulemint knows no such property\"",
        "the management API of another place",
        "an API of Auth0 itself",
    ] {
        assert!(left_out.contains(words), "{words}: {left_out}");
    }
    assert_eq!(steps(&told).len(), 3);
    let message = place.run(&["apply", "-f", "t", "--strict"]).badly(3);
    assert!(
        message.contains("connections/ (1 file): rulemint has no connections"),
        "{message}"
    );
}

#[test]
fn a_script_that_is_not_there_is_told_by_the_file_and_the_property_that_want_it() {
    let place = Place::new();
    let hook = |name: &str, script: serde_json::Value| {
        let mut hook = json!({ "name": name, "triggerId": "credentials-exchange" });
        if !script.is_null() {
            hook["script"] = script;
        }
        put(&place, &format!("t/hooks/{name}.json"), &hook);
    };
    hook("none", json!(null));
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    let told = "hooks/none.json: it has no script: name the file that has the code of \"none\"";
    assert!(message.contains(told), "{message}");
    hook("lost", json!("lost.js"));
    hook("empty", json!(""));
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    for told in [
        "hooks/lost.json: script: the file \"lost.js\" cannot be read: No such file",
        "hooks/empty.json: script is empty: name the file that has it",
    ] {
        assert!(message.contains(told), "{told}: {message}");
    }
}

#[test]
fn keys_come_with_a_new_client_and_stay_as_they_are_after_that() {
    let place = Place::new();
    let shop = |methods: serde_json::Value| {
        let client = json!({ "name": "Shop", "client_id": "shop", "client_authentication_methods": methods });
        put(&place, "t/clients/Shop.json", &client);
        place.run(&["apply", "-f", "t", "--json"]).json()
    };
    let by_keys = |list: serde_json::Value| json!({ "private_key_jwt": { "credentials": list } });
    let pem = rcgen::KeyPair::generate().unwrap().public_key_pem();
    let whole = || json!([{ "credential_type": "public_key", "name": "a", "pem": pem.clone() }]);
    let told = shop(by_keys(json!([{ "id": "cred_of_another_tenant" }])));
    assert!(
        told["left_out"]
            .to_string()
            .contains("it names keys by ids"),
        "{told}"
    );
    place.run(&["client", "delete", "shop"]).well();

    let told = shop(by_keys(whole()));
    assert_eq!(told["left_out"], json!([]));
    assert_eq!(told["unseen_secrets"], json!([]));
    let keys = || {
        place
            .run(&["client", "credential", "list", "shop", "--json"])
            .json()
    };
    let before = keys();
    assert_eq!(before.as_array().unwrap().len(), 1);

    let told = shop(by_keys(whole()));
    assert!(
        told["left_out"].to_string().contains("stay as they are"),
        "{told}"
    );
    let told = shop(by_keys(json!([{ "id": "cred_of_another_tenant" }])));
    assert_eq!(told["left_out"], json!([]));
    assert_eq!(steps(&told), ["unchanged client Shop (shop)"]);
    assert_eq!(keys(), before);
    place.run(&["export", "out"]).well();
    let exported = std::fs::read_to_string(place.path().join("out/clients/Shop.json")).unwrap();
    let id = before[0]["id"].as_str().unwrap();
    assert!(
        exported.contains(id) && !exported.contains("PUBLIC KEY"),
        "{exported}"
    );
    let told = place.run(&["apply", "-f", "out", "--json"]).json();
    assert_eq!(steps(&told), ["unchanged client Shop (shop)"]);
}

#[test]
fn nothing_is_done_when_one_file_is_wrong() {
    let place = Place::new();
    tenant(&place);
    place.put("t/clients/broken.json", "{");
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    assert!(
        message.contains("clients/broken.json: it is no JSON"),
        "{message}"
    );
    place.put("t/clients/broken.json", r#"{"name": ""}"#);
    place.put("t/clients/nameless.json", r#"{"app_type": "spa"}"#);
    put(
        &place,
        "t/grants/Shop-Orders.json",
        &json!({ "client_id": "Shop", "audience": "https://orders.example", "scope": ["fly"] }),
    );
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    for words in [
        "nothing was done: what is declared has 3 mistake(s)",
        "clients/broken.json: a name is 1 to 255 characters",
        "clients/nameless.json: it has no name",
        "grants/Shop-Orders.json: API \"https://orders.example\" has no scope fly",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(place.run(&["client", "list", "--json"]).json(), json!([]));
}

#[test]
fn what_is_declared_twice_or_could_be_two_things_is_refused() {
    let place = Place::new();
    tenant(&place);
    for id in ["one", "two"] {
        place
            .run(&["client", "add", "--name", "Twin", "--id", id])
            .well();
    }
    place.put("t/clients/twin.json", r#"{"name": "Twin"}"#);
    place.put(
        "t/clients/one.json",
        r#"{"name": "Twin", "client_id": "one"}"#,
    );
    place.put(
        "t/clients/one-again.json",
        r#"{"name": "Twin", "client_id": "one"}"#,
    );
    place.put(
        "t/resource-servers/again.json",
        r#"{"name": "X", "identifier": "https://orders.example"}"#,
    );
    put(
        &place,
        "t/grants/again.json",
        &json!({ "client_id": "Shop", "audience": "https://orders.example" }),
    );
    put(
        &place,
        "t/grants/twin.json",
        &json!({ "client_id": "Twin", "audience": "https://orders.example" }),
    );
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    for words in [
        "twin.json: several clients are called \"Twin\": say which by client_id",
        "one.json: this client is declared twice",
        "https://orders.example is declared twice",
        "again.json: this client has another grant for this API here",
        "grants/twin.json: several clients are called \"Twin\": say which by its id",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn no_file_outside_of_the_directory_is_read() {
    let place = Place::new();
    tenant(&place);
    place.put("secret.html", "secret");
    place.put(
        "t/clients/Shop.json",
        r#"{"name": "Shop", "custom_login_page": "../../secret.html"}"#,
    );
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    assert!(message.contains("leads out of the directory"), "{message}");
}

#[test]
fn a_place_that_is_neither_a_directory_nor_yaml_is_refused() {
    let place = Place::new();
    let message = place.run(&["apply", "-f", "nowhere"]).badly(4);
    assert!(
        message.contains("nowhere: there is no such directory or file"),
        "{message}"
    );
    place.put("tenant.json", "{}");
    let message = place.run(&["apply", "-f", "tenant.json"]).badly(3);
    assert!(message.contains("ends with .yaml or .yml"), "{message}");
    place.put("tenant.yaml", "clients: 5\n");
    let message = place.run(&["apply", "-f", "tenant.yaml"]).badly(3);
    assert!(
        message.contains("tenant.yaml: clients: it is no list"),
        "{message}"
    );
}

#[test]
fn a_dry_run_makes_no_installation() {
    let place = Place::new();
    tenant(&place);
    let message = place.run(&["apply", "-f", "t", "--dry-run"]).badly(4);
    assert!(message.contains("there is no data directory"), "{message}");
    assert!(!place.path().join(".rulemint").exists());
}

#[test]
fn declared_files_are_kept_apart_from_the_rules_that_run() {
    let place = Place::new();
    place.put("rules/10-live.js", "function (user, context, callback) {}");
    place.run(&["client", "add", "--name", "shop"]).well();
    for command in [
        &["apply", "-f", ".", "--prune"][..],
        &["export", "."],
        &["export", "tenant.yaml", "--overwrite"],
    ] {
        let message = place.run(command).badly(3);
        assert!(
            message.contains("the directory of the rules that run"),
            "{message}"
        );
    }
    assert!(place.path().join("rules/10-live.js").exists());
}
