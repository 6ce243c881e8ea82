//! What is a slip, and what Auth0 has and this server has not; and that every mistake is told at once.

use serde_json::{Value, json};

use super::{put, tenant};
use crate::place::Place;

/// A tenant with slips, and with what is none.
fn slip(place: &Place) {
    tenant(place);
    put(
        place,
        "t/clients/Shop.json",
        &json!({ "name": "Shop", "client_metadat": { "tier": "gold" }, "grant_types": "client_credentials", "shoe_size": 43 }),
    );
    put(
        place,
        "t/resource-servers/Orders.json",
        &json!({ "identifier": "https://orders.example", "signing_alg": "RS265", "token_lifetime": "long",
                 "scopes": [{ "value": "read:orders" }] }),
    );
    put(
        place,
        "t/grants/nobody.json",
        &json!({ "client_id": "Nobody", "audience": "https://orders.example", "scope": [] }),
    );
    put(
        place,
        "t/grants/nothing.json",
        &json!({ "client_id": "Shop", "audience": "https://order.example", "scope": [] }),
    );
    put(
        place,
        "t/grants/management.json",
        &json!({ "client_id": "Nobody", "audience": "https://acme.eu.auth0.com/api/v2/", "scope": [] }),
    );
    place.put("t/rules/r.js", "function (user, context, callback) {}");
    put(
        place,
        "t/rules/r.json",
        &json!({ "name": "r", "script": "./r.js", "enabled": "no", "ordr": 1 }),
    );
    place.put("t/client/Other.json", "{}");
    place.put("t/roles/Admin.json", "{}");
}

#[test]
fn a_slip_is_refused_and_what_auth0_has_is_left_out() {
    let place = Place::new();
    slip(&place);
    let message = place.run(&["apply", "-f", "t"]).badly(3);
    for words in [
        "clients/Shop.json: client_metadat: nobody knows such a property; did you mean client_metadata?",
        "clients/Shop.json: grant_types: invalid type",
        "resource-servers/Orders.json: signing_alg: ",
        "resource-servers/Orders.json: token_lifetime: invalid type",
        "grants/nobody.json: client_id: Nobody: there is none, here or in the files",
        "grants/nothing.json: audience: https://order.example: there is none",
        "rules/r.json: enabled is neither true nor false",
        "rules/r.json: ordr: nobody knows such a property; did you mean order?",
        "client: nobody knows that; did you mean clients?",
        "has 9 mistake(s)",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(place.run(&["client", "list", "--json"]).json(), json!([]));

    put(
        &place,
        "t/rules/r.json",
        &json!({ "name": "r", "script": "./r.js", "ordr": 1 }),
    );
    let told = place
        .run(&["apply", "-f", "t", "--lenient", "--json"])
        .json();
    let left_out = told["left_out"].to_string();
    for words in [
        "client_metadat",
        "shoe_size",
        "Nobody",
        "roles/",
        "\"client\"",
        "ordr",
    ] {
        assert!(left_out.contains(words), "{words}: {left_out}");
    }
}

#[test]
fn a_section_of_a_yaml_file_is_one_that_somebody_knows() {
    let place = Place::new();
    place.put("t.yaml", "clints: []\nroles: [{name: x}]\nbrandings: {}\n");
    let message = place.run(&["apply", "-f", "t.yaml"]).badly(3);
    for words in [
        "t.yaml: clints: nobody knows that; did you mean clients?",
        "t.yaml: brandings: nobody knows that; did you mean branding?",
        "has 2 mistake(s)",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    place.put("t.yaml", "clients:\n  - name: a\n    name: b\n");
    let message = place.run(&["apply", "-f", "t.yaml"]).badly(3);
    assert!(
        message.contains("t.yaml: it is no YAML") && !message.contains("Policy"),
        "{message}"
    );
}

#[test]
fn every_mistake_is_told_at_once_whatever_kind_it_is_of() {
    let place = Place::new();
    tenant(&place);
    place.put("t/clients/broken.json", "{");
    put(
        &place,
        "t/clients/nameless.json",
        &json!({ "app_type": "spa" }),
    );
    put(
        &place,
        "t/rules/gone.json",
        &json!({ "name": "gone", "script": "./gone.js", "order": "first" }),
    );
    place.put(
        "t/rules/syntax.js",
        "function (user, context, callback) { ]",
    );
    put(
        &place,
        "t/rules/syntax.json",
        &json!({ "name": "syntax", "script": "./syntax.js", "order": "second" }),
    );
    put(
        &place,
        "t/grants/dangling.json",
        &json!({ "client_id": "broken", "audience": "https://orders.example" }),
    );
    let told = place.run(&["apply", "-f", "t", "--json"]).badly(3);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told["error"],
        "nothing was done: what is declared has 6 mistake(s)"
    );
    let places = told["mistakes"].as_array().unwrap().iter();
    let mut places: Vec<&str> = places.map(|one| one["place"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "clients/broken.json",
            "clients/nameless.json",
            "rules/gone.json",
            "rules/gone.json",
            "rules/syntax.json",
            "rules/syntax.json",
        ]
    );
    // There is no need of an installation to be told.
    let message = Place::new();
    message.put("t/clients/broken.json", "{");
    message.run(&["apply", "-f", "t", "--dry-run"]).badly(3);
}

#[test]
fn what_is_kept_and_does_nothing_is_told_where_somebody_chose_it() {
    let place = Place::new();
    let client = |jwt: Value, grant_types: Value| {
        put(
            &place,
            "t/clients/Shop.json",
            &json!({ "name": "Shop", "jwt_configuration": jwt, "grant_types": grant_types }),
        );
    };
    client(
        json!({ "alg": "HS256", "lifetime_in_seconds": 60 }),
        json!(["client_credentials", "authorization_code"]),
    );
    let message = place.run(&["apply", "-f", "t", "--strict"]).badly(3);
    for words in [
        "jwt_configuration.alg: kept, and of no use: it is about ID tokens",
        "jwt_configuration.lifetime_in_seconds: kept, and of no use",
        "grant_types: kept, and of no use: nobody gets a token here by authorization_code",
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    client(
        json!({ "alg": "RS256", "lifetime_in_seconds": 36_000 }),
        json!(["client_credentials"]),
    );
    place.run(&["apply", "-f", "t", "--strict"]).well();
    let told = place.run(&["apply", "-f", "t", "--strict"]).well();
    assert!(told.contains("nothing was to be done"), "{told}");
}
