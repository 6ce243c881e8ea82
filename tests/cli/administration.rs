//! Clients, APIs and client grants.

use crate::place::{Place, finish};

#[test]
fn a_clients_secret_is_shown_once() {
    let place = Place::new();
    let added = place
        .run(&[
            "client",
            "add",
            "--name",
            "shop",
            "--metadata",
            "tier=gold",
            "--json",
        ])
        .json();
    let (id, secret) = (
        added["client_id"].as_str().unwrap(),
        added["client_secret"].as_str().unwrap(),
    );
    assert!(secret.starts_with("rms_"), "{secret}");
    for command in [
        &["client", "list"][..],
        &["client", "show", id],
        &["client", "show", id, "--json"],
    ] {
        let text = place.run(command).well();
        assert!(text.contains("shop") && !text.contains(secret), "{text}");
    }
}

#[test]
fn a_rotated_secret_is_a_new_one() {
    let place = Place::new();
    let added = place
        .run(&["client", "add", "--name", "shop", "--json"])
        .json();
    let rotated = place
        .run(&[
            "client",
            "rotate-secret",
            added["client_id"].as_str().unwrap(),
            "--json",
        ])
        .json();
    assert_eq!(rotated["client_id"], added["client_id"]);
    assert_ne!(rotated["client_secret"], added["client_secret"]);
}

#[test]
fn a_deleted_client_is_gone() {
    let place = Place::new();
    place
        .run(&["client", "add", "--name", "shop", "--id", "shop"])
        .well();
    place.run(&["client", "delete", "shop"]).well();
    let message = place.run(&["client", "show", "shop"]).badly(4);
    assert_eq!(message, "error: there is no client \"shop\"\n");
}

#[test]
fn an_api_knows_its_scopes_its_lifetime_and_its_algorithm() {
    let place = Place::new();
    let api = [
        "api",
        "add",
        "https://api.example",
        "--scope",
        "read=Read things",
        "--token-lifetime",
        "300",
        "--signing-alg",
        "EdDSA",
        "--json",
    ];
    let added = place.run(&api).json();
    assert_eq!(added["scopes"][0]["value"], "read");
    assert_eq!(added["scopes"][0]["description"], "Read things");
    assert_eq!(
        (&added["token_lifetime"], &added["signing_alg"]),
        (&300.into(), &"EdDSA".into())
    );
    assert_eq!(
        place
            .run(&["api", "show", "https://api.example", "--json"])
            .json(),
        added
    );
    place.run(&["api", "delete", "https://api.example"]).well();
    place.run(&["api", "show", "https://api.example"]).badly(4);
}

#[test]
fn an_api_lives_a_day_unless_told_otherwise() {
    let added = Place::new()
        .run(&["api", "add", "https://api.example", "--json"])
        .json();
    assert_eq!(
        (&added["token_lifetime"], &added["signing_alg"]),
        (&86_400.into(), &"ES256".into())
    );
}

#[test]
fn what_is_named_of_an_api_changes_and_the_rest_stays() {
    let place = Place::new();
    place.run(&["api", "add", API, "--name", "Orders"]).well();
    let change = ["api", "update", API, "--token-lifetime", "60", "--json"];
    let changed = place.run(&change).json();
    assert_eq!(
        (&changed["token_lifetime"], &changed["name"]),
        (&60.into(), &"Orders".into())
    );
    place.run(&["api", "update", "nothing"]).badly(4);
}

#[test]
fn an_api_has_status_lists_if_it_is_told_to_and_there_is_a_ledger() {
    let place = Place::new();
    let added = place.run(&["api", "add", API, "--status-list", "--json"]);
    assert_eq!(added.json()["status_list"], true);
    let off = ["api", "update", API, "--status-list", "false", "--json"];
    assert_eq!(place.run(&off).json()["status_list"], false);
    let on = ["api", "update", API, "--status-list", "true"];
    let mut without = place.command(&on);
    let message = finish(without.env("RULEMINT_LEDGER_MODE", "off")).badly(1);
    assert!(
        message.contains("set ledger.mode to async or sync"),
        "{message}"
    );
}

const API: &str = "https://api.example";

#[test]
fn what_an_api_cannot_be_is_refused() {
    let place = Place::new();
    let message = place
        .run(&["api", "add", "https://api.example", "--token-lifetime", "0"])
        .badly(1);
    assert!(message.contains("1 to"), "{message}");
    let message = place
        .run(&["api", "add", "https://api.example", "--signing-alg", "none"])
        .badly(2);
    assert!(message.contains("use ES256, RS256 or EdDSA"), "{message}");
    let message = place
        .run(&["api", "add", "https://api.example", "--scope", "re\"ad"])
        .badly(1);
    assert!(message.contains("scope"), "{message}");
}

#[test]
fn a_second_api_of_the_same_name_is_refused() {
    let place = Place::new();
    place.run(&["api", "add", "https://api.example"]).well();
    let message = place.run(&["api", "add", "https://api.example"]).badly(4);
    assert_eq!(
        message,
        "error: the API \"https://api.example\" is there already\n"
    );
}

#[test]
fn a_grant_ties_a_client_to_an_api_and_scopes() {
    let place = Place::new();
    let (id, _) = place.furnish();
    let grants = place.run(&["grant", "list", "--json"]).json();
    assert_eq!(grants[0]["client_id"], *id);
    assert_eq!(grants[0]["audience"], "https://api.example");
    assert_eq!(grants[0]["scope"], serde_json::json!(["read", "write"]));
    let grant = grants[0]["id"].as_str().unwrap();
    assert_eq!(
        place.run(&["grant", "show", grant, "--json"]).json(),
        grants[0]
    );
    place.run(&["grant", "delete", grant]).well();
    place.run(&["grant", "show", grant]).badly(4);
}

#[test]
fn scopes_may_be_named_one_by_one() {
    let place = Place::new();
    let (id, _) = place.furnish();
    place
        .run(&[
            "api",
            "add",
            "https://other.example",
            "--scope",
            "read",
            "--scope",
            "write",
            "--scope",
            "all",
        ])
        .well();
    let grant = [
        "grant",
        "add",
        "--client",
        &id,
        "--audience",
        "https://other.example",
        "--scope",
        "read",
        "--scope",
        "write",
        "--json",
    ];
    let grant = place.run(&grant).json();
    assert_eq!(grant["scope"], serde_json::json!(["read", "write"]));
}

#[test]
fn a_grant_for_nobody_or_nothing_is_refused() {
    let place = Place::new();
    let (id, _) = place.furnish();
    let message = place
        .run(&[
            "grant",
            "add",
            "--client",
            "nobody",
            "--audience",
            "https://api.example",
        ])
        .badly(4);
    assert!(message.contains("no client \"nobody\""), "{message}");
    let message = place
        .run(&[
            "grant",
            "add",
            "--client",
            &id,
            "--audience",
            "https://nowhere",
        ])
        .badly(4);
    assert!(message.contains("no API \"https://nowhere\""), "{message}");
}

#[test]
fn lists_of_nothing_are_lists() {
    let place = Place::new();
    for what in ["client", "api", "grant"] {
        assert_eq!(
            place.run(&[what, "list", "--json"]).json(),
            serde_json::json!([])
        );
        assert_eq!(place.run(&[what, "list"]).code, 0);
    }
}

#[test]
fn the_data_directory_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.furnish();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let data = place.path().join(".rulemint");
    assert_eq!(mode(&data), 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{path:?}");
    }
}

#[test]
fn keys_are_rotated_and_revoked() {
    let place = Place::new();
    place.furnish();
    let states = || {
        let keys = place.run(&["key", "list", "--json"]).json();
        let state = |key: &serde_json::Value| {
            let text = |name: &str| key[name].as_str().unwrap().to_owned();
            (text("state"), text("kid"))
        };
        let keys = keys.as_array().unwrap().iter().map(state);
        keys.collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = states();
    let rotated = place.run(&["key", "rotate", "--json"]).json();
    assert_eq!(rotated[0]["kid"], before["next"]);
    let after = states();
    assert_eq!(after["previous"], before["current"]);
    let done = place.run(&["key", "revoke", &after["current"]]).well();
    assert!(done.contains("is revoked"), "{done}");
    let last = states();
    assert_eq!(
        (&last["current"], &last["revoked"]),
        (&after["next"], &after["current"])
    );
    let cut_off = place.run(&["revoke", "list", "--json"]).json()[0]["id"].to_string();
    let refused = place.run(&["revoke", "undo", &cut_off]).badly(5);
    assert!(refused.contains("cannot be undone"), "{refused}");
    let unknown = place.run(&["key", "revoke", "nobody"]).badly(4);
    assert!(unknown.contains("no signing key"), "{unknown}");
    place
        .run(&["key", "rotate", "--algorithm", "RS256"])
        .badly(4);
}

#[test]
fn a_rotation_tells_which_key_signs_and_which_is_next_and_when_it_came_too_soon() {
    let place = Place::new();
    place.furnish();
    let first = place.run(&["key", "rotate"]);
    assert_eq!(first.err, "", "both keys were published together");
    let lines: Vec<&str> = first.out.lines().skip(1).collect();
    let [current, next] = lines.as_slice() else {
        panic!("{first:?}");
    };
    assert!(
        current.contains("current") && next.contains("next"),
        "{first:?}"
    );
    let (kid, _) = next.split_once(' ').unwrap();
    let second = place.run(&["key", "rotate"]);
    let warning = second.err.replace('\n', " ");
    assert!(warning.starts_with("note: "), "{second:?}");
    assert!(
        warning.contains(&format!("some may not know the key {kid}")),
        "{second:?}"
    );
    assert!(second.out.contains(&format!("{kid}  ES256")), "{second:?}");
    second.well();
}

#[test]
fn a_quota_is_typed_shown_changed_and_taken_away() {
    let place = Place::new();
    let quota = "per_hour=10,per_day=50,enforce=false";
    place
        .run(&["client", "add", "--name", "shop", "--id", "shop"])
        .well();
    let shown = place
        .run(&["client", "update", "shop", "--token-quota", quota])
        .well();
    assert!(
        shown.contains("10 an hour, 50 a day, not enforced"),
        "{shown}"
    );
    let added = place
        .run(&[
            "client",
            "add",
            "--name",
            "b",
            "--token-quota",
            "per_hour=5",
            "--json",
        ])
        .json();
    assert_eq!(
        added["token_quota"]["client_credentials"],
        serde_json::json!({ "enforce": true, "per_hour": 5 })
    );
    let left = place
        .run(&["client", "update", "shop", "--remove-token-quota", "--json"])
        .json();
    assert!(left["token_quota"].is_null(), "{left}");
}

#[test]
fn a_quota_that_cannot_be_one_is_refused_with_the_reason() {
    let place = Place::new();
    for (quota, why) in [
        ("10", "write per_hour=10,per_day=50"),
        ("per_hour=0", "a limit is 1 to 2147483647 tokens, not 0"),
        ("per_hour=ten", "limits are numbers"),
        ("per_hour=1,per_hour=2", "per_hour is there twice"),
        ("per_week=1,per_day=1", "unknown field `per_week`"),
        ("enforce=false", "it names no limit"),
    ] {
        let message = place
            .run(&["client", "add", "--name", "shop", "--token-quota", quota])
            .badly(2);
        assert!(message.contains(why), "{quota}: {message}");
    }
}
