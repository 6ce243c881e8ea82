//! What files keep from whoever reads them: secrets of scripts, and values that scripts share.

use std::fs;

use serde_json::json;

use super::scripts::{bind, put_action, rules};
use super::steps;
use crate::place::Place;

#[test]
fn a_secret_that_files_give_is_kept_beside_the_store_and_named_in_the_manifest() {
    let place = Place::new();
    let put_secret = |value: &str| {
        let secrets = json!({ "secrets": [{ "name": "API_KEY", "value": value }] });
        put_action(&place, "crm", &secrets);
    };
    put_secret("_VALUE_NOT_SHOWN_");
    bind(&place, &["crm"]);
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    assert_eq!(told["left_out"][0]["property"], "secrets.API_KEY");
    assert_eq!(rules(&place), ["01-crm.js"]);
    put_secret("##API_KEY##");

    let apply = |value: &str| {
        let mut command = place.command(&["apply", "-f", "t"]);
        let mappings = json!({ "API_KEY": value }).to_string();
        let output = command
            .env("AUTH0_KEYWORD_REPLACE_MAPPINGS", mappings)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let told = apply("open sesame");
    assert!(
        told.contains("secrets.API_KEY") && !told.contains("sesame"),
        "{told}"
    );
    let manifest = fs::read_to_string(place.path().join("rules/01-crm.toml")).unwrap();
    assert!(
        manifest.contains("[secrets.API_KEY]") && !manifest.contains("sesame"),
        "{manifest}"
    );
    assert!(apply("open sesame").contains("1 unchanged"));
    assert!(apply("another one").contains("1 to change"));

    // A backup has it; an export names it, and what it cannot say stays as it is.
    place.run(&["backup", "saved"]).well();
    assert!(place.path().join("saved/rule-secrets").is_dir());
    place.run(&["export", "out"]).well();
    let action = fs::read_to_string(place.path().join("out/actions/crm.json")).unwrap();
    assert!(
        action.contains("_VALUE_NOT_SHOWN_") && !action.contains("another"),
        "{action}"
    );
    place
        .run(&["apply", "-f", "out", "--check", "--strict"])
        .well();
}

#[test]
fn values_that_scripts_share_are_set_and_never_exported() {
    let place = Place::new();
    place.put(
        "t/rules-configs/crm.json",
        r##"{"key": "CRM_URL", "value": "https://crm.example"}"##,
    );
    place.put(
        "t/rules-configs/key.json",
        r#"{"key": "CRM_KEY", "value": "_VALUE_NOT_SHOWN_"}"#,
    );
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    assert_eq!(steps(&told), ["create setting CRM_URL"]);
    assert_eq!(told["left_out"][0]["place"], "rules-configs/key.json");
    place.put(
        "t/rules-configs/crm.json",
        r#"{"key": "CRM_URL", "value": "https://crm-2.example"}"#,
    );
    let told = place.run(&["apply", "-f", "t"]).well();
    assert!(
        told.contains("value CRM_URL") && !told.contains("crm-2"),
        "{told}"
    );
    place
        .run(&["apply", "-f", "t", "--check", "--prune"])
        .well();

    place.put("rules/10-jti.wasm", "not looked into");
    let told = place.run(&["export", "out/tenant.yaml"]).well();
    for words in [
        "rulesConfigs: CRM_URL: values that scripts share are shown to nobody",
        "10-jti.wasm: it is WebAssembly",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let yaml = fs::read_to_string(place.path().join("out/tenant.yaml")).unwrap();
    assert!(!yaml.contains("crm-2"), "{yaml}");
}

#[test]
fn the_name_of_a_secret_is_no_path() {
    let place = Place::new();
    put_action(
        &place,
        "crm",
        &json!({ "secrets": [{ "name": "../../../escaped", "value": "x" }] }),
    );
    let told = place.run(&["apply", "-f", "t", "--json"]).json();
    let left_out = told["left_out"].to_string();
    assert!(
        left_out.contains("a secret's name is letters"),
        "{left_out}"
    );
    assert!(
        left_out.contains("no file says which trigger binds it"),
        "{left_out}"
    );
    assert!(!place.path().join("escaped").exists());
}
