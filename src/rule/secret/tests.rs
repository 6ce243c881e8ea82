//! What the manifest may say about secrets, and what never comes out of them.

use super::*;
use crate::rule::Manifest;

fn secrets(of: &[(&str, &str, bool)]) -> Secrets {
    let secret = |(name, value, visible): &(&str, &str, bool)| Secret {
        name: (*name).into(),
        value: (*value).into(),
        visible: *visible,
    };
    Secrets::new(of.iter().map(secret).collect())
}

fn mistake_in(manifest: &str) -> String {
    let mistakes = Manifest::parse(manifest, "10-rule.toml").unwrap_err();
    let texts: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

#[test]
fn a_secret_is_in_a_file_or_in_a_variable() {
    let told = [
        ("[secrets.KEY]\n", "secrets.KEY: say where it is"),
        (
            "[secrets.KEY]\nfile = \"/f\"\nenv = \"V\"\n",
            "leave one of them out",
        ),
        ("[secrets.KEY]\nfile = \"f\"\n", "not a path from the root"),
        ("[secrets.KEY]\nenv = \"\"\n", "its env is empty"),
        (
            "[secrets.\"a-key\"]\nenv = \"V\"\n",
            "letters, digits and underscores",
        ),
        (
            "[secrets.1KEY]\nenv = \"V\"\n",
            "letters, digits and underscores",
        ),
        ("[secrets.KEY]\nvalue = \"v\"\n", "value"),
    ];
    for (manifest, expected) in told {
        let told = mistake_in(manifest);
        assert!(told.contains(expected), "{manifest}: {told}");
    }
}

#[test]
fn one_that_contains_another_is_replaced_as_a_whole() {
    let secrets = secrets(&[
        ("SHORT", "hunter22", false),
        ("LONG", "hunter22-and-more", true),
    ]);
    assert_eq!(
        secrets.scrub("a hunter22-and-more b hunter22 c"),
        "a [secret LONG] b [secret SHORT] c"
    );
    assert_eq!(secrets.bytes_max(), 17);
}

#[test]
fn a_rule_sees_only_what_is_visible() {
    let secrets = secrets(&[
        ("OPEN", "open-sesame", true),
        ("SHUT", "shut-sesame", false),
    ]);
    assert_eq!(secrets.visible("OPEN"), Some("open-sesame"));
    assert_eq!(secrets.visible("SHUT"), None);
    assert_eq!(secrets.visible("NONE"), None);
    assert_eq!(
        secrets.all_visible().collect::<Vec<_>>(),
        [("OPEN", "open-sesame")]
    );
    assert_eq!(secrets.hidden_in(b"open-sesame"), None);
    assert_eq!(secrets.hidden_in(b"a shut-sesame b"), Some("SHUT"));
    assert_eq!(secrets.hidden_in(b""), None);
}

#[test]
fn every_text_about_a_failure_is_scrubbed() {
    let secrets = secrets(&[("KEY", "open-sesame", true)]);
    let text = || "it said open-sesame".to_owned();
    let faults = [
        Fault::Crash(text()),
        Fault::Internal(text()),
        Fault::UnknownDenial(text()),
        Fault::Exit {
            code: 1,
            said: text(),
        },
        Fault::NoAnswer {
            problem: text(),
            beginning: text(),
        },
        Fault::Change {
            number: 1,
            reason: text(),
        },
    ];
    for fault in faults {
        let told = secrets.scrub_fault(fault).to_string();
        assert!(
            told.contains("[secret KEY]") && !told.contains("sesame"),
            "{told}"
        );
    }
}
