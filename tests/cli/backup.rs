//! Backups, and what is refused about them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::place::{JTI_RULE, Place};

fn backed_up(more: &[&str]) -> Place {
    let place = Place::new();
    place
        .run(&["client", "add", "--id", "kept", "--name", "kept"])
        .well();
    place.run(&[&["backup", "copy"], more].concat()).well();
    place
}

/// Restores into a directory where nothing is.
const ELSEWHERE: [&str; 4] = ["restore", "copy", "--data-dir", "elsewhere"];

#[test]
fn a_backup_is_its_owners_alone_and_says_what_is_in_it() {
    let place = backed_up(&[]);
    for (name, mode) in [
        ("copy", 0o700),
        ("copy/master.key", 0o600),
        ("copy/rulemint.db", 0o600),
    ] {
        let found = fs::metadata(place.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
    let list = fs::read_to_string(place.path().join("copy/backup.json")).unwrap();
    assert!(
        list.contains("\"rulemint.db\"") && list.contains("\"sha256\""),
        "{list}"
    );
    assert!(!place.path().join("copy.partial").exists());
}

#[test]
fn nothing_is_backed_up_over_or_from_nothing() {
    let place = backed_up(&[]);
    let message = place.run(&["backup", "copy"]).badly(4);
    assert!(message.contains("there is something already"), "{message}");
    let message = place
        .run(&["backup", "more", "--data-dir", "elsewhere"])
        .badly(4);
    assert!(message.contains("there is no store"), "{message}");
    assert!(!place.path().join("elsewhere").exists());
}

#[test]
fn a_backup_comes_back_where_nothing_is() {
    let place = backed_up(&[]);
    let restored = place.run(&ELSEWHERE).well();
    assert!(!restored.contains("revoked for"), "{restored}");
    let shown = place.run(&["client", "show", "kept", "--data-dir", "elsewhere"]);
    assert!(shown.well().contains("kept"));
    let checked = place
        .run(&["store", "check", "--data-dir", "elsewhere"])
        .well();
    assert!(checked.contains("sound"), "{checked}");
}

#[test]
fn an_installation_is_put_aside_only_when_that_is_asked_for() {
    let place = backed_up(&[]);
    place
        .run(&["client", "add", "--id", "later", "--name", "later"])
        .well();
    let message = place.run(&["restore", "copy"]).badly(4);
    assert!(message.contains("--force"), "{message}");
    place.run(&["client", "show", "later"]).well();
    place.run(&["restore", "copy", "--force"]).well();
    place.run(&["client", "show", "later"]).badly(4);
    let kept = [".rulemint/replaced-1", "later"];
    place
        .run(&["client", "show", kept[1], "--data-dir", kept[0]])
        .well();
}

#[test]
fn nothing_is_restored_under_a_server() {
    let place = backed_up(&[]);
    let _server = place.serve(&[]);
    let message = place.run(&["restore", "copy", "--force"]).badly(1);
    assert!(
        message.contains("server is running on it already"),
        "{message}"
    );
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let place = backed_up(&[]);
    let store = place.path().join("copy/rulemint.db");
    let mut bytes = fs::read(&store).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&store, bytes).unwrap();
    let message = place.run(&ELSEWHERE).badly(5);
    assert!(
        message.contains("rulemint.db is not what was written"),
        "{message}"
    );
    assert!(!place.path().join("elsewhere/restore.staged").exists());
    place
        .run(&["client", "list", "--data-dir", "elsewhere"])
        .well();
    place.put("copy/rules/unlisted.wasm", "a stranger's");
    let message = place.run(&["restore", "copy", "--force"]).badly(5);
    assert!(
        message.contains("rules/unlisted.wasm is not in its list"),
        "{message}"
    );
    fs::remove_file(&store).unwrap();
    let message = place.run(&["restore", "copy", "--force"]).badly(5);
    assert!(message.contains("rulemint.db cannot be read"), "{message}");
    place.run(&["client", "show", "kept"]).well();
}

#[test]
fn what_is_no_backup_or_of_a_newer_form_is_not_restored() {
    let place = backed_up(&[]);
    let message = place.run(&["restore", ".rulemint", "--force"]).badly(4);
    assert!(message.contains("no readable backup.json"), "{message}");
    let list = place.path().join("copy/backup.json");
    let newer = fs::read_to_string(&list).unwrap();
    let newer = newer.replace("\"format\": 1", "\"format\": 2");
    fs::write(&list, newer).unwrap();
    let message = place.run(&ELSEWHERE).badly(1);
    assert!(message.contains("use that version"), "{message}");
}

#[test]
fn a_backup_without_the_master_key_needs_it_from_elsewhere() {
    let place = backed_up(&["--without-master-key"]);
    assert!(!place.path().join("copy/master.key").exists());
    let message = place.run(&ELSEWHERE).badly(1);
    assert!(message.contains("--master-key"), "{message}");
    let (_server, key) = (place.serve(&[]), ".rulemint/master.key");
    place
        .run(&["backup", "signed", "--without-master-key"])
        .well();
    place.put(
        "other.key",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n",
    );
    let signed = [
        "restore",
        "signed",
        "--data-dir",
        "elsewhere",
        "--force",
        "--master-key",
    ];
    let message = place.run(&[&signed[..], &["other.key"]].concat()).badly(5);
    assert!(
        message.contains("not the one it was sealed with"),
        "{message}"
    );
    place.run(&[&signed[..], &[key]].concat()).well();
}

#[test]
fn rules_come_along_where_that_is_asked_for() {
    let place = Place::new();
    place.put_jti_rule();
    place.run(&["client", "add", "--name", "any"]).well();
    place.run(&["backup", "copy", "--with-rules"]).well();
    let restore = [&ELSEWHERE[..], &["--with-rules"]].concat();
    let message = place.run(&restore).badly(1);
    assert!(message.contains("is not empty"), "{message}");
    fs::remove_dir_all(place.path().join("rules")).unwrap();
    place.run(&restore).well();
    let rule = fs::read(place.path().join("rules/10-jti.wasm")).unwrap();
    assert_eq!(rule, fs::read(JTI_RULE).unwrap());
    assert!(!place.path().join("elsewhere/rules-dir").exists());
    place.run(&["backup", "bare"]).well();
    let message = place
        .run(&["restore", "bare", "--force", "--with-rules"])
        .badly(1);
    assert!(message.contains("without the rules directory"), "{message}");
}

#[test]
fn a_server_on_a_backup_that_came_back_elsewhere_has_the_rules_that_were_live() {
    let place = Place::new();
    place.put_jti_rule();
    drop(place.serve(&[]));
    place.run(&["backup", "copy"]).well();
    place.put("rulemint.toml", "[rules]\ndir = \"other\"\n");
    let restored = place.run(&ELSEWHERE);
    assert!(
        restored.err.contains("name theirs with --rules-dir"),
        "{restored:?}"
    );
    let restored = restored.well();
    let of_old = place.path().join("rules").display().to_string();
    assert!(
        restored.contains("rules from") && restored.contains(&of_old),
        "{restored}"
    );
    let server = place.serve(&ELSEWHERE[2..]);
    assert!(
        server.welcome.contains("which came from") && server.welcome.contains("10-jti"),
        "{}",
        server.welcome
    );
    assert!(!server.welcome.contains("none:"), "{}", server.welcome);
    drop(server);
    fs::create_dir(place.path().join("other")).unwrap();
    let message = place.run(&["serve", "--data-dir", "elsewhere"]).badly(1);
    assert!(message.contains("10-jti of it is not here"), "{message}");
    let server = place.serve(&[&ELSEWHERE[2..], &["--accept-fewer-rules"]].concat());
    assert!(server.welcome.contains("none yet"), "{}", server.welcome);
}

#[test]
fn damage_to_the_store_is_found() {
    let place = backed_up(&[]);
    // Restored, so that all of it is in the one file and nothing in the log beside it.
    place.run(&ELSEWHERE).well();
    let check = ["store", "check", "--data-dir", "elsewhere"];
    place.run(&check).well();
    let store = place.path().join("elsewhere/rulemint.db");
    let mut bytes = fs::read(&store).unwrap();
    let at = bytes
        .windows(4)
        .rposition(|window| window == b"kept")
        .unwrap();
    let page = at / PAGE_BYTES * PAGE_BYTES;
    bytes[page..page + 64].fill(0xff);
    fs::write(&store, bytes).unwrap();
    let message = place.run(&check).badly(5);
    assert!(message.contains("the store is damaged"), "{message}");
}

const PAGE_BYTES: usize = 4_096;
