//! A full disk, and one that fails.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::process::{Installation, RULEMINT, SERVE, Server, until};

const ASYNC: &str = "[ledger]\nmode = \"async\"\n";

async fn metric(server: &Server, name: &str) -> u64 {
    let (_, text) = server.get("/metrics").await;
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split(' ').nth(1));
    value.unwrap().parse().unwrap()
}

/// No write of any kind is acknowledged.
async fn refuses_all(server: &Server, code: &str) {
    let token = server.ask().await.unwrap().token().to_owned();
    server.add_client("refused").await.unwrap().refused(code);
    server.blacklist("refused").await.unwrap().refused(code);
    let given_back = server.give_back(&token).await.unwrap();
    given_back.refused("temporarily_unavailable");
    assert!(server.is_good(&token).await);
    assert_eq!(metric(server, "rulemint_store_writable ").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_changes_issues_tokens_and_is_left_behind_without_a_restart() {
    let installation = Installation::with(ASYNC);
    let faults = Faults::of(&installation);
    let server = faults.serve(&installation).await;
    assert_eq!(server.add_client("before").await.unwrap().status, 201);
    faults.begin("full");
    refuses_all(&server, "store_full").await;
    let (status, body) = server.get("/readyz").await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("\"store_takes_writes\":false"), "{body}");
    faults.end();
    assert_eq!(server.add_client("after").await.unwrap().status, 201);
    assert_eq!(metric(&server, "rulemint_store_writable ").await, 1);
    assert!(server.log().contains("the disk is full"));
    assert!(server.log().contains("takes writes again"));
    let names = names(&installation).await;
    assert!(names.contains(&"before".to_owned()) && names.contains(&"after".to_owned()));
    assert!(!names.contains(&"refused".to_owned()));
}

/// The names and the bytes of all that is in a directory.
fn files(directory: &Path) -> Vec<(OsString, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rule_is_changed_of_which_the_audit_log_cannot_tell() {
    let installation = Installation::with(ASYNC);
    let rules = installation.path().join("rules");
    fs::create_dir_all(&rules).unwrap();
    let faults = Faults::of(&installation);
    let server = faults.serve(&installation).await;
    let script = json!({ "name": "a", "script": "function () {}", "enabled": false });
    let added = server.change(Method::POST, "/api/v2/rules", &script).await;
    let added = added.unwrap();
    assert_eq!(added.status, 201, "{added:?}");
    let path = format!("/api/v2/rules/{}", added.body["id"].as_str().unwrap());
    let before = files(&rules);
    faults.begin("full");
    let another = json!({ "name": "b", "script": "function () {}" });
    let change = json!({ "script": "function (changed) {}", "order": 30 });
    for (method, path, body) in [
        (Method::POST, "/api/v2/rules", &another),
        (Method::PATCH, &path, &change),
        (Method::DELETE, &path, &json!({})),
    ] {
        let said = server.change(method, path, body).await.unwrap();
        said.refused("store_full");
        assert_eq!(files(&rules), before);
    }
    faults.end();
    let changed = server.change(Method::PATCH, &path, &change).await.unwrap();
    assert_eq!(changed.status, 200, "{changed:?}");
    let log = installation.well(&["audit", "list", "--object", "rule", "--json"]);
    let log: Value = serde_json::from_str(&log).unwrap();
    let done = log.as_array().unwrap().iter();
    let done: Vec<&str> = done.map(|one| one["operation"].as_str().unwrap()).collect();
    assert_eq!(done, ["update", "add"]);
}

async fn names(installation: &Installation) -> Vec<String> {
    let store = installation.store().await;
    let clients = store.clients().await.unwrap();
    clients.into_iter().map(|client| client.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn room_is_noticed_even_if_nobody_writes() {
    let installation = Installation::with("[ledger]\nmode = \"off\"\n");
    let faults = Faults::of(&installation);
    let server = faults.serve(&installation).await;
    faults.begin("full");
    server
        .add_client("refused")
        .await
        .unwrap()
        .refused("store_full");
    faults.end();
    until("the store to take writes", async || {
        metric(&server, "rulemint_store_writable ").await == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_tokens_wait_for_room() {
    let installation = Installation::with(ASYNC);
    let faults = Faults::of(&installation);
    let server = faults.serve(&installation).await;
    faults.begin("full");
    for _ in 0..10 {
        server.ask().await.unwrap().token();
    }
    until("the ledger to fail", async || {
        metric(&server, "rulemint_ledger_failures_total ").await > 0
    })
    .await;
    faults.end();
    until("the records", async || {
        metric(&server, "rulemint_ledger_written_total ").await >= 10
    })
    .await;
    assert_eq!(metric(&server, "rulemint_ledger_lost_total ").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_its_record_there_is_no_token_in_sync_mode() {
    let installation = Installation::new();
    let faults = Faults::of(&installation);
    let server = faults.serve(&installation).await;
    faults.begin("full");
    let refused = server.ask().await.unwrap();
    refused.refused("temporarily_unavailable");
    faults.end();
    server.ask().await.unwrap().token();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_fails_makes_the_store_read_only_until_the_next_start() {
    fails_for_good("fsync").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_makes_the_store_read_only_until_the_next_start() {
    fails_for_good("write").await;
}

async fn fails_for_good(fault: &str) {
    let installation = Installation::with(ASYNC);
    let faults = Faults::of(&installation);
    let server = faults.serve(&installation).await;
    assert_eq!(server.add_client("before").await.unwrap().status, 201);
    faults.begin(fault);
    refuses_all(&server, "store_read_only").await;
    faults.end();
    // The disk seems well again, and is not believed.
    refuses_all(&server, "store_read_only").await;
    let (status, body) = server.get("/readyz").await;
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("read-only since a write failed"), "{body}");
    assert!(server.log().contains("read-only until the next start"));
    server.kill();
    let server = faults.serve(&installation).await;
    assert_eq!(server.add_client("after").await.unwrap().status, 201);
    assert_eq!(server.get("/readyz").await.0, 200);
    let names = names(&installation).await;
    assert!(names.contains(&"before".to_owned()) && names.contains(&"after".to_owned()));
}

/// A real file system without room, which only the server sees.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_runs_full_and_gets_room_again() {
    let installation = Installation::with(ASYNC);
    let mount = "mount -t tmpfs -o size=3m,mode=0700 none \"$0\" && exec \"$@\"";
    let volume = installation.path().join("volume");
    fs::create_dir(&volume).unwrap();
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", mount]);
    command.arg(&volume);
    let mut can_mount = Command::new("unshare");
    can_mount.args(["--map-root-user", "--mount", "sh", "-c", mount]);
    let can_mount = can_mount.arg(&volume).arg("true").status();
    if !can_mount.is_ok_and(|status| status.success()) {
        println!("left out: nobody may mount a file system here");
        return;
    }
    let fill = "cp -r .rulemint/. volume && exec \"$@\"";
    command.args(["sh", "-c", fill, "sh", RULEMINT]).args(SERVE);
    command.args(["--data-dir", "volume"]);
    installation.place(&mut command);
    let server = Server::start(&mut command, &installation.secret).await;
    assert_eq!(server.add_client("before").await.unwrap().status, 201);
    let seen = format!("/proc/{}/root{}", server.id(), volume.display());
    let filler = PathBuf::from(seen).join("filler");
    // Until not a byte fits.
    fs::write(&filler, vec![0; 4 << 20]).unwrap_err();
    let mut acknowledged = 0;
    let refused = loop {
        let said = server.add_client("more").await.unwrap();
        match said.status {
            201 => acknowledged += 1,
            _ => break said,
        }
    };
    refused.refused("store_full");
    server.ask().await.unwrap().token();
    fs::remove_file(&filler).unwrap();
    let after = server.add_client("after").await.unwrap();
    assert_eq!(
        after.status,
        201,
        "{after:?} after {acknowledged}\n{}",
        server.log()
    );
}
