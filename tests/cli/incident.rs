//! What an operator asks and does when access has to end now.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::place::{Place, Said, Serving};

/// A server, and a client of it with a token.
struct Scene {
    place: Place,
    server: Serving,
    client: (String, String),
    token: String,
}

impl Scene {
    fn new() -> Self {
        let place = Place::new();
        place.put_jti_rule();
        let client = place.furnish();
        let server = place.serve(&[]);
        let token = place.ask(&server, &client, &[]).well().trim().to_owned();
        Self {
            place,
            server,
            client,
            token,
        }
    }

    /// What `token inspect` and `token explain` say of the token, whatever they end with.
    fn told(&self, command: &str) -> Value {
        let said = self.place.run(&["token", command, &self.token, "--json"]);
        serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("no JSON: {said:?}"))
    }
}

#[test]
fn a_revoked_token_is_not_valid_and_it_is_said_by_what_it_was_revoked() {
    let scene = Scene::new();
    let good = scene.told("inspect");
    assert_eq!(
        (&good["valid"], &good["revoked"]),
        (&json!(true), &json!(false))
    );
    let revoke = [
        "revoke",
        "--client",
        &scene.client.0,
        "--reason",
        "it leaked",
    ];
    scene.place.run(&revoke).well();

    let bad = scene.told("inspect");
    assert_eq!(
        (&bad["valid"], &bad["revoked"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(bad["revoked_by"][0]["kind"], "client");
    let message = scene
        .place
        .run(&["token", "inspect", &scene.token])
        .badly(5);
    let named = format!("revocation 1 (client {}): it leaked", scene.client.0);
    assert!(message.contains(&named), "{message}");

    scene.place.run(&["revoke", "undo", "1"]).well();
    scene.place.run(&["token", "inspect", &scene.token]).well();
}

#[test]
fn where_revocation_cannot_be_looked_up_inspect_says_so() {
    let scene = Scene::new();
    scene
        .place
        .run(&["revoke", "--client", &scene.client.0])
        .well();
    let asked = [
        "token",
        "inspect",
        &scene.token,
        "--server",
        &scene.server.address,
    ];
    let said = scene.place.run(&asked).well();
    assert!(
        said.contains("Whether it was revoked was not looked at"),
        "{said}"
    );
    let said = scene.place.run(&[&asked[..], &["--json"]].concat()).json();
    assert_eq!(
        (&said["revoked"], &said["revoked_by"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn explain_says_by_what_a_token_was_revoked_and_spares_the_one_after() {
    let scene = Scene::new();
    assert_eq!(scene.told("explain")["revoked_by"], json!([]));
    scene
        .place
        .run(&["revoke", "--subject", &scene.client.0])
        .well();
    let revoke = [
        "revoke",
        "--client",
        &scene.client.0,
        "--reason",
        "it leaked",
    ];
    scene.place.run(&revoke).well();
    let told = scene.told("explain");
    assert_eq!(
        (
            &told["revoked_by"][0]["kind"],
            &told["revoked_by"][1]["kind"]
        ),
        (&json!("subject"), &json!("client"))
    );
    let jti = told["jti"].as_str().unwrap();
    let said = scene.place.run(&["token", "explain", jti]).well();
    assert!(said.contains("it leaked"), "{said}");

    let after = scene.place.ask(&scene.server, &scene.client, &[]).well();
    let said = scene
        .place
        .run_with(&["token", "explain", "-"], &after)
        .well();
    assert!(said.contains("revoked    no"), "{said}");
}

/// Neither of them shows a token.
#[track_caller]
fn hides_the_token(said: &Said, token: &str) {
    let (_, claims) = token.split_once('.').unwrap();
    for text in [&said.out, &said.err] {
        assert!(!text.contains(&claims[..40]), "{said:?}");
    }
}

#[test]
fn a_token_is_revoked_by_itself_wherever_it_is_put() {
    let scene = Scene::new();
    let token = &scene.token;
    let jti = scene.told("explain")["jti"].as_str().unwrap().to_owned();
    for (count, revoke) in [
        vec!["revoke", token],
        vec!["revoke", "-"],
        vec!["revoke", "--jti", token],
    ]
    .into_iter()
    .enumerate()
    {
        let said = scene.place.run_with(&revoke, token);
        hides_the_token(&said, token);
        let said = said.well();
        assert!(said.contains(&jti), "{said}");
        assert_eq!(scene.told("inspect")["revoked_by"][0]["jti"], jti);
        let id = (count + 1).to_string();
        scene.place.run(&["revoke", "undo", &id]).well();
    }
}

#[test]
fn a_token_that_was_just_issued_is_met_without_waiting_for_the_ledger() {
    let scene = Scene::new();
    let said = scene.place.run(&["revoke", &scene.token, "--json"]);
    assert!(!said.err.contains("typing mistake"), "{said:?}");
    assert_eq!(said.json()["tokens"], 1);
}

#[test]
fn a_token_that_is_not_good_here_is_refused_and_never_shown() {
    let scene = Scene::new();
    let elsewhere = Scene::new();
    let foreign = &elsewhere.token;
    let half = &foreign[..foreign.len() / 2];
    for (code, wrong) in [
        (5, vec!["revoke", foreign]),
        (5, vec!["revoke", "--jti", half]),
        (5, vec!["revoke", "everything"]),
        (5, vec!["token", "explain", half]),
        (4, vec!["revoke", "--client", foreign]),
        (2, vec!["revoke", "token", foreign]),
        (2, vec!["revoke", foreign, "--client", foreign]),
        (2, vec![foreign]),
    ] {
        let said = scene.place.run(&wrong);
        hides_the_token(&said, foreign);
        said.badly(code);
    }
    let list = scene.place.run(&["revoke", "list", "--all", "--json"]);
    assert_eq!(list.json(), json!([]));
}

#[test]
fn what_nobody_ever_knew_is_refused_unless_that_is_meant() {
    let scene = Scene::new();
    for unknown in [
        vec!["revoke", "--client", "nobodi"],
        vec!["revoke", "--audience", "https://nowhere.example"],
        vec![
            "revoke",
            "--client",
            &scene.client.0,
            "--audience",
            "https://nowhere.example",
        ],
        vec!["revoke", "--key", "nokey"],
        vec!["revoke", "--rule", "0123456789abcdef"],
    ] {
        let message = scene.place.run(&unknown).badly(4);
        assert!(message.contains("--anyway"), "{message}");
        let dry = [&unknown[..], &["--dry-run"]].concat();
        scene.place.run(&dry).badly(4);
        scene
            .place
            .run(&[&unknown[..], &["--anyway"]].concat())
            .well();
    }
    let message = scene.place.run(&["revoke", "--client", "tester"]).badly(4);
    assert!(message.contains(&scene.client.0), "{message}");
}

#[test]
fn what_is_gone_stays_revocable_as_long_as_somebody_remembers_it() {
    let place = Place::new();
    let (client, _) = place.furnish();
    let grants = place.run(&["grant", "list", "--json"]).json();
    let grant = grants[0]["id"].as_str().unwrap();
    let keys = place.run(&["key", "list", "--json"]).json();
    let kid = keys[0]["kid"].as_str().unwrap();
    place.run(&["client", "delete", &client]).well();
    place.run(&["api", "delete", "https://api.example"]).well();
    for gone in [
        ["--client", &client],
        ["--audience", "https://api.example"],
        ["--grant", grant],
        ["--key", kid],
    ] {
        place.run(&[&["revoke"], &gone[..]].concat()).well();
    }
}

#[test]
fn a_rule_is_known_by_what_was_ever_live() {
    let scene = Scene::new();
    let status = scene.place.run(&["rule", "status", "--json"]).json();
    let digest = status["rules"][0]["digest"].as_str().unwrap();
    scene.place.run(&["revoke", "--rule", &digest[..16]]).well();
}

#[test]
fn whoever_revokes_is_told_what_stays_as_it_was() {
    let scene = Scene::new();
    let id = &scene.client.0;
    let grants = scene.place.run(&["grant", "list", "--json"]).json();
    let grant = grants[0]["id"].as_str().unwrap();
    let said = scene.place.run(&["revoke", "--client", id]).well();
    for how in [
        format!("rulemint grant delete {grant}"),
        format!("rulemint client rotate-secret {id}"),
        format!("rulemint client delete {id}"),
    ] {
        assert!(said.contains(&how), "{how}\n{said}");
    }
    let delete = ["grant", "delete", grant, "--revoke-tokens"];
    let said = scene.place.run(&delete).well();
    assert!(said.contains("the grant stays deleted"), "{said}");
    assert!(
        said.contains(&format!("rulemint grant add --client {id}")),
        "{said}"
    );
    let said = scene.place.run(&["revoke", "--client", id]).well();
    assert!(!said.contains("new tokens"), "it gets none: {said}");
}

#[test]
fn the_revocation_of_a_key_is_counted_before_and_said_to_be_for_good() {
    let scene = Scene::new();
    let kid = scene.told("inspect")["header"]["kid"].clone();
    let kid = kid.as_str().unwrap();
    scene.told("explain"); // Waits until it is in the ledger.
    let dry = ["key", "revoke", kid, "--dry-run", "--json"];
    assert_eq!(scene.place.run(&dry).json(), json!({ "would_revoke": 1 }));
    scene.place.run(&["token", "inspect", &scene.token]).well();
    scene
        .place
        .run(&["key", "revoke", "nokey", "--dry-run"])
        .badly(4);

    let said = scene.place.run(&["key", "revoke", kid]).well();
    assert!(said.contains("1 that had not expired"), "{said}");
    assert!(said.contains("cannot be undone"), "{said}");
    scene.place.run(&dry).badly(1);
    let message = scene
        .place
        .run(&["token", "inspect", &scene.token])
        .badly(5);
    assert!(
        message.contains("its key was revoked, by revocation 1"),
        "{message}"
    );
}

#[test]
fn the_id_of_a_refused_request_is_looked_for_in_the_log() {
    let scene = Scene::new();
    let explain = ["token", "explain", "0123456789abcdef0123456789abcdef"];
    let message = scene.place.run(&explain).badly(4);
    assert!(
        message.contains("server's log") && message.contains("transaction"),
        "{message}"
    );
}

#[test]
fn what_is_revoked_on_the_command_line_is_in_the_servers_log() {
    let scene = Scene::new();
    let id = scene.client.0.clone();
    let jti = scene.told("explain")["jti"].as_str().unwrap().to_owned();
    scene.place.run(&["revoke", "--client", &id]).well();
    scene.place.run(&["revoke", "undo", "1"]).well();
    scene.place.run(&["revoke", &scene.token]).well();
    let (_, log) = scene.server.end_after(Signal::TERM);
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.contains("a revocation is"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<(&Value, &Value)> = lines
        .iter()
        .map(|line| (&line["message"], &line["kind"]))
        .collect();
    let (in_force, undone) = (
        json!("a revocation is in force"),
        json!("a revocation is undone"),
    );
    let (client, token) = (json!("client"), json!("token"));
    assert_eq!(
        told,
        [
            (&in_force, &client),
            (&undone, &client),
            (&in_force, &token)
        ]
    );
    assert_eq!(
        (&lines[0]["of"], &lines[0]["revocation"]),
        (&json!(id), &json!(1))
    );
    assert!(lines[0]["by"].as_str().unwrap().contains("command line"));
    assert!(!log.contains(&jti), "{log}");
}

#[test]
fn whoever_takes_a_rule_away_stands_in_the_audit_log() {
    let scene = Scene::new();
    let digest = scene.told("explain")["rules"][0]["digest"].clone();
    let object = ["audit", "list", "--object", "rule:10-jti", "--json"];
    assert_eq!(scene.place.run(&object).json(), json!([]));
    scene.place.run(&["rule", "remove", "10-jti"]).well();
    let told = scene.place.run(&object).json();
    assert_eq!(told[0]["operation"], "delete");
    assert_eq!(told[0]["actor"]["kind"], "user");
    assert_eq!(told[0]["before"]["sha256"], digest);
    scene.place.run(&["rule", "remove", "10-jti"]).badly(4);
    assert_eq!(scene.place.run(&object).json().as_array().unwrap().len(), 1);
}
