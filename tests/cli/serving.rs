//! `rulemint serve`

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::place::{Place, Said, Serving, finish, until};

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .arg("-sS")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_works_in_an_empty_directory() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert_eq!(curl(&[&format!("{}/healthz", server.address)]), "ok\n");
    assert!(server.welcome.contains("none"), "{}", server.welcome);
    assert!(place.path().join(".rulemint").is_dir());
}

/// Runs the line that a demonstration shows.
fn paste_line_of(server: &Serving) -> Said {
    let mut lines = server.welcome.lines();
    let line = lines.find(|line| line.starts_with("curl ")).unwrap();
    finish(Command::new("sh").args(["-c", line]))
}

#[test]
fn the_demos_line_gets_a_token_when_it_is_pasted() {
    let place = Place::new();
    place.put_jti_rule();
    let server = place.serve(&["--demo"]);
    let output = paste_line_of(&server);
    let answer: Value = serde_json::from_str(&output.well()).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let said = place
        .run(&[
            "token",
            "inspect",
            token,
            "--server",
            &server.address,
            "--json",
        ])
        .json();
    let jti: uuid::Uuid = said["claims"]["jti"].as_str().unwrap().parse().unwrap();
    assert_eq!(jti.get_version_num(), 4);
}

#[test]
fn the_demo_can_be_started_again() {
    let place = Place::new();
    for _ in 0..2 {
        let server = place.serve(&["--demo"]);
        let output = paste_line_of(&server);
        assert!(output.well().contains("access_token"));
        assert_eq!(server.end_after(Signal::INT).0, 0);
    }
}

#[test]
fn the_administrator_is_shown_at_the_first_start_and_never_again() {
    let place = Place::new();
    let first = place.serve(&[]);
    let secret = first
        .welcome
        .lines()
        .find(|line| line.contains("client secret"))
        .unwrap()
        .trim()
        .to_owned();
    assert!(secret.contains("rms_"), "{secret}");
    assert_eq!(first.end_after(Signal::INT).0, 0);
    let second = place.serve(&[]);
    assert!(
        !second.welcome.contains("client secret"),
        "{}",
        second.welcome
    );
}

#[test]
fn a_given_administrator_is_taken_and_not_repeated() {
    let place = Place::new();
    let secret = "an-administrators-secret-0123456789-0123456789";
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("RULEMINT_ADMIN_CLIENT_ID", "root")
        .env("RULEMINT_ADMIN_CLIENT_SECRET", secret);
    let server = Serving::of(&mut command);
    assert!(!server.welcome.contains(secret), "{}", server.welcome);
    let audience = format!("audience={}/api/v2/", server.address);
    let answer = curl(&[
        &format!("{}/oauth/token", server.address),
        "-u",
        &format!("root:{secret}"),
        "-d",
        "grant_type=client_credentials",
        "-d",
        &audience,
    ]);
    assert!(answer.contains("access_token"), "{answer}");
}

#[test]
fn sigterm_lets_load_balancers_notice_and_ends_well() {
    let place = Place::new();
    place.put("rulemint.toml", "[shutdown]\ndelay_ms = 1500\n");
    let server = place.serve(&[]);
    server.signal(Signal::TERM);
    let ready = format!("{}/readyz", server.address);
    until("readiness to go while it still answers", || {
        let status = curl(&["-o", "/dev/null", "-w", "%{http_code}", &ready]);
        (status == "503").then_some(())
    });
    let (code, log) = server.end();
    assert_eq!(code, 0);
    assert!(log.contains("stopped"), "{log}");
}

#[test]
fn sighup_looks_at_the_rules_again() {
    let place = Place::new();
    let server = place.serve(&["--watch", "off"]);
    place.put_jti_rule();
    server.signal(Signal::HUP);
    until("the rule", || {
        let status = place.run(&["rule", "status", "--json"]).json();
        (status["rules"][0]["state"] == "live").then_some(())
    });
}

#[test]
fn a_start_that_has_to_compile_says_so_and_the_next_one_does_not() {
    let place = Place::new();
    place.put_jti_rule();
    let (_, log) = place.serve(&[]).end_after(Signal::INT);
    let compiling = log.lines().find(|line| line.contains("compiling"));
    assert!(
        compiling.is_some_and(|line| line.contains("10-jti")),
        "{log}"
    );
    let (_, log) = place.serve(&[]).end_after(Signal::INT);
    assert!(!log.contains("compiling"), "{log}");
}

#[test]
fn a_log_is_json_in_a_pipe_and_text_when_asked_for() {
    let place = Place::new();
    let (code, log) = place.serve(&[]).end_after(Signal::INT);
    assert_eq!(code, 0);
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(
            line["level"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
    }
    let (_, log) = place
        .serve(&["--log-format", "human"])
        .end_after(Signal::INT);
    assert!(
        log.contains("stopped") && !log.contains('{') && !log.contains('\u{1b}'),
        "{log}"
    );
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let place = Place::new();
    let _first = place.serve(&[]);
    let message = place.run(&["serve", "--listen", "127.0.0.1:0"]).badly(4);
    assert!(message.contains("is running on it already"), "{message}");
}

#[test]
fn other_machines_are_let_in_by_decision_only() {
    let message = Place::new()
        .run(&["serve", "--listen", "0.0.0.0:0"])
        .badly(1);
    assert!(message.contains("--allow-plain-http"), "{message}");
}

#[test]
fn a_taken_address_is_named() {
    let place = Place::new();
    let first = place.serve(&[]);
    let other = Place::new();
    let address = first.address.trim_start_matches("http://").to_owned();
    let message = other.run(&["serve", "--listen", &address]).badly(1);
    assert!(
        message.contains(&address) && message.contains("in use"),
        "{message}"
    );
}

#[test]
fn a_unix_socket_serves_curl() {
    let place = Place::new();
    let mut command = place.command(&["serve", "--demo", "--listen", "unix:socket"]);
    let server = Serving::of(&mut command);
    let line = server
        .welcome
        .lines()
        .find(|line| line.starts_with("curl "))
        .unwrap();
    let output = finish(
        Command::new("sh")
            .args(["-c", line])
            .current_dir(place.path()),
    );
    assert!(output.well().contains("access_token"));
}

#[test]
fn a_bad_rule_that_never_was_good_keeps_it_from_starting() {
    let place = Place::new();
    place.put("rules/10-bad.wasm", "garbage");
    let message = place.run(&["serve", "--listen", "127.0.0.1:0"]).badly(1);
    assert!(
        message.contains("10-bad") && message.contains("it is not WebAssembly"),
        "{message}"
    );
}

#[test]
fn changes_beside_a_running_server_are_in_force_soon() {
    let place = Place::new();
    let server = place.serve(&[]);
    let (id, secret) = place.furnish();
    let url = format!("{}/oauth/token", server.address);
    until("a token for the new client", || {
        let answer = curl(&[
            &url,
            "-u",
            &format!("{id}:{secret}"),
            "-d",
            "grant_type=client_credentials",
        ]);
        answer.contains("access_token").then_some(())
    });
    place.run(&["client", "delete", &id]).well();
    until("no token for the deleted client", || {
        let answer = curl(&[
            &url,
            "-u",
            &format!("{id}:{secret}"),
            "-d",
            "grant_type=client_credentials",
        ]);
        answer.contains("invalid_client").then_some(())
    });
}

#[test]
fn a_laptop_gets_a_certificate_and_is_told_where_it_is() {
    let place = Place::new();
    let server = place.serve(&["--tls-self-signed", "--tls-listen", "127.0.0.1:0"]);
    let line = |word: &str| {
        let mut lines = server
            .welcome
            .lines()
            .filter_map(|line| line.split_once(word));
        lines.next().unwrap().1.trim().to_owned()
    };
    let (address, certificate) = (line("listens on https://"), line("trust"));
    let issuer = line("issuer");
    assert_eq!(issuer, format!("https://{address}"));
    let certificate = place.path().join(certificate);
    let trusted = certificate.to_str().unwrap();
    assert_eq!(
        curl(&["--cacert", trusted, &format!("{issuer}/healthz")]),
        "ok\n"
    );
    let fingerprint = finish(
        Command::new("openssl")
            .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
            .arg(&certificate),
    );
    assert!(
        fingerprint.well().contains(&line("sha256")),
        "{}",
        server.welcome
    );
}

#[test]
fn half_a_certificate_is_told_apart_from_none() {
    let place = Place::new();
    let said = place.run(&["serve", "--listen", "127.0.0.1:0", "--tls-cert", "x.pem"]);
    let message = said.badly(1);
    assert!(
        message.contains("tls.key is missing (--tls-key)"),
        "{message}"
    );
}
