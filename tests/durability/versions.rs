//! Stores that other versions wrote.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use sqlx::{Connection, Executor, SqliteConnection};

use crate::process::Installation;

async fn execute(installation: &Installation, sql: &str) {
    let file = installation.data().join("rulemint.db");
    let url = format!("sqlite:{}?mode=rwc", file.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    connection.execute(sqlx::raw_sql(sql)).await.unwrap();
    connection.close().await.unwrap();
}

/// A migration that this version does not know, as a newer one would leave it.
const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
     VALUES (9001, 'of a newer version', 1, x'00', 0);";

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_an_earlier_version_is_brought_up_to_date_and_served() {
    let mut installation = Installation::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/stores");
    for old in fs::read_dir(installation.data()).unwrap() {
        let _ = fs::remove_file(old.unwrap().path()); // Directories may stay.
    }
    let dump = fs::read_to_string(format!("{fixtures}/0007.sql")).unwrap();
    execute(&installation, &dump).await;
    let key = installation.data().join("master.key");
    fs::copy(format!("{fixtures}/0007.key"), &key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let secret = dump
        .split_whitespace()
        .find(|word| word.starts_with("rms_"));
    installation.secret = secret.unwrap().trim_end_matches(',').to_owned();
    let shown = installation.well(&["client", "show", "kept", "--json"]);
    assert!(shown.contains("gold") && shown.contains("https://api.example"));
    let listed = installation.well(&["revoke", "list", "--json"]);
    assert!(listed.contains("some-jti"), "{listed}");
    let keys = installation.well(&["client", "credential", "list", "kept", "--json"]);
    assert_eq!(keys.trim(), "[]");
    installation.well(&["store", "check"]);
    let server = installation.serve().await;
    server.ask_as("kept").await.unwrap().token();
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_newer_version_that_only_gained_are_used() {
    let installation = Installation::new();
    let gained = "ALTER TABLE clients ADD COLUMN colour TEXT; \
         ALTER TABLE client_grants ADD COLUMN weight INTEGER NOT NULL DEFAULT 1; \
         ALTER TABLE revocations ADD COLUMN region TEXT; \
         ALTER TABLE ledger_tokens ADD COLUMN region TEXT; \
         CREATE TABLE something_new (id INTEGER PRIMARY KEY);";
    execute(&installation, &format!("{NEWER}{gained}")).await;
    let server = installation.serve().await;
    assert_eq!(server.add_client("new").await.unwrap().status, 201);
    assert_eq!(server.blacklist("new").await.unwrap().status, 204);
    let token = server.ask().await.unwrap().token().to_owned();
    assert_eq!(server.give_back(&token).await.unwrap().status, 200);
    assert!(!server.is_good(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_a_newer_version_made_into_something_else_are_left_alone() {
    let installation = Installation::new();
    execute(
        &installation,
        &format!("{NEWER} UPDATE compatibility SET readable_from = 9001;"),
    )
    .await;
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["client", "list"],
        &["backup", "copy"],
    ] {
        let output = installation.run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("a newer rulemint wrote it") && said.contains("9001"),
            "{said}"
        );
    }
}
