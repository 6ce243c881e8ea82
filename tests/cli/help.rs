//! What there is to learn from the program itself.

use std::process::Stdio;

use serde_json::Value;

use crate::place::Place;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["serve"],
    &["config"],
    &["config", "check"],
    &["config", "show"],
    &["client"],
    &["client", "add"],
    &["client", "list"],
    &["client", "show"],
    &["client", "delete"],
    &["client", "rotate-secret"],
    &["client", "credential"],
    &["client", "credential", "add"],
    &["client", "credential", "list"],
    &["client", "credential", "use"],
    &["client", "credential", "delete"],
    &["api"],
    &["api", "add"],
    &["api", "list"],
    &["api", "show"],
    &["api", "delete"],
    &["grant"],
    &["grant", "add"],
    &["grant", "list"],
    &["grant", "show"],
    &["grant", "delete"],
    &["rule"],
    &["rule", "new"],
    &["rule", "build"],
    &["rule", "check"],
    &["rule", "run"],
    &["rule", "test"],
    &["rule", "bench"],
    &["rule", "inspect"],
    &["rule", "diff"],
    &["rule", "watch"],
    &["rule", "deploy"],
    &["rule", "remove"],
    &["rule", "schema"],
    &["rule", "status"],
    &["rule", "reload"],
    &["rule", "rollback"],
    &["rule", "wit"],
    &["rule", "component"],
    &["token"],
    &["token", "get"],
    &["token", "inspect"],
    &["token", "explain"],
    &["completions"],
];

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in COMMANDS {
        let help = place.run(&[command, &["--help"][..]].concat()).well();
        assert!(help.contains("Usage: rulemint"), "{command:?}: {help}");
        let undocumented = help
            .lines()
            .find(|line| line.trim_start().starts_with("--") && line.trim_end().ends_with('>'));
        // An option whose text stands on the next line is documented too.
        if let Some(line) = undocumented {
            let after = help
                .lines()
                .skip_while(|known| *known != line)
                .nth(1)
                .unwrap_or_default();
            assert!(after.starts_with("          "), "{command:?}: {line}");
        }
    }
}

#[test]
fn the_first_page_says_what_it_is_and_what_the_exit_codes_mean() {
    let help = Place::new().run(&["--help"]).well();
    assert!(help.starts_with("Issues signed access tokens"), "{help}");
    assert!(help.contains("Exit codes:\n  0  done\n"), "{help}");
}

#[test]
fn help_tells_what_the_summary_leaves_out() {
    for (command, words) in [
        (
            &["serve"][..],
            "SIGHUP makes it look at the rules directory again",
        ),
        (&["revoke"], "delete the client's grant"),
        (&["backup"], "as safe as the data directory itself"),
        (&["restore"], "--revoke-issued makes up for those"),
        (&["rule", "check"], "--json prints a list"),
        (&["token", "get"], "never from the command line"),
        (
            &["token", "inspect"],
            "the installation in the data directory",
        ),
        (&["token", "explain"], "The ledger knows it"),
    ] {
        let help = Place::new().run(&[command, &["--help"]].concat()).well();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(words), "{words}: {help}");
    }
}

#[test]
fn a_word_that_is_no_command_is_a_usage_mistake_with_a_suggestion() {
    let message = Place::new().run(&["cleint", "list"]).badly(2);
    assert!(message.contains("client"), "{message}");
}

#[test]
fn a_usage_mistake_is_json_where_programs_read_along() {
    let message = Place::new().run(&["client", "lisst", "--json"]).badly(2);
    let told: Value = serde_json::from_str(&message).unwrap();
    let error = told["error"].as_str().unwrap();
    assert!(
        error.starts_with("unrecognized subcommand 'lisst'"),
        "{error}"
    );
}

#[test]
fn the_version_is_the_packages() {
    let version = Place::new().run(&["--version"]).well();
    assert_eq!(version, format!("rulemint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn there_are_completions_for_the_usual_shells() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]).well();
        assert!(script.contains("rulemint"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let place = Place::new();
    for command in [["rule", "wit"], ["completions", "bash"]] {
        let mut child = place
            .command(&command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn the_contract_is_the_one_in_the_repository() {
    assert_eq!(
        Place::new().run(&["rule", "wit"]).well(),
        include_str!("../../wit/rule.wit")
    );
}

#[test]
fn nothing_is_coloured_in_a_pipe() {
    let place = Place::new();
    place.furnish();
    for command in [&["client", "list"][..], &["config", "show"], &["--help"]] {
        let text = place.run(command).well();
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
