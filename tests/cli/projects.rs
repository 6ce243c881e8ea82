//! From nothing to a rule that runs: new, build, deploy, watch.

use std::fs;
use std::process::Stdio;

use crate::place::{Place, until};
use crate::program::Program;
use crate::workbench::{TIER, gold, with_program};

/// A project in a language that needs no tool but `cp`.
fn project(place: &Place, run: &str) {
    place.put("20-tier/prebuilt.wasm", gold().module());
    let manifest = format!("[build]\nrun = [{run:?}]\noutput = \"rule.wasm\"\n");
    place.put("20-tier/rule.toml", manifest);
    let case = format!("{{\"description\":\"gold is gold\",\"expect\":{TIER}}}");
    place.put("20-tier/cases/gold.json", case);
}

#[test]
fn new_begins_a_project_that_brings_all_it_needs() {
    let place = Place::new();
    place
        .run(&["rule", "new", "--lang", "rs", "20-partner"])
        .well();
    let project = place.path().join("20-partner");
    for file in [
        "rule.toml",
        "src/lib.rs",
        "cases/suspended.json",
        "rulemint-guest/wit/rule.wit",
    ] {
        assert!(project.join(file).is_file(), "{file}");
    }
    let cargo = fs::read_to_string(project.join("Cargo.toml")).unwrap();
    assert!(cargo.contains("name = \"partner\""), "{cargo}");
}

#[test]
fn new_writes_over_nothing() {
    let place = Place::new();
    place.put("20-tier/precious.txt", "mine");
    let message = place
        .run(&["rule", "new", "--lang", "go", "20-tier"])
        .badly(4);
    assert!(message.contains("is there already"), "{message}");
}

#[test]
fn sources_that_are_newer_than_the_rule_are_told() {
    let place = Place::new();
    project(&place, "cp prebuilt.wasm rule.wasm");
    place.run(&["rule", "build", "20-tier"]).well();
    let said = place.run(&["rule", "test", "20-tier"]);
    assert!(!said.err.contains("is newer than"), "{said:?}");
    let hour = std::time::Duration::from_secs(3600);
    let source = fs::File::options()
        .append(true)
        .open(place.path().join("20-tier/prebuilt.wasm"))
        .unwrap();
    source
        .set_modified(std::time::SystemTime::now() + hour)
        .unwrap();
    let said = place.run(&["rule", "test", "20-tier"]);
    assert!(
        said.err
            .contains("prebuilt.wasm is newer than 20-tier/rule.wasm"),
        "{said:?}"
    );
    said.well();
}

#[test]
fn a_mistake_in_a_projects_settings_names_its_own_manifest() {
    let place = Place::new();
    project(&place, "cp prebuilt.wasm rule.wasm");
    place.run(&["rule", "build", "20-tier"]).well();
    let path = place.path().join("20-tier/rule.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    let schema = "[settings]\ntier = 1\n[settings_schema.properties.tier]\ntype = \"string\"\n";
    fs::write(path, manifest + schema).unwrap();
    let message = place.run(&["rule", "test", "20-tier"]).badly(5);
    assert!(
        message.contains("rule.toml") && !message.contains("20-tier.toml"),
        "{message}"
    );
}

#[test]
fn new_in_an_unknown_language_lists_those_there_are() {
    let message = Place::new()
        .run(&["rule", "new", "--lang", "cobol", "x"])
        .badly(1);
    assert!(message.contains("python, rust, typescript"), "{message}");
}

#[test]
fn a_tool_that_is_missing_is_named_with_where_to_get_it() {
    let place = Place::new();
    project(&place, "GOOS=wasip1 GOARCH=wasm go build -o rule.wasm .");
    let message = place.run(&["rule", "build", "20-tier"]).badly(1);
    assert!(message.contains("go is not installed: get Go"), "{message}");
}

#[test]
fn a_command_that_fails_or_leaves_nothing_is_told() {
    let place = Place::new();
    project(&place, "false");
    let message = place.run(&["rule", "build", "20-tier"]).badly(1);
    assert!(message.contains("\"false\" failed"), "{message}");
    project(&place, "true");
    let message = place.run(&["rule", "build", "20-tier"]).badly(1);
    assert!(
        message.contains("20-tier/rule.wasm is not there"),
        "{message}"
    );
}

#[test]
fn a_project_that_was_not_built_says_how() {
    let place = Place::new();
    project(&place, "true");
    let message = place.run(&["rule", "test", "20-tier"]).badly(1);
    assert!(message.contains("run `rulemint rule build`"), "{message}");
}

#[test]
fn a_project_is_built_tested_deployed_and_serves() {
    let place = Place::new();
    fs::create_dir(place.path().join("rules")).unwrap();
    let _server = place.serve(&["--watch", "off"]);
    project(&place, "cp prebuilt.wasm rule.wasm");
    place.run(&["rule", "build", "20-tier"]).well();
    let said = place.run(&["rule", "test", "20-tier"]).well();
    assert!(said.contains("All 1 golden cases pass."), "{said}");
    let said = place.run(&["rule", "deploy", "20-tier"]).well();
    assert!(said.contains("20-tier  live"), "{said}");
    assert!(place.path().join("rules/20-tier.cases/gold.json").is_file());
}

#[test]
fn a_rule_that_the_server_refuses_fails_to_deploy() {
    let place = Place::new();
    fs::create_dir(place.path().join("rules")).unwrap();
    let _server = place.serve(&["--watch", "off"]);
    project(&place, "cp prebuilt.wasm rule.wasm");
    place.put("20-tier/cases/gold.json", "{\"expect\":{\"changes\":[]}}");
    place.run(&["rule", "build", "20-tier"]).well();
    let said = place.run(&["rule", "deploy", "20-tier"]);
    assert!(said.out.contains("20-tier  refused"), "{said:?}");
    said.badly(5);
}

#[test]
fn deploy_takes_cases_away_that_the_rule_no_longer_has() {
    let place = with_program(gold());
    fs::create_dir(place.path().join("rules")).unwrap();
    place.put(
        "10-program.cases/gold.json",
        "{\"expect\":{\"changes\":{\"$any\":true}}}",
    );
    place.run(&["rule", "deploy", "10-program.wasm"]).well();
    fs::remove_dir_all(place.path().join("10-program.cases")).unwrap();
    place.run(&["rule", "deploy", "10-program.wasm"]).well();
    assert!(!place.path().join("rules/10-program.cases").exists());
    assert!(place.path().join("rules/10-program.wasm").is_file());
}

#[test]
fn watch_builds_tests_and_deploys_what_was_saved() {
    let place = Place::new();
    fs::create_dir(place.path().join("rules")).unwrap();
    project(&place, "cp prebuilt.wasm rule.wasm");
    let mut watching = place.command(&["rule", "watch", "20-tier"]);
    let mut watching = watching
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deployed = place.path().join("rules/20-tier.wasm");
    until("the first deployment", || deployed.is_file().then_some(()));
    let silver = TIER.replace("gold", "lead");
    let next = Program {
        enrich: &silver,
        ..Program::default()
    }
    .module();
    place.put(
        "20-tier/cases/gold.json",
        format!("{{\"expect\":{silver}}}"),
    );
    place.put("20-tier/prebuilt.wasm", &next);
    until("the next deployment", || {
        (fs::read(&deployed).unwrap() == next).then_some(())
    });
    watching.kill().unwrap();
    watching.wait().unwrap();
}

#[test]
fn remove_takes_away_all_that_deploy_put_there() {
    let place = Place::new();
    fs::create_dir(place.path().join("rules")).unwrap();
    project(&place, "cp prebuilt.wasm rule.wasm");
    place.run(&["rule", "build", "20-tier"]).well();
    let said = place.run(&["rule", "deploy", "20-tier"]).well();
    assert!(said.contains("No server has judged it"), "{said}");
    place.run(&["rule", "remove", "20-tier"]).well();
    assert_eq!(fs::read_dir(place.path().join("rules")).unwrap().count(), 0);
    let message = place.run(&["rule", "remove", "20-tier"]).badly(4);
    assert!(message.contains("there is no rule 20-tier"), "{message}");
}

#[test]
fn remove_waits_until_no_token_meets_the_rule() {
    let place = Place::new();
    place.put_jti_rule();
    let _server = place.serve(&["--watch", "off"]);
    let said = place.run(&["rule", "remove", "10-jti"]).well();
    assert!(said.contains("10-jti is gone; generation "), "{said}");
    let status = place.run(&["rule", "status", "--json"]).json();
    assert_eq!(status["rules"].as_array().unwrap().len(), 0);
}

#[test]
fn remove_of_a_rule_that_the_server_must_have_is_refused_by_it() {
    let place = Place::new();
    place.put_jti_rule();
    place.put("rules/10-jti.toml", "required = true\n");
    let _server = place.serve(&[]);
    let message = place.run(&["rule", "remove", "10-jti"]).badly(5);
    assert!(message.contains("must not run without 10-jti"), "{message}");
}

#[test]
fn a_rules_directory_that_is_not_there_is_to_be_made() {
    let place = with_program(gold());
    let deploy = ["rule", "deploy", "10-program.wasm", "--rules-dir", "gone"];
    let message = place.run(&deploy).badly(4);
    assert!(
        message.contains("there is no directory gone: make it"),
        "{message}"
    );
}
