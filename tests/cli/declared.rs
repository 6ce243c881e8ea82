//! `apply` and `export`: what files declare, and files that declare what there is.

mod carried;
mod export;
mod loadable;
mod pruned;
mod refused;
mod scripts;
mod secrets;
mod served;
mod slips;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::place::Place;

/// A small tenant, as Auth0's deploy tool writes it.
fn tenant(place: &Place) {
    put(
        place,
        "t/resource-servers/Orders.json",
        &json!({
            "name": "Orders", "identifier": "https://orders.example", "token_lifetime": 600, "signing_alg": "RS256",
            "scopes": [{ "value": "read:orders", "description": "Look" }, { "value": "write:orders" }],
        }),
    );
    put(
        place,
        "t/clients/Shop.json",
        &json!({
            "name": "Shop", "app_type": "non_interactive", "callbacks": [],
            "grant_types": ["client_credentials"], "client_metadata": { "tier": "gold" },
        }),
    );
    put(
        place,
        "t/grants/Shop-Orders.json",
        &json!({ "client_id": "Shop", "audience": "https://orders.example", "scope": ["read:orders"] }),
    );
}

fn put(place: &Place, name: &str, value: &Value) {
    place.put(name, value.to_string());
}

/// What was done about each thing: `create client Shop`.
fn steps(told: &Value) -> Vec<String> {
    let word = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    let all = told["plan"].as_array().unwrap().iter();
    let line = |step| {
        let names = ["action", "kind", "name"].map(|name| word(step, name));
        names.join(" ")
    };
    all.map(line).collect()
}

#[test]
fn a_tenant_is_made_and_then_nothing_is_left_to_do() {
    let place = Place::new();
    tenant(&place);
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    assert_eq!(
        steps(&told),
        [
            "create api https://orders.example",
            "create client Shop",
            "create grant Shop for https://orders.example"
        ]
    );
    assert_eq!(told["left_out"], json!([]));
    let clients = place.run(&["client", "list", "--json"]).json();
    assert_eq!(told["unseen_secrets"], json!([clients[0]["client_id"]]));

    let again = place.run(&["apply", "-f", "t", "--json"]).json();
    assert!(
        steps(&again)
            .iter()
            .all(|step| step.starts_with("unchanged")),
        "{again}"
    );
    place.run(&["apply", "-f", "t", "--check"]).well();
}

#[test]
fn a_dry_run_says_what_would_change_and_does_nothing() {
    let place = Place::new();
    tenant(&place);
    place.run(&["apply", "-f", "t"]).well();
    put(
        &place,
        "t/clients/Shop.json",
        &json!({ "name": "Shop", "client_metadata": { "plan": "b" }, "logo_uri": "https://shop.example/logo" }),
    );
    let told = place.run(&["apply", "-f", "t", "--dry-run"]).well();
    for line in [
        "client_metadata: {\"tier\":\"gold\"} → {\"plan\":\"b\"}",
        "logo_uri: nothing → \"https://shop.example/logo\"",
        "0 to create, 1 to change, 0 to delete, 2 unchanged",
        "nothing was done",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let message = place.run(&["apply", "-f", "t", "--check"]).badly(5);
    assert_eq!(
        message, "what there is, is not what is declared\n",
        "no error"
    );
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    assert_eq!(told["plan"][1]["action"], "update");
    place.run(&["apply", "-f", "t", "--check"]).well();
}

#[test]
fn a_change_deep_in_a_long_value_is_shown() {
    let place = Place::new();
    let declare = |tier: &str| {
        let metadata = json!({ "about": "x".repeat(200), "tier": tier });
        put(
            &place,
            "t/clients/Shop.json",
            &json!({ "name": "Shop", "client_metadata": metadata }),
        );
    };
    declare("gold");
    place.run(&["apply", "-f", "t"]).well();
    declare("silver");
    let told = place.run(&["apply", "-f", "t", "--dry-run"]).well();
    let line = "xx\",\"tier\":\"gold\"} → …xx";
    assert!(told.contains(line), "{told}");
    assert!(told.contains("xx\",\"tier\":\"silver\"}\n"), "{told}");
}

#[test]
fn pruning_deletes_what_is_not_declared_of_the_kinds_that_files_speak_of() {
    let place = Place::new();
    tenant(&place);
    place.run(&["apply", "-f", "t"]).well();
    place
        .run(&["client", "add", "--name", "old", "--id", "old"])
        .well();
    place.run(&["api", "add", "https://old.example"]).well();
    place
        .run(&[
            "grant",
            "add",
            "--client",
            "old",
            "--audience",
            "https://old.example",
        ])
        .well();
    std::fs::remove_dir_all(place.path().join("t/grants")).unwrap();
    std::fs::remove_dir_all(place.path().join("t/resource-servers")).unwrap();
    let told = place.run(&["apply", "-f", "t", "--prune", "--json"]).json();
    let deleted: Vec<String> = steps(&told)
        .into_iter()
        .filter(|step| step.starts_with("delete"))
        .collect();
    assert_eq!(
        deleted,
        [
            "delete grant old for https://old.example",
            "delete client old"
        ]
    );
    place.run(&["api", "show", "https://old.example"]).well();
    place.run(&["client", "show", "old"]).badly(4);
}

#[test]
fn keywords_come_from_a_file_or_the_environment() {
    let place = Place::new();
    tenant(&place);
    place.put(
        "t/clients/Shop.json",
        r###"{"name": "Shop", "client_metadata": {"tier": "##TIER##"}, "callbacks": @@URLS@@}"###,
    );
    place.put(
        "deploy.json",
        r#"{"AUTH0_KEYWORD_REPLACE_MAPPINGS": {"TIER": "silver", "URLS": ["https://shop.example"]}}"#,
    );
    place
        .run(&["apply", "-f", "t", "--keywords", "deploy.json"])
        .well();
    place.run(&["export", "out"]).well();
    let shop = std::fs::read_to_string(place.path().join("out/clients/Shop.json")).unwrap();
    assert!(
        shop.contains("silver") && shop.contains("https://shop.example"),
        "{shop}"
    );

    place.put(
        "t/clients/Shop.json",
        r###"{"name": "Shop", "client_metadata": {"tier": "##TIER##"}}"###,
    );
    let mut command = place.command(&["apply", "-f", "t", "--json"]);
    let told = command
        .env("AUTH0_KEYWORD_REPLACE_MAPPINGS", r#"{"TIER": "bronze"}"#)
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(
        told["plan"][1]["changes"][0]["after"],
        json!({ "tier": "bronze" })
    );
}

#[test]
fn a_keyword_that_nothing_stands_for_is_a_mistake_wherever_it_stands() {
    let place = Place::new();
    tenant(&place);
    place.put(
        "t/clients/Shop.json",
        r###"{"name": "Shop", "client_metadata": {"tier": "##TIER##"}, "callbacks": @@URLS@@}"###,
    );
    place.put("t/rules/tag.json", r#"{"name": "tag", "script": "tag.js"}"#);
    place.put(
        "t/rules/tag.js",
        "function tag(user, context, callback) { callback(null, user, '##TAG##'); }",
    );
    let told = place.run(&["apply", "-f", "t"]).badly(3);
    for words in [
        "clients/Shop.json: nothing stands for ##TIER##: say what does with --keywords FILE",
        "clients/Shop.json: nothing stands for @@URLS@@",
        "rules/tag.js: nothing stands for ##TAG##",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("no JSON"), "{told}");
    assert_eq!(place.run(&["api", "list", "--json"]).json(), json!([]));
}

#[test]
fn a_secret_that_is_declared_is_the_new_clients_and_stays_when_it_was_rotated() {
    let place = Place::new();
    tenant(&place);
    let secret = "a-secret-that-came-with-the-files-0123";
    put(
        &place,
        "t/clients/Shop.json",
        &json!({ "name": "Shop", "client_id": "shop", "client_secret": secret }),
    );
    let told = place.run(&["apply", "-f", "t"]).well();
    assert!(
        !told.contains(secret) && !told.contains("nobody has seen"),
        "{told}"
    );
    place.run(&["client", "rotate-secret", "shop"]).well();
    place.run(&["apply", "-f", "t", "--check"]).well();
}

#[test]
fn pruning_spares_what_the_server_is_managed_by_unless_told() {
    let place = Place::new();
    tenant(&place);
    place.serve(&[]).end_after(Signal::TERM);
    let told = place.run(&["apply", "-f", "t", "--prune", "--json"]).json();
    let spared: Vec<String> = steps(&told)
        .into_iter()
        .filter(|step| step.starts_with("spare"))
        .collect();
    assert_eq!(spared.len(), 2, "the administrator and the grant: {told}");
    let administrators = || {
        let clients = place.run(&["client", "list", "--json"]).json();
        let clients = clients.as_array().unwrap().clone();
        clients
            .iter()
            .filter(|client| client["name"] == "administrator")
            .count()
    };
    assert_eq!(administrators(), 1);

    // An export of it all declares them, too; the management API is neither declared nor deleted.
    place.run(&["export", "out"]).well();
    place
        .run(&[
            "apply",
            "-f",
            "out",
            "--prune-managers",
            "--prune",
            "--check",
            "--strict",
        ])
        .well();
    place
        .run(&["apply", "-f", "t", "--prune", "--prune-managers"])
        .well();
    let apis = place.run(&["api", "list", "--json"]).json();
    assert_eq!(apis.as_array().unwrap().len(), 2, "{apis}");
    assert_eq!(administrators(), 0);
}
