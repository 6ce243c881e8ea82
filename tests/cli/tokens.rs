//! `rulemint token`

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::place::{Place, Serving, finish, until};

/// A server with the shipped rule, and a client's id and secret.
fn served() -> (Place, Serving, String, String) {
    let place = Place::new();
    place.put_jti_rule();
    let (id, secret) = place.furnish();
    let server = place.serve(&[]);
    (place, server, id, secret)
}

fn token(place: &Place, server: &Serving, id: &str, secret: &str) -> String {
    let arguments = [
        "token",
        "get",
        "--client",
        id,
        "--secret-file",
        "-",
        "--server",
        &server.address,
    ];
    place.run_with(&arguments, secret).well().trim().to_owned()
}

#[test]
fn get_prints_the_token_and_nothing_else() {
    let (place, server, id, secret) = served();
    let token = token(&place, &server, &id, &secret);
    assert_eq!(token.split('.').count(), 3, "{token}");
}

#[test]
fn get_takes_the_secret_from_a_file_or_a_variable() {
    let (place, server, id, secret) = served();
    place.put("secret", format!("{secret}\n"));
    let get = ["token", "get", "--client", &id, "--server", &server.address];
    place
        .run(&[&get[..], &["--secret-file", "secret"]].concat())
        .well();
    finish(place.command(&get).env("RULEMINT_CLIENT_SECRET", &secret)).well();
    let message = place.run(&get).badly(1);
    assert!(
        message.contains("--secret-file") && message.contains("RULEMINT_CLIENT_SECRET"),
        "{message}"
    );
}

#[test]
fn get_decodes_when_asked_to() {
    let (place, server, id, secret) = served();
    let decoded = ["--scope", "read", "--decode", "--json"];
    let said = place.ask(&server, &(id, secret), &decoded).json();
    assert_eq!(said["header"]["typ"], "at+jwt");
    assert_eq!(said["claims"]["scope"], "read");
}

#[test]
fn get_passes_on_why_there_is_no_token() {
    let (place, server, id, _) = served();
    let get = [
        "token",
        "get",
        "--client",
        &id,
        "--secret-file",
        "-",
        "--server",
        &server.address,
    ];
    let message = place.run_with(&get, "wrong").badly(5);
    assert!(message.contains("invalid_client"), "{message}");
}

#[test]
fn get_says_that_nobody_listens() {
    let place = Place::new();
    let get = [
        "token",
        "get",
        "--client",
        "x",
        "--secret-file",
        "-",
        "--server",
        "http://127.0.0.1:9",
    ];
    let message = place.run_with(&get, "secret").badly(1);
    assert!(message.contains("127.0.0.1:9"), "{message}");
}

#[test]
fn get_asks_where_the_configuration_has_the_server_listen() {
    let (place, server, id, secret) = served();
    let get = ["token", "get", "--client", &id];
    let (_, listen) = server.address.split_once("//").unwrap();
    let mut command = place.command(&get);
    command.env("RULEMINT_CLIENT_SECRET", &secret);
    finish(command.env("RULEMINT_LISTEN", listen)).well();
    place.put("rulemint.toml", format!("listen = \"{listen}\"\n"));
    let mut command = place.command(&get);
    command.env("RULEMINT_CLIENT_SECRET", &secret);
    finish(command.args(["--config", "rulemint.toml"])).well();
}

#[test]
fn get_says_that_a_socket_or_a_free_port_is_no_url() {
    let place = Place::new();
    for listen in ["unix:here.sock", "127.0.0.1:0"] {
        let mut command = place.command(&["token", "get", "--client", "x"]);
        command.env("RULEMINT_CLIENT_SECRET", "secret");
        let message = finish(command.env("RULEMINT_LISTEN", listen)).badly(1);
        assert!(message.contains("--server"), "{message}");
    }
}

#[test]
fn a_self_signed_server_is_trusted_by_its_data_directory_or_by_its_certificate() {
    let place = Place::new();
    let (id, secret) = place.furnish();
    let server = place.serve(&["--tls-self-signed", "--tls-listen", "127.0.0.1:0"]);
    let at = server.welcome.find("https://127").unwrap();
    let url = server.welcome[at..].split_whitespace().next().unwrap();
    let get = ["token", "get", "--client", &id, "--secret-file", "-"];
    let get = [&get[..], &["--server", url]].concat();
    let token = place.run_with(&get, &secret).well();
    let elsewhere = Place::new();
    let message = elsewhere.run_with(&get, &secret).badly(1);
    assert!(
        message.contains("trust the server") && message.contains("--cacert"),
        "{message}"
    );
    let certificate = place.path().join(".rulemint/tls/certificate.pem");
    let trusting = ["--cacert", certificate.to_str().unwrap()];
    elsewhere
        .run_with(&[&get[..], &trusting].concat(), &secret)
        .well();
    let inspect = [
        &["token", "inspect", token.trim(), "--server", url],
        &trusting[..],
    ]
    .concat();
    elsewhere.run(&inspect).well();
    elsewhere.put("empty.pem", "");
    let empty = [&get[..], &["--cacert", "empty.pem"]].concat();
    let message = elsewhere.run_with(&empty, &secret).badly(1);
    assert!(message.contains("no certificate in it"), "{message}");
}

#[test]
fn inspect_believes_a_good_token() {
    let (place, server, id, secret) = served();
    let token = token(&place, &server, &id, &secret);
    let inspect = [
        "token",
        "inspect",
        "--audience",
        "https://api.example",
        "--server",
        &server.address,
    ];
    let said = place.run_with(&inspect, &token).well();
    assert!(
        said.contains("https://api.example") && said.contains(&id),
        "{said}"
    );
}

#[test]
fn inspect_shows_a_forged_token_and_says_that_it_is_one() {
    let (place, server, id, secret) = served();
    let token = token(&place, &server, &id, &secret);
    let (rest, signature) = token.rsplit_once('.').unwrap();
    let forged = format!(
        "{rest}.{}{}",
        if signature.starts_with('A') { 'B' } else { 'A' },
        &signature[1..]
    );
    let said = place.run(&["token", "inspect", &forged, "--server", &server.address]);
    assert!(said.out.contains(&id), "{said:?}");
    let message = said.badly(5);
    assert!(message.contains("its signature is wrong"), "{message}");
}

#[test]
fn inspect_refuses_a_token_for_another_api() {
    let (place, server, id, secret) = served();
    let token = token(&place, &server, &id, &secret);
    let inspect = [
        "token",
        "inspect",
        &token,
        "--audience",
        "https://other.example",
        "--server",
        &server.address,
    ];
    let message = place.run(&inspect).badly(5);
    assert!(message.contains("it is for another API"), "{message}");
}

#[test]
fn inspect_finds_the_keys_of_the_data_directory_wherever_its_server_listens() {
    let (place, server, id, secret) = served();
    let token = token(&place, &server, &id, &secret);
    let said = place.run(&["token", "inspect", &token]).well();
    assert!(said.contains("valid"), "{said}");
    drop(server);
    place.run(&["token", "inspect", &token]).well();
    let other = Place::new();
    other.furnish();
    let message = other.run(&["token", "inspect", &token]).badly(5);
    assert!(message.contains("not valid"), "{message}");
}

#[test]
fn inspect_without_a_data_directory_says_how_to_name_a_server() {
    let (place, server, id, secret) = served();
    let token = token(&place, &server, &id, &secret);
    let inspect = ["token", "inspect", &token, "--server", "http://127.0.0.1:9"];
    let message = Place::new().run(&inspect).badly(1);
    assert!(message.contains("--server says where"), "{message}");
}

#[test]
fn inspect_says_what_is_no_token() {
    let message = Place::new().run(&["token", "inspect", "nonsense"]).badly(5);
    assert!(message.contains("JWT"), "{message}");
}

#[test]
fn explain_tells_who_asked_and_which_rules_ran() {
    let (place, server, id, secret) = served();
    let token = token(&place, &server, &id, &secret);
    let said = until("the record", || {
        let said = place.run(&["token", "explain", &token]);
        (said.code == 0).then_some(said.out)
    });
    for expected in [
        &*id,
        "https://api.example",
        "10-jti  ok",
        "sha256 ",
        "set jti = ",
        " us",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let record = place.run(&["token", "explain", &token, "--json"]).json();
    let status = place.run(&["rule", "status", "--json"]).json();
    assert_eq!(record["rules"][0]["digest"], status["rules"][0]["digest"]);
}

#[test]
fn inspect_tells_what_else_is_signed_here_for_what_it_is() {
    let place = Place::new();
    let (id, secret) = place.furnish();
    let api = "https://api.example";
    place
        .run(&["api", "update", api, "--status-list", "true"])
        .well();
    place.run(&["client", "serve", &id, api]).well();
    let server = place.serve(&[]);
    let said = place
        .ask(
            &server,
            &(id.clone(), secret.clone()),
            &["--decode", "--json"],
        )
        .json();
    let list = said["claims"]["status"]["status_list"]["uri"]
        .as_str()
        .unwrap();
    let path = &list[list.find("/status-lists/").unwrap()..];
    let list = fetched(&server, path, "application/statuslist+jwt", None);
    let said = place.run_with(&["token", "inspect"], &list).well();
    assert!(said.contains("valid: it is a status list token"), "{said}");

    let media_type = "application/rulemint-revocations+jwt";
    let list = fetched(&server, "/revocations", media_type, Some((&id, &secret)));
    let said = place.run_with(&["token", "inspect"], &list).well();
    assert!(
        said.contains("valid: it is a list of revocations"),
        "{said}"
    );
    let said = place
        .run_with(&["token", "inspect", "--json"], &list)
        .json();
    assert_eq!(
        (&said["valid"], &said["kind"]),
        (&json!(true), &json!("revocations"))
    );

    let as_token = ["token", "inspect", "--audience", api];
    let message = place.run_with(&as_token, &list).badly(5);
    assert!(
        message.contains("it is no access token: its typ is \"rulemint-revocations+jwt\""),
        "{message}"
    );
    let forged = format!("{}AAAA", &list[..list.len() - 4]);
    let message = place.run_with(&["token", "inspect"], &forged).badly(5);
    assert!(message.contains("its signature is wrong"), "{message}");
}

/// What a server answers to whoever accepts this type.
fn fetched(server: &Serving, path: &str, accept: &str, client: Option<(&str, &str)>) -> String {
    let url = format!("{}{path}", server.address);
    let mut request = ureq::get(&url).header("accept", accept);
    if let Some((id, secret)) = client {
        let basic = STANDARD.encode(format!("{id}:{secret}"));
        request = request.header("authorization", format!("Basic {basic}"));
    }
    request.call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn explain_says_that_it_knows_nothing() {
    let place = Place::new();
    place.furnish();
    let message = place.run(&["token", "explain", "no-such-jti"]).badly(4);
    assert!(message.contains("no-such-jti"), "{message}");
}
