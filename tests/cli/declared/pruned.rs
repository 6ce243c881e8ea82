//! `apply --prune`: scripts that nobody declares any more.

use super::scripts::{HOOK, RULE, put_rule, rules};
use super::steps;
use crate::place::Place;

#[test]
fn pruning_takes_scripts_of_declared_kinds_and_frees_their_places() {
    let place = Place::new();
    place.put("rules/05-by-hand.js", RULE);
    place.put("rules/06-hook.js", HOOK);
    put_rule(&place, "c", 5);
    place.run(&["apply", "-f", "t", "--prune"]).well();
    assert_eq!(rules(&place), ["05-c.js", "06-hook.js"]);
}

#[test]
fn a_script_that_is_pruned_guards_until_its_clients_are_gone() {
    let place = Place::new();
    place.put("rules/05-in-the-way.js", RULE);
    place.put("rules/06-guard.js", RULE);
    put_rule(&place, "c", 5);
    let add = ["client", "add", "--name", "partner", "--id", "partner"];
    place.run(&add).well();
    place.put("t/clients/shop.json", r#"{"name": "shop"}"#);
    let told = place.run(&["apply", "-f", "t", "--prune", "--json"]).json();
    assert_eq!(
        steps(&told),
        [
            "delete rule in-the-way",
            "create rule c",
            "create client shop",
            "delete client partner",
            "delete rule guard",
        ]
    );
    assert_eq!(rules(&place), ["05-c.js"]);
}
