//! Auth0's scripts on the command line.

use crate::place::Place;

/// A rule with something of everything that a migration is about.
const LOGIN: &str = "function (user, context, callback) {
  const request = require('request@2.88.0');
  if (context.stats.loginsCount > 1) context.redirect = { url: 'https://acme.example/welcome' };
  request.get('https://crm.example/people', { auth: { bearer: configuration.CRM_TOKEN } }, function () {
    callback(null, user, context);
  });
}
";

/// A rule that needs nothing.
const TIER: &str = "function (user, context, callback) {
  context.accessToken['https://acme.example/tier'] = context.clientMetadata.tier || 'none';
  callback(null, user, context);
}
";

#[test]
fn check_of_a_script_is_a_migration_report() {
    let place = Place::new();
    place.put("10-login.js", LOGIN);
    let said = place.run(&["rule", "check", "10-login.js"]);
    let said = format!("{}{}", said.out, said.err);
    for words in [
        "dialect  Rule",
        "modules  request@2.88.0",
        "hosts    https://crm.example",
        "reads    CRM_TOKEN",
        "error: 10-login.js:3:",
        "warning: it wants to reach hosts",
        "[http] hosts = [\"https://crm.example\"",
        "warning: it reads CRM_TOKEN (10-login.js:4)",
        "note: at Auth0 it ran when people logged in",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    place.put(
        "10-login.toml",
        "[http]\nhosts = [\"https://crm.example\", \"https://acme.example\"]\n[settings]\nCRM_TOKEN = \"none\"\n",
    );
    let report = place
        .run(&["rule", "check", "10-login.js", "--json"])
        .json();
    assert_eq!(report["script"]["dialect"], "rule");
    let notes = report["notes"].to_string();
    assert!(!notes.contains("[http] hosts"), "{notes}");
    assert!(!notes.contains("it reads CRM_TOKEN"), "{notes}");
}

#[test]
fn check_knows_the_values_that_scripts_share_here() {
    let place = Place::new();
    place.put("10-tier.js", READING);
    place.put("10-tier.toml", "[settings]\nPLAN = \"a\"\n");
    let said = place.run(&["rule", "check", "10-tier.js"]).well();
    assert!(
        said.contains("PLAN (a setting), REGION (not set), STAGE (not set)\n"),
        "{said}"
    );
    assert!(
        said.contains("which its manifest does not give it: "),
        "{said}"
    );
    assert!(
        !place.path().join(".rulemint").exists(),
        "looking makes nothing"
    );

    place.put(
        "t/rules-configs/region.json",
        r#"{"key":"REGION","value":"eu"}"#,
    );
    place.run(&["apply", "-f", "t"]).well();
    let said = place.run(&["rule", "check", "10-tier.js"]).well();
    for words in [
        "PLAN (a setting), REGION (shared), STAGE (not set)\n",
        "it reads STAGE (10-tier.js:2), which neither its manifest gives it nor what all scripts share: ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("it reads REGION"), "{said}");
}

#[test]
fn check_tries_a_script_with_the_values_that_it_will_have() {
    let place = Place::new();
    place.put("10-at.js", NEEDING);
    let said = place.run(&["rule", "check", "10-at.js"]);
    assert!(said.out.contains("it fails at every event"), "{said:?}");
    said.badly(5);
    place.put(
        "t/rules-configs/region.json",
        r#"{"key":"REGION","value":"eu"}"#,
    );
    place.run(&["apply", "-f", "t"]).well();
    place.run(&["rule", "check", "10-at.js"]).well();
}

/// A rule that fails without its value.
const NEEDING: &str = "function (user, context, callback) {
  context.accessToken['https://acme.example/at'] = configuration.REGION.toUpperCase();
  callback(null, user, context);
}
";

/// A rule that looks values up.
const READING: &str = "function (user, context, callback) {
  context.accessToken['https://acme.example/at'] = [configuration.PLAN, configuration.REGION, configuration.STAGE].join();
  callback(null, user, context);
}
";

#[test]
fn check_tells_of_a_script_that_fails_at_every_event() {
    let place = Place::new();
    place.put(
        "10-broken.js",
        "function (user, context, callback) { callback(null, user, nothing.like.it); }\n",
    );
    let said = place.run(&["rule", "check", "10-broken.js"]);
    let told = "problem: it fails at every event that it was tried with: it failed: ";
    assert!(said.out.contains(told), "{said:?}");
    assert!(!said.out.contains("A server would take it."), "{said:?}");
    said.badly(5);
}

#[test]
fn check_tells_of_a_script_that_refuses_every_call() {
    let place = Place::new();
    place.put(
        "40-action.js",
        "exports.onExecuteCredentialsExchange = async (event, api) => {\n\
         if (!event.secrets.KEY) return api.access.deny('invalid_request', 'there is no KEY');\n\
         api.nothing.like.it();\n};\n",
    );
    let said = place.run(&["rule", "check", "40-action.js"]).well();
    assert!(
        said.contains("warning: it refused every call that it was tried with"),
        "{said}"
    );
    assert!(said.contains("there is no KEY"), "{said}");
    assert!(said.contains("has not been seen"), "{said}");
}

#[test]
fn a_script_is_run_and_deployed_like_any_other_rule() {
    let place = Place::new();
    place.put("tier.js", TIER);
    let said = place.run(&["rule", "run", "tier.js"]).well();
    assert!(
        said.contains("+ https://acme.example/tier: \"none\""),
        "{said}"
    );
    std::fs::create_dir_all(place.path().join("rules")).unwrap();
    place
        .run(&["rule", "deploy", "tier.js", "--name", "20-tier"])
        .well();
    assert!(place.path().join("rules/20-tier.js").is_file());
    place.run(&["rule", "remove", "20-tier"]).well();
    assert!(!place.path().join("rules/20-tier.js").exists());
}

#[test]
fn build_of_a_script_without_esbuild_says_how_to_get_it() {
    let place = Place::new();
    place.put("tier.js", TIER);
    let said = place.run(&["rule", "build", "tier.js"]).badly(1);
    assert!(said.contains("npm install --save-dev esbuild"), "{said}");
}

#[test]
fn build_of_a_script_with_a_syntax_error_names_its_place() {
    let place = Place::new();
    place.put(
        "tier.js",
        "function (user, context, callback) {\n  var = 1;\n}",
    );
    let said = place.run(&["rule", "build", "tier.js"]).badly(5);
    assert!(said.contains("tier.js:2:"), "{said}");
}
