//! Clients whose secrets were there before.

use serde_json::json;

use crate::place::{Place, Serving};

const BCRYPT: &str = "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie";

fn gets_token(place: &Place, server: &Serving, id: &str, secret: &str) -> bool {
    let client = (id.to_owned(), secret.to_owned());
    place.ask(server, &client, &[]).code == 0
}

#[test]
fn a_secret_from_standard_input_is_the_clients_and_is_not_shown() {
    let place = Place::new();
    place.furnish();
    let add = [
        "client",
        "add",
        "--id",
        "shop",
        "--name",
        "shop",
        "--secret-stdin",
        "--json",
    ];
    let added = place.run_with(&add, "correct horse\n").json();
    assert_eq!(added["client_secret"], json!(null));
    place
        .run(&[
            "grant",
            "add",
            "--client",
            "shop",
            "--audience",
            "https://api.example",
        ])
        .well();
    let server = place.serve(&[]);
    assert!(gets_token(&place, &server, "shop", "correct horse"));
    assert!(!gets_token(&place, &server, "shop", "correct house"));
}

#[test]
fn a_secret_that_is_too_short_is_refused() {
    let place = Place::new();
    let add = ["client", "add", "--name", "shop", "--secret-stdin"];
    let message = place.run_with(&add, "short\n").badly(1);
    assert!(message.contains("8 to 1024 characters"), "{message}");
    assert!(!message.contains("short\""), "{message}");
}

#[test]
fn a_secret_can_be_replaced_by_one_that_was_chosen() {
    let place = Place::new();
    let (id, _) = place.furnish();
    let rotate = ["client", "rotate-secret", &id, "--secret-stdin"];
    let said = place.run_with(&rotate, "battery staple").well();
    assert!(!said.contains("battery"), "{said}");
    let server = place.serve(&[]);
    assert!(gets_token(&place, &server, &id, "battery staple"));
}

#[test]
fn a_running_server_has_a_change_in_force_when_the_command_ends() {
    let place = Place::new();
    let (id, first) = place.furnish();
    let server = place.serve(&[]);
    assert!(gets_token(&place, &server, &id, &first));
    let rotated = place
        .run(&["client", "rotate-secret", &id, "--json"])
        .json();
    let second = rotated["client_secret"].as_str().unwrap();
    assert!(gets_token(&place, &server, &id, second));
    assert!(!gets_token(&place, &server, &id, &first));

    let shown = place.run(&["client", "show", &id, "--json"]).json();
    let grant = shown["grants"][0]["id"].as_str().unwrap();
    place.run(&["grant", "delete", grant]).well();
    assert!(!gets_token(&place, &server, &id, second));
}

#[test]
fn clients_come_with_their_secrets_their_hashes_and_their_grants() {
    let place = Place::new();
    place.furnish();
    let grants = json!([{ "audience": "https://api.example", "scope": "read" }]);
    let quota = json!({ "client_credentials": { "enforce": true, "per_day": 5 } });
    let clients = json!([
        { "client_id": "typed", "name": "typed", "client_secret": "correct horse", "grants": grants },
        { "client_id": "hashed", "name": "hashed", "client_secret_hash": BCRYPT, "grants": grants },
        { "client_id": "new", "name": "new", "metadata": { "tier": "gold" }, "grants": grants, "token_quota": quota },
    ]);
    place.put("clients.json", clients.to_string());
    let imported = place
        .run(&["client", "import", "clients.json", "--json"])
        .json();
    assert_eq!(imported[0]["client_secret"], json!(null));
    let new = imported[2]["client_secret"].as_str().unwrap();
    let server = place.serve(&[]);
    assert!(gets_token(&place, &server, "typed", "correct horse"));
    assert!(gets_token(
        &place,
        &server,
        "hashed",
        "correctbatteryhorsestapler"
    ));
    assert!(gets_token(&place, &server, "new", new));
    let shown = place.run(&["client", "show", "new", "--json"]).json();
    assert_eq!(shown["metadata"]["tier"], "gold");
    assert_eq!(shown["token_quota"], quota);
    assert_eq!(shown["grants"][0]["scope"], json!(["read"]));
}

#[test]
fn nothing_is_imported_while_something_is_not_understood() {
    let place = Place::new();
    for (entry, expected) in [
        (
            json!({ "name": "b", "client_secret_hash": "md5" }),
            "neither a PHC string",
        ),
        (
            json!({ "name": "b", "client_secret_hash": "x", "client_secret": "y" }),
            "not both",
        ),
        (
            json!({ "name": "b", "colour": "red" }),
            "unknown field `colour`",
        ),
        (
            json!({ "name": "b", "token_quota": { "client_credentials": { "per_day": 0 } } }),
            "a limit is 1 to 2147483647 tokens, not 0",
        ),
    ] {
        let clients = json!([{ "client_id": "a", "name": "a" }, entry]);
        place.put("clients.json", clients.to_string());
        let message = place.run(&["client", "import", "clients.json"]).badly(1);
        assert!(message.contains(expected), "{message}");
        place.run(&["client", "show", "a"]).badly(4);
    }
}

#[test]
fn clients_that_are_there_already_can_be_left_out() {
    let place = Place::new();
    let clients = json!([{ "client_id": "a", "name": "a" }, { "client_id": "b", "name": "b" }]);
    place.put("clients.json", clients.to_string());
    place
        .run(&["client", "add", "--id", "a", "--name", "a"])
        .well();
    place.run(&["client", "import", "clients.json"]).badly(4);
    let again = [
        "client",
        "import",
        "clients.json",
        "--skip-existing",
        "--json",
    ];
    let imported = place.run(&again).json();
    assert_eq!(imported.as_array().unwrap().len(), 1);
    assert_eq!(imported[0]["client_id"], "b");
}

#[test]
fn a_client_an_api_and_a_grant_can_be_changed() {
    let place = Place::new();
    let (id, _) = place.furnish();
    let client = [
        "client",
        "update",
        &id,
        "--name",
        "renamed",
        "--metadata",
        "tier=gold",
        "--json",
    ];
    let client = place.run(&client).json();
    assert_eq!(
        (&client["name"], &client["metadata"]["tier"]),
        (&json!("renamed"), &json!("gold"))
    );
    let client = place
        .run(&[
            "client",
            "update",
            &id,
            "--remove-metadata",
            "tier",
            "--json",
        ])
        .json();
    assert_eq!(
        (&client["name"], &client["metadata"]),
        (&json!("renamed"), &json!({}))
    );
    let grant = client["grants"][0]["id"].as_str().unwrap();
    let grant = place
        .run(&["grant", "update", grant, "--scope", "write", "--json"])
        .json();
    assert_eq!(grant["scope"], json!(["write"]));
    let api = [
        "api",
        "update",
        "https://api.example",
        "--scope",
        "admin=All of it",
        "--remove-scope",
        "write",
    ];
    let api = place
        .run(&[&api[..], &["--token-lifetime", "60", "--json"]].concat())
        .json();
    let scopes: Vec<_> = api["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| &scope["value"])
        .collect();
    assert_eq!(
        (scopes, &api["token_lifetime"]),
        (vec![&json!("read"), &json!("admin")], &json!(60))
    );
    let shown = place.run(&["client", "show", &id, "--json"]).json();
    assert_eq!(shown["grants"][0]["scope"], json!([]));
    for nobody in [
        &["client", "update", "nobody", "--name", "x"][..],
        &["api", "update", "nobody"],
        &["grant", "update", "nobody", "--scope", "x"],
    ] {
        place.run(nobody).badly(4);
    }
}

#[test]
fn nothing_is_imported_while_an_entry_names_what_is_not_there_or_stands_twice() {
    let place = Place::new();
    place.furnish();
    let grant = |audience: &str, scope: &str| json!({ "audience": audience, "scope": scope });
    let api = "https://api.example";
    for (entry, code, expected) in [
        (
            json!({ "name": "b", "grants": [grant("https://none.example", "read")] }),
            4,
            "there is no API \"https://none.example\"",
        ),
        (
            json!({ "name": "b", "grants": [grant(api, "fly")] }),
            1,
            "has no scope fly",
        ),
        (
            json!({ "name": "b", "grants": [grant(api, "read"), grant(api, "write")] }),
            1,
            "two grants for https://api.example",
        ),
        (json!({ "client_id": "a", "name": "b" }), 1, "\"a\" twice"),
        (
            json!({ "client_id": "b c", "name": "b" }),
            1,
            "visible ASCII",
        ),
    ] {
        let clients = json!([{ "client_id": "a", "name": "a" }, entry]);
        place.put("clients.json", clients.to_string());
        let import = ["client", "import", "clients.json", "--skip-existing"];
        let message = place.run(&import).badly(code);
        assert!(
            message.contains("import client \"b\"") && message.contains(expected),
            "{message}"
        );
        place.run(&["client", "show", "a"]).badly(4);
    }
}

#[test]
fn an_import_that_ended_half_way_is_completed_with_the_grants_that_are_missing() {
    let place = Place::new();
    let (has_it, _) = place.furnish();
    place
        .run(&["client", "add", "--id", "a", "--name", "a"])
        .well();
    let grants = json!([{ "audience": "https://api.example", "scope": "read" }]);
    let clients = json!([
        { "client_id": "a", "name": "other name", "grants": grants },
        { "client_id": has_it, "name": "has its grant", "grants": grants },
    ]);
    place.put("clients.json", clients.to_string());
    let import = ["client", "import", "clients.json", "--skip-existing"];
    let said = place.run(&import);
    assert!(
        said.err.contains("grants added: https://api.example"),
        "{said:?}"
    );
    said.well();
    let shown = place.run(&["client", "show", "a", "--json"]).json();
    assert_eq!(shown["name"], "a");
    assert_eq!(shown["grants"][0]["scope"], json!(["read"]));
    let shown = place.run(&["client", "show", &has_it, "--json"]).json();
    assert_eq!(shown["grants"].as_array().unwrap().len(), 1);
}
