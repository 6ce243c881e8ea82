//! `rulemint audit`

use serde_json::{Value, json};

use crate::place::Place;

fn who() -> String {
    let id = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

fn list(place: &Place, more: &[&str]) -> Vec<Value> {
    let told = place.run(&[&["audit", "list", "--json"], more].concat());
    told.json().as_array().unwrap().clone()
}

fn with_a_client() -> Place {
    let place = Place::new();
    let add = ["client", "add", "--name", "shop", "--id", "shop"];
    place.run(&add).well();
    place
}

#[test]
fn whoever_ran_a_command_stands_in_the_log() {
    let place = with_a_client();
    place.run(&["client", "delete", "shop"]).well();
    let told = list(&place, &["--object", "client:shop"]);
    assert_eq!(told.len(), 2);
    let [gone, added] = [&told[0], &told[1]];
    assert_eq!(gone["actor"], json!({ "kind": "user", "id": who() }));
    assert_eq!(
        (&gone["operation"], &added["operation"]),
        (&json!("delete"), &json!("add"))
    );
    assert_eq!(
        (&gone["before"]["name"], &gone["after"]),
        (&json!("shop"), &Value::Null)
    );
    assert_eq!(
        (&added["before"], &added["after"]["name"]),
        (&Value::Null, &json!("shop"))
    );
    let text = place.run(&["audit", "list"]).well();
    assert!(
        text.contains("client shop") && text.contains(&who()),
        "{text}"
    );
}

#[test]
fn the_log_is_asked_by_who_and_when_and_what() {
    let place = with_a_client();
    for (filter, count) in [
        (vec!["--actor", &who()], 1),
        (vec!["--actor", "nobody"], 0),
        (vec!["--since", "2026-01-01T00:00:00Z"], 1),
        (vec!["--until", "2026-01-01T00:00:00Z"], 0),
        (vec!["--operation", "add", "--object", "client"], 1),
        (vec!["--operation", "delete"], 0),
        (vec!["--object", "client:other"], 0),
        (vec!["--correlation-id", "deploy-17"], 0),
        (vec!["--older-than", "1"], 0),
    ] {
        assert_eq!(list(&place, &filter).len(), count, "{filter:?}");
    }
    let message = place
        .run(&["audit", "list", "--since", "yesterday"])
        .badly(2);
    assert!(message.contains("2026-11-25T12:00:00Z"), "{message}");
}

#[test]
fn old_entries_are_deleted_and_who_did_that_stays() {
    let place = with_a_client();
    place
        .run(&["audit", "forget", "--before", "2020-01-01T00:00:00Z"])
        .well();
    assert_eq!(list(&place, &[]).len(), 1);
    place
        .run(&["audit", "forget", "--before", "2100-01-01T00:00:00Z"])
        .well();
    let told = list(&place, &[]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["operation"], "forget");
    assert_eq!(told[0]["after"]["entries"], 1);
}

#[test]
fn where_no_installation_is_there_is_no_log() {
    let message = Place::new().run(&["audit", "list"]).badly(4);
    assert!(message.contains("no data directory"), "{message}");
}

#[test]
fn a_filter_that_nothing_can_match_is_refused() {
    let place = with_a_client();
    for (filter, expected) in [
        (["--operation", "frobnicate"], "go_live"),
        (["--object", "klient"], "signing_key"),
        (["--object", "client:"], "KIND:ID"),
        (["--limit", "0"], "0 is not in"),
    ] {
        let message = place
            .run(&[&["audit", "list"], &filter[..]].concat())
            .badly(2);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn the_log_is_read_from_its_beginning_too() {
    let place = with_a_client();
    place.run(&["client", "delete", "shop"]).well();
    let told = list(&place, &["--oldest-first"]);
    assert_eq!(
        (&told[0]["operation"], &told[1]["operation"]),
        (&json!("add"), &json!("delete"))
    );
    let first = told[0]["id"].to_string();
    let rest = list(&place, &["--oldest-first", "--newer-than", &first]);
    assert_eq!(rest, told[1..]);
}

#[test]
fn each_change_has_a_line_of_its_own_that_fits() {
    let place = with_a_client();
    let update = |more: &[&str]| {
        let update = [&["client", "update", "shop"], more].concat();
        place.run(&update).well();
    };
    let long = |end: &str| format!("note={}{end}", "x".repeat(400));
    update(&["--name", "store"]);
    update(&["--metadata", &long("one")]);
    update(&["--metadata", &long("two")]);
    place.run(&["client", "delete", "shop"]).well();
    let text = place.run(&["audit", "list"]).well();
    for expected in [
        "  add client shop  by user ",
        "        name: \"shop\"\n",
        "  update client shop  by user ",
        "        name: \"shop\" → \"store\"\n",
        "xxone\"} → …xxxx",
        "        name: \"store\" → nothing\n",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let width = text.lines().map(|line| line.chars().count()).max();
    assert!(width < Some(160), "{text}");
}

#[test]
fn a_list_of_nothing_says_so() {
    let place = with_a_client();
    let nobody = ["audit", "list", "--actor", "nobody"];
    assert_eq!(place.run(&nobody).well(), "No entries.\n");
}

#[test]
fn what_was_revoked_of_a_client_or_a_key_is_found_with_what_was_done_to_it() {
    let place = with_a_client();
    place.furnish(); // The first API makes the first key.
    let keys = place.run(&["key", "list", "--json"]).json();
    let kid = keys[0]["kid"].as_str().unwrap();
    place.run(&["revoke", "--client", "shop"]).well();
    place.run(&["revoke", "undo", "1"]).well();
    place.run(&["revoke", "--key", kid]).well();
    let done = |object: &str| -> Vec<Value> {
        let told = list(&place, &["--object", object]);
        told.iter()
            .map(|entry| entry["operation"].clone())
            .collect()
    };
    assert_eq!(done("client:shop"), ["undo", "revoke", "add"]);
    assert_eq!(done("revocation:1"), ["undo", "revoke"]);
    assert_eq!(done(&format!("signing_key:{kid}")), ["revoke", "add"]);
    assert_eq!(done("revocation").len(), 3);
    assert!(done("client:other").is_empty());
}
