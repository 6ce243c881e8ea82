//! Scripts come and go, and the files say it.

use std::fs;

use tempfile::TempDir;

use super::*;

const SCRIPT: &str = "function (user, context, callback) { callback(null, user, context); }\n";

fn directory() -> (TempDir, ScriptRules) {
    let directory = tempfile::tempdir().unwrap();
    let scripts = ScriptRules::of(directory.path());
    (directory, scripts)
}

fn new(name: &str, order: Option<u16>) -> NewScript {
    NewScript {
        name: name.to_owned(),
        script: SCRIPT.to_owned(),
        order,
        enabled: true,
        manifest: None,
    }
}

fn names(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_added_is_a_file_and_comes_back() {
    let (directory, scripts) = directory();
    let added = scripts.add(&new("Add roles", Some(20))).unwrap();
    assert_eq!(added.file, "20-Add-roles");
    assert_eq!(
        (added.name.as_str(), added.order, added.enabled),
        ("Add roles", Some(20), true)
    );
    assert_eq!(scripts.one(&added.id).unwrap(), added);
    assert_eq!(names(&directory), ["20-Add-roles.js", "20-Add-roles.toml"]);
    let plain = scripts.add(&new("plain", None)).unwrap();
    assert_eq!(plain.file, "21-plain");
    assert!(!directory.path().join("21-plain.toml").exists());
}

#[test]
fn a_file_that_was_put_there_by_hand_is_a_rule_like_any_other() {
    let (directory, scripts) = directory();
    fs::write(directory.path().join("10-mine.js"), SCRIPT).unwrap();
    fs::write(directory.path().join("10-jti.wasm"), "").unwrap();
    let all = scripts.all().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].name.as_str(), all[0].order), ("mine", Some(10)));
    scripts.delete(&all[0].id).unwrap();
    assert_eq!(names(&directory), ["10-jti.wasm"]);
}

#[test]
fn an_id_survives_another_name_and_another_order() {
    let (directory, scripts) = directory();
    let added = scripts.add(&new("roles", Some(1))).unwrap();
    let manifest = "# Keep me.\n[settings]\na = 1\n";
    fs::write(directory.path().join("01-roles.toml"), manifest).unwrap();
    fs::create_dir(directory.path().join("01-roles.cases")).unwrap();
    let change = ScriptChange {
        name: Some("Roles of partners".to_owned()),
        order: Some(150),
        enabled: Some(false),
        ..ScriptChange::default()
    };
    let changed = scripts.update(&added.id, &change).unwrap();
    assert_eq!((&changed.id, changed.enabled), (&added.id, false));
    let expected = [
        "99.0150-roles.cases",
        "99.0150-roles.js",
        "99.0150-roles.toml",
    ];
    assert_eq!(names(&directory), expected);
    let text = fs::read_to_string(directory.path().join("99.0150-roles.toml")).unwrap();
    assert!(
        text.contains("# Keep me.") && text.contains("disabled = true"),
        "{text}"
    );
    assert_eq!(scripts.one(&added.id).unwrap(), changed);
}

#[test]
fn a_manifest_goes_with_the_last_thing_it_said() {
    let (directory, scripts) = directory();
    let off = NewScript {
        enabled: false,
        ..new("roles", Some(1))
    };
    let added = scripts.add(&off).unwrap();
    assert_eq!(names(&directory), ["01-roles.js", "01-roles.toml"]);
    let on = ScriptChange {
        enabled: Some(true),
        ..ScriptChange::default()
    };
    scripts.update(&added.id, &on).unwrap();
    assert_eq!(names(&directory), ["01-roles.js"]);
}

#[test]
fn a_name_and_an_order_are_taken_once() {
    let (_directory, scripts) = directory();
    let first = scripts.add(&new("roles", Some(1))).unwrap();
    for taken in [new("roles", Some(2)), new("other", Some(1))] {
        let refused = scripts.add(&taken);
        assert!(matches!(refused, Err(RulesDirError::Conflict(_))));
    }
    let rename = |name: &str| ScriptChange {
        name: Some(name.to_owned()),
        ..ScriptChange::default()
    };
    scripts.update(&first.id, &rename("duties")).unwrap();
    let second = scripts.add(&new("roles", Some(2))).unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(second.file, "02-roles-2");
    let refused = scripts.update(&second.id, &rename("duties"));
    assert!(matches!(refused, Err(RulesDirError::Conflict(_))));
}

#[test]
fn files_of_one_word_are_told_apart_by_all_of_their_names() {
    let (directory, scripts) = directory();
    for name in ["10-same.js", "20-same.js"] {
        fs::write(directory.path().join(name), SCRIPT).unwrap();
    }
    let all = scripts.all().unwrap();
    assert_ne!(all[0].id, all[1].id);
    scripts.delete(&all[1].id).unwrap();
    assert_eq!(names(&directory), ["10-same.js"]);
}

#[test]
fn what_cannot_be_is_refused_and_says_why() {
    let (directory, scripts) = directory();
    for name in ["", " a", "a-", "a/b", "../a", "a\nb", "ä"] {
        let refused = scripts.add(&new(name, None)).unwrap_err().to_string();
        assert!(refused.contains("name is 1 to 255"), "{name}: {refused}");
    }
    let refused = scripts.add(&new("a", Some(10_000))).unwrap_err();
    assert!(refused.to_string().contains("order is 0 to 9999"));
    let empty = NewScript {
        script: " ".to_owned(),
        ..new("a", None)
    };
    assert!(
        scripts
            .add(&empty)
            .unwrap_err()
            .to_string()
            .contains("script is")
    );
    let missing = scripts.one("rul_0000000000000000");
    assert!(matches!(missing, Err(RulesDirError::NotThere { .. })));
    assert!(names(&directory).is_empty());
}

#[test]
fn nothing_is_written_where_something_else_writes() {
    let (directory, scripts) = directory();
    fs::create_dir(directory.path().join("..data")).unwrap();
    let refused = scripts.add(&new("a", None)).unwrap_err();
    assert!(refused.to_string().contains("ConfigMap"), "{refused}");
    let nowhere = ScriptRules::of(&directory.path().join("nowhere"));
    assert!(matches!(
        nowhere.add(&new("a", None)),
        Err(RulesDirError::NoDirectory(_))
    ));
    assert!(nowhere.all().unwrap().is_empty());
}

#[test]
fn a_manifest_that_is_no_toml_is_not_written_over() {
    let (directory, scripts) = directory();
    let added = scripts.add(&new("a", Some(1))).unwrap();
    fs::write(directory.path().join("01-a.toml"), "= =").unwrap();
    let off = ScriptChange {
        enabled: Some(false),
        ..ScriptChange::default()
    };
    let refused = scripts.update(&added.id, &off).unwrap_err();
    assert!(refused.to_string().contains("mend it first"), "{refused}");
}

#[test]
fn what_is_prepared_and_not_carried_out_leaves_nothing_behind() {
    let (directory, scripts) = directory();
    let added = scripts.add(&new("a", Some(10))).unwrap();
    let before = names(&directory);
    let change = ScriptChange {
        name: Some("other".to_owned()),
        order: Some(20),
        ..ScriptChange::default()
    };
    let (prepared, changed) = scripts.prepare_change(&added.id, &change).unwrap();
    assert_eq!(prepared.before, Some(added.clone()));
    assert_eq!(prepared.after.as_ref(), Some(&changed));
    drop(prepared);
    assert_eq!(names(&directory), before);
    assert_eq!(scripts.update(&added.id, &change).unwrap(), changed);
    assert_eq!(scripts.one(&added.id).unwrap(), changed);
}
