//! Files that declare what there is.

use serde_json::json;

use super::{put, tenant};
use crate::place::Place;

#[test]
fn what_is_exported_is_what_was_there_in_both_formats() {
    for target in ["out", "out/tenant.yaml"] {
        let place = Place::new();
        tenant(&place);
        put(
            &place,
            "t/clients/Login.json",
            &json!({ "name": "Login: / page", "custom_login_page": "./login.html", "token_quota": { "client_credentials": { "per_day": 5 } }, "token_endpoint_auth_method": "none" }),
        );
        place.put(
            "t/clients/login.html",
            "<p>\n  'Hello' & \"goodbye\"\n</p>\n",
        );
        place.run(&["apply", "-f", "t"]).well();
        place.run(&["export", target]).well();
        place
            .run(&["apply", "-f", target, "--strict", "--check", "--prune"])
            .well();

        // Another installation, made of the export, exports the same.
        place
            .run(&["apply", "--data-dir", "other", "-f", target])
            .well();
        let again = if target == "out" {
            "again"
        } else {
            "again/tenant.yaml"
        };
        place.run(&["export", "--data-dir", "other", again]).well();
        assert_eq!(files(&place, "out"), files(&place, "again"));
    }
}

/// Every file below a directory.
fn files(place: &Place, directory: &str) -> Vec<(String, String)> {
    let root = place.path().join(directory);
    let (mut found, mut directories) = (Vec::new(), vec![root.clone()]);
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            found.push((name, std::fs::read_to_string(path).unwrap()));
        }
    }
    found.sort();
    assert!(found.len() > 1, "{found:?}");
    found
}

#[test]
fn an_export_holds_no_secret_and_keeps_client_ids_unless_told() {
    let place = Place::new();
    let added = place
        .run(&[
            "client", "add", "--name", "shop", "--id", "shop-1", "--json",
        ])
        .json();
    place.run(&["export", "out"]).well();
    place.run(&["export", "plain", "--without-ids"]).well();
    let secret = added["client_secret"].as_str().unwrap();
    let text = files_of_clients(&place, "out");
    assert!(
        text.contains("shop-1") && !text.contains(secret) && !text.contains("secret\""),
        "{text}"
    );
    assert!(!files_of_clients(&place, "plain").contains("shop-1"));
}

fn files_of_clients(place: &Place, directory: &str) -> String {
    std::fs::read_to_string(place.path().join(directory).join("clients/shop.json")).unwrap()
}

#[test]
fn an_earlier_export_is_replaced_only_when_told() {
    let place = Place::new();
    place.run(&["client", "add", "--name", "shop"]).well();
    place.run(&["export", "out"]).well();
    let message = place.run(&["export", "out"]).badly(4);
    assert!(message.contains("--overwrite"), "{message}");
    place.put("out/clients/gone.json", "{}");
    place.put("out/notes.txt", "ours");
    place.run(&["export", "out", "--overwrite"]).well();
    assert!(!place.path().join("out/clients/gone.json").exists());
    assert!(place.path().join("out/notes.txt").exists());
}
