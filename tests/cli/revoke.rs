//! `rulemint revoke`, beside a running server and without one.

use serde_json::Value;

use crate::place::{Place, Serving};

const AUDIENCE: &str = "https://api.example";

/// What `/verify` answers to a proxy that stands before the API.
fn verdict(server: &Serving, token: &str) -> u16 {
    let url = format!("{}/verify?audience={AUDIENCE}", server.address);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let request = agent
        .get(&url)
        .header("authorization", format!("Bearer {token}"));
    request.call().unwrap().status().as_u16()
}

fn token(place: &Place, server: &Serving, client: &(String, String)) -> String {
    place.ask(server, client, &[]).well().trim().to_owned()
}

fn jti(place: &Place, token: &str) -> String {
    let said = place
        .run_with(&["token", "explain", "-", "--json"], token)
        .json();
    said["jti"].as_str().unwrap().to_owned()
}

#[test]
fn a_change_of_keys_is_in_force_when_its_command_ends() {
    let place = Place::new();
    let client = place.furnish();
    let server = place.serve(&[]);
    let kid_of = |token: &str| {
        let shown = place.run(&["token", "inspect", token, "--json"]).json();
        shown["header"]["kid"].as_str().unwrap().to_owned()
    };
    let before = token(&place, &server, &client);
    let rotated = place.run(&["key", "rotate", "--json"]).json();
    let after = token(&place, &server, &client);
    assert_eq!(rotated[0]["kid"], *kid_of(&after));
    assert_eq!(verdict(&server, &before), 200);
    place.run(&["key", "revoke", &kid_of(&before)]).well();
    assert_eq!(verdict(&server, &before), 401);
    assert_eq!(verdict(&server, &after), 200);
}

#[test]
fn a_partner_is_cut_off_by_one_call_and_brought_back_by_another() {
    let place = Place::new();
    let client = place.furnish();
    let server = place.serve(&[]);
    let before = token(&place, &server, &client);
    assert_eq!(verdict(&server, &before), 200);
    jti(&place, &before); // Waits until it is in the ledger.

    let dry = place
        .run(&["revoke", "--client", &client.0, "--dry-run", "--json"])
        .json();
    assert_eq!(dry["would_revoke"], 1);
    assert_eq!(verdict(&server, &before), 200, "nothing happened yet");

    let reason = ["--reason", "the contract ended"];
    let revoke = [&["revoke", "--client", &client.0, "--json"][..], &reason].concat();
    let gone = place.run(&revoke).json();
    assert_eq!(
        (&gone["kind"], &gone["tokens"]),
        (&"client".into(), &1.into())
    );
    assert_eq!(
        verdict(&server, &before),
        401,
        "it is in force when the command ends"
    );
    let after = token(&place, &server, &client);
    assert_eq!(verdict(&server, &after), 200, "what comes after is free");

    let id = gone["id"].to_string();
    place.run(&["revoke", "undo", &id]).well();
    assert_eq!(verdict(&server, &before), 200);
    place.run(&["revoke", "undo", &id]).badly(4);
}

#[test]
fn one_token_is_taken_away_by_its_jti() {
    let place = Place::new();
    let client = place.furnish();
    let server = place.serve(&[]);
    let (one, other) = (
        token(&place, &server, &client),
        token(&place, &server, &client),
    );
    let jti = jti(&place, &one);
    place
        .run(&["revoke", "--jti", &jti, "--audience", AUDIENCE])
        .well();
    assert_eq!(
        (verdict(&server, &one), verdict(&server, &other)),
        (401, 200)
    );
}

#[test]
fn a_grant_is_deleted_with_its_tokens_or_without() {
    let place = Place::new();
    let client = place.furnish();
    let server = place.serve(&[]);
    let token = token(&place, &server, &client);
    let grants = place
        .run(&["grant", "list", "--client", &client.0, "--json"])
        .json();
    let id = grants[0]["id"].as_str().unwrap();
    place
        .run(&["grant", "delete", id, "--reason", "why"])
        .badly(2);
    place
        .run(&["grant", "delete", id, "--revoke-tokens"])
        .well();
    assert_eq!(verdict(&server, &token), 401);
    place.ask(&server, &client, &[]).badly(5);
    place
        .run(&["grant", "delete", id, "--revoke-tokens"])
        .badly(4);
}

#[test]
fn what_is_revoked_is_listed_with_its_reason_the_newest_first() {
    let place = Place::new();
    let client = place.furnish();
    let one = [
        "revoke",
        "--client",
        &client.0,
        "--audience",
        AUDIENCE,
        "--reason",
        "it leaked",
    ];
    place.run(&one).well();
    let two = [
        "revoke",
        "--subject",
        "alice",
        "--before",
        "2020-01-01T00:00:00Z",
        "--json",
    ];
    let two = place.run(&two).json();
    assert_eq!(two["issued_before"], 1_577_836_800);
    let list = place.run(&["revoke", "list", "--json"]).json();
    let kinds: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert_eq!(kinds, ["subject", "grant"]);
    assert_eq!(list[1]["reason"], "it leaked");
    let actor = list[1]["actor"].as_str().unwrap();
    assert!(actor.ends_with("(command line)"), "{actor}");
    place
        .run(&["revoke", "undo", &two["id"].to_string()])
        .well();
    let left = place.run(&["revoke", "list"]).well();
    assert!(
        left.contains("it leaked") && !left.contains("alice"),
        "{left}"
    );
    let all = place.run(&["revoke", "list", "--all"]).well();
    assert!(all.contains("alice") && all.contains("undone"), "{all}");
    let page = place
        .run(&["revoke", "list", "--all", "--limit", "1", "--json"])
        .json();
    let older = page[0]["id"].to_string();
    let next = place
        .run(&["revoke", "list", "--older-than", &older, "--json"])
        .json();
    assert_eq!(next[0]["kind"], "grant");
}

#[test]
fn names_that_nobody_chose_may_begin_with_a_dash() {
    let place = Place::new();
    place.furnish();
    for name in ["--jti", "--key", "--subject"] {
        let told = place.run(&["revoke", name, "-A0x_9", "--dry-run"]);
        assert!(!told.err.contains("unexpected argument"), "{told:?}");
        assert_ne!(told.code, 2, "{told:?}");
    }
    let told = place.run(&["token", "explain", "-A0x_9"]).badly(4);
    assert!(told.contains("-A0x_9"), "{told}");
}

#[test]
fn a_subject_or_a_token_that_the_ledger_does_not_know_is_remarked_on() {
    let place = Place::new();
    place.furnish();
    let said = place.run(&["revoke", "--subject", "nobodi"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("typing mistake"), "{said:?}");
}

#[test]
fn what_cannot_be_revoked_is_refused() {
    let place = Place::new();
    let (client, _) = place.furnish();
    for wrong in [
        &["revoke"][..],
        &["revoke", "--client", "a", "--subject", "b"],
        &["revoke", "--jti", "a", "--before", "now"],
        &["revoke", "--grant", "a", "--audience", "b"],
        &["revoke", "--client", "a", "--before", "yesterday"],
    ] {
        place.run(wrong).badly(2);
    }
    place.run(&["revoke", "--grant", "cgr_nothing"]).badly(4);
    place.run(&["revoke", "--rule", "abc"]).badly(1);
    let ahead = place.run(&[
        "revoke",
        "--client",
        &client,
        "--before",
        "2999-01-01T00:00:00Z",
    ]);
    assert!(ahead.badly(1).contains("does not lie ahead"));
}

#[test]
fn where_no_server_ran_there_is_nothing_to_revoke() {
    Place::new().run(&["revoke", "--client", "a"]).badly(4);
}

#[test]
fn a_client_is_said_to_serve_an_api() {
    let place = Place::new();
    let (client, _) = place.furnish();
    place.run(&["client", "serve", &client, AUDIENCE]).well();
    let shown = place.run(&["client", "show", &client, "--json"]).json();
    assert_eq!(shown["serves"][0], AUDIENCE);
    place
        .run(&["client", "serve", &client, AUDIENCE, "--stop"])
        .well();
    place
        .run(&["client", "serve", &client, AUDIENCE, "--stop"])
        .badly(1);
    place
        .run(&["client", "serve", &client, "https://nowhere.example"])
        .badly(4);
    place.run(&["client", "serve", "nobody", AUDIENCE]).badly(4);
}
