//! The file, the environment and the flags.

use serde_json::Value;

use crate::place::{Place, finish};

#[test]
fn all_mistakes_are_told_at_once_each_with_its_place() {
    let place = Place::new();
    place.put(
        "rulemint.toml",
        "lisen = 1\n[rules]\ndebounce_ms = 0\nwatch = \"x\"\n[limits]\nconnections = \"many\"\n",
    );
    let mut command = place.command(&["config", "check"]);
    let message = finish(
        command
            .env("RULEMINT_LISTEN", "nowhere")
            .env("RULEMINT_TLS_LISTEN", "unix:socket")
            .env("RULEMINT_LISTN", "x"),
    )
    .badly(3);
    for expected in [
        "the configuration has 7 mistake(s):",
        "rulemint.toml: lisen: there is no such key; did you mean listen?",
        "rulemint.toml: rules.debounce_ms: 0 is less than the minimum of 1",
        "rulemint.toml: rules.watch: \"x\" is none of auto, poll, off",
        "rulemint.toml: limits.connections: \"many\" is not of type \"integer\"",
        "RULEMINT_LISTEN: \"nowhere\" is no address",
        "RULEMINT_TLS_LISTEN: \"unix:socket\" is no address",
        "RULEMINT_LISTN: there is no such variable; did you mean RULEMINT_LISTEN?",
    ] {
        assert!(message.contains(expected), "{expected}\n{message}");
    }
}

#[test]
fn a_syntax_error_has_a_line_and_a_column() {
    let place = Place::new();
    place.put("rulemint.toml", "listen = \"127.0.0.1:1\"\n[rules\n");
    let message = place.run(&["config", "check"]).badly(3);
    assert!(message.contains("rulemint.toml:2:"), "{message}");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let message = Place::new()
        .run(&["--config", "gone.toml", "config", "check"])
        .badly(3);
    assert!(message.contains("gone.toml"), "{message}");
}

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let place = Place::new();
    place.put(
        "rulemint.toml",
        "[log]\nlevel = \"info,rulemint::reload=debug\"\n",
    );
    assert_eq!(place.run(&["config", "check"]).code, 0);
}

#[test]
fn a_configuration_that_no_server_starts_with_is_not_in_order() {
    let place = Place::new();
    place.put(
        "rulemint.toml",
        "listen = \"0.0.0.0:6468\"\n[tls]\ncert = \"gone.pem\"\nkey = \"gone.key\"\n",
    );
    let message = place.run(&["config", "check"]).badly(3);
    for words in ["has 2 mistake(s)", "--allow-plain-http", "gone.pem"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    let told = place.run(&["config", "check", "--json"]).badly(3);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["mistakes"][0]["place"], "listen", "{told}");
    place.put("rulemint.toml", "[tls]\nself_signed = true\n");
    place.run(&["config", "check"]).well();
    assert!(!place.path().join(".rulemint").exists());
}

#[test]
fn flags_weigh_more_than_variables_and_those_more_than_the_file() {
    let place = Place::new();
    place.put(
        "rulemint.toml",
        "data_dir = \"from-file\"\n[rules]\ndir = \"file-rules\"\n[log]\nlevel = \"warn\"\n",
    );
    let mut command = place.command(&["--data-dir", "from-flag", "config", "show", "--json"]);
    let shown = finish(
        command
            .env("RULEMINT_RULES_DIR", "env-rules")
            .env("RULEMINT_DATA_DIR", "from-env"),
    )
    .json();
    let of = |key: &str| {
        let entries = shown.as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["key"] == key).unwrap();
        (
            entry["value"].clone(),
            entry["from"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        of("data_dir"),
        ("from-flag".into(), "--data-dir".to_owned())
    );
    assert_eq!(
        of("rules.dir"),
        ("env-rules".into(), "RULEMINT_RULES_DIR".to_owned())
    );
    assert_eq!(of("log.level"), ("warn".into(), "rulemint.toml".to_owned()));
    assert_eq!(of("ledger.mode"), ("async".into(), "default".to_owned()));
}

#[test]
fn a_secret_is_never_shown() {
    let place = Place::new();
    let secret = "a-secret-that-must-not-be-seen-0123456789";
    for command in [&["config", "show"][..], &["config", "show", "--json"]] {
        let said = finish(
            place
                .command(command)
                .env("RULEMINT_ADMIN_CLIENT_SECRET", secret),
        );
        assert!(
            !said.out.contains(secret) && !said.err.contains(secret),
            "{said:?}"
        );
    }
    let short = finish(
        place
            .command(&["config", "check"])
            .env("RULEMINT_ADMIN_CLIENT_SECRET", "short-one"),
    );
    assert!(!short.badly(3).contains("short-one"));
}

#[test]
fn opentelemetrys_variables_count_where_nothing_else_was_said() {
    let place = Place::new();
    let shown = |own: &str| {
        let mut command = place.command(&["config", "show", "--json"]);
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://standard:4318")
            .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hidden")
            .env("OTEL_SERVICE_NAME", "tokens")
            .env("RULEMINT_TELEMETRY_TRACES_SAMPLE_RATIO", "0.25")
            .env("RULEMINT_TELEMETRY_TRACES_ENDPOINT", own);
        let said = finish(&mut command);
        assert!(!said.out.contains("hidden"), "{said:?}");
        let keys = said.json().as_array().unwrap().clone();
        move |key: &str| {
            let path = format!("telemetry.traces.{key}");
            let entry = keys.iter().find(|entry| entry["key"] == *path).unwrap();
            (
                entry["value"].clone(),
                entry["from"].as_str().unwrap().to_owned(),
            )
        }
    };
    let from = |origin: &str| origin.to_owned();
    let standard = shown("");
    assert_eq!(
        standard("endpoint"),
        (
            "http://standard:4318".into(),
            from("OTEL_EXPORTER_OTLP_ENDPOINT")
        )
    );
    assert_eq!(standard("headers").1, "OTEL_EXPORTER_OTLP_HEADERS");
    assert_eq!(
        standard("service_name"),
        ("tokens".into(), from("OTEL_SERVICE_NAME"))
    );
    let ratio = from("RULEMINT_TELEMETRY_TRACES_SAMPLE_RATIO");
    assert_eq!(standard("sample_ratio"), (0.25.into(), ratio));
    let own = from("RULEMINT_TELEMETRY_TRACES_ENDPOINT");
    assert_eq!(shown("off")("endpoint"), ("off".into(), own));
}

#[test]
fn a_mistake_in_the_headers_is_told_without_them() {
    let mut command = Place::new().command(&["config", "check"]);
    let place = Place::new();
    let message = finish(
        command
            .current_dir(place.path())
            .env(
                "RULEMINT_TELEMETRY_TRACES_HEADERS",
                "a-secret-without-a-name",
            )
            .env("RULEMINT_TELEMETRY_TRACES_ENDPOINT", "grpc://collector")
            .env("RULEMINT_TELEMETRY_TRACES_SAMPLE_RATIO", "2"),
    )
    .badly(3);
    for expected in [
        "RULEMINT_TELEMETRY_TRACES_HEADERS: is not of the form NAME=VALUE",
        "\"grpc://collector\" is no address of a collector",
        "2.0 is greater than the maximum of 1",
    ] {
        assert!(message.contains(expected), "{expected}\n{message}");
    }
    assert!(!message.contains("a-secret-without-a-name"), "{message}");
}

#[test]
fn what_kubernetes_sets_beside_a_service_of_that_name_is_no_mistake() {
    let mut command = Place::new().command(&["config", "check"]);
    let injected = [
        ("RULEMINT_SERVICE_HOST", "10.0.0.1"),
        ("RULEMINT_SERVICE_PORT", "80"),
        ("RULEMINT_PORT", "tcp://10.0.0.1:80"),
        ("RULEMINT_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    let place = Place::new();
    assert_eq!(
        finish(command.current_dir(place.path()).envs(injected)).code,
        0
    );
}

#[test]
fn the_reference_in_the_docs_is_the_programs() {
    let page = include_str!("../../docs/configuration.md");
    let printed = Place::new().run(&["config", "reference"]).well();
    assert_eq!(
        page, printed,
        "run: cargo run -- config reference > docs/configuration.md"
    );
}
