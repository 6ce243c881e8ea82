//! Public keys of clients, and tokens by a signature.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::place::{Place, Said, Serving};

const API: &str = "https://api.example";

/// Puts a key pair into `NAME.pub.pem` and `NAME.pem`.
fn key(place: &Place, of: &'static rcgen::SignatureAlgorithm, name: &str) -> KeyPair {
    let pair = KeyPair::generate_for(of).unwrap();
    place.put(&format!("{name}.pub.pem"), pair.public_key_pem());
    place.put(&format!("{name}.pem"), pair.serialize_pem());
    pair
}

/// Adds a key to a client, and gives its id.
fn add(place: &Place, client: &str, name: &str) -> String {
    let file = format!("{name}.pub.pem");
    let add = ["client", "credential", "add", client, &file, "--json"];
    let added = place.run(&add).json();
    added["id"].as_str().unwrap().to_owned()
}

fn get(place: &Place, server: &Serving, client: &str, key: &str) -> Said {
    let file = format!("{key}.pem");
    let get = [
        "token",
        "get",
        "--client",
        client,
        "--audience",
        API,
        "--server",
        &server.address,
        "--key-file",
        &file,
    ];
    place.run(&get)
}

#[test]
fn a_client_that_is_added_with_its_key_gets_a_token_by_its_signature() {
    let place = Place::new();
    place.furnish();
    let kinds = [
        (&PKCS_ECDSA_P256_SHA256, "p256"),
        (&PKCS_ED25519, "ed25519"),
        (&PKCS_RSA_SHA256, "rsa"),
    ];
    for (of, name) in kinds {
        key(&place, of, name);
        let file = format!("{name}.pub.pem");
        let add = ["client", "add", "--name", name, "--id", name];
        let added = place.run(&[&add[..], &["--public-key", &file, "--json"]].concat());
        let added = added.json();
        assert_eq!(added["auth_method"], "private_key_jwt");
        assert_eq!(added["client_secret"], Value::Null);
        let grant = ["grant", "add", "--client", name, "--audience", API];
        place.run(&grant).well();
    }
    let server = place.serve(&[]);
    for (_, name) in kinds {
        let token = get(&place, &server, name, name).well();
        assert_eq!(token.trim().split('.').count(), 3, "{token}");
    }
    let message = get(&place, &server, "rsa", "p256").badly(5);
    assert!(message.contains("401 invalid_client"), "{message}");
    let message = get(&place, &server, "rsa", "rsa.pub").badly(1);
    assert!(message.contains("has no private key in it"), "{message}");
}

#[test]
fn a_client_changes_from_its_secret_to_a_key_and_to_another_key_and_back() {
    let place = Place::new();
    let client = place.furnish();
    let id = &*client.0;
    let server = place.serve(&[]);
    for name in ["one", "two"] {
        key(&place, &PKCS_ECDSA_P256_SHA256, name);
    }
    let (one, two) = (add(&place, id, "one"), add(&place, id, "two"));
    place.ask(&server, &client, &[]).well();
    get(&place, &server, id, "one").badly(5);

    let using = |credentials: &[&str]| {
        let using = ["client", "credential", "use", id];
        place.run(&[&using[..], credentials, &["--json"]].concat())
    };
    assert_eq!(using(&[&one]).json()["client_secret"], Value::Null);
    get(&place, &server, id, "one").well();
    get(&place, &server, id, "two").badly(5);
    place.ask(&server, &client, &[]).badly(5);
    let delete = |credential: &str| place.run(&["client", "credential", "delete", id, credential]);
    assert!(delete(&one).badly(1).contains("proves itself by"));

    using(&[&two]).json();
    get(&place, &server, id, "two").well();
    get(&place, &server, id, "one").badly(5);
    delete(&one).well();
    delete(&one).badly(4);
    let listed = place.run(&["client", "credential", "list", id]).well();
    assert!(listed.contains(&two) && !listed.contains(&one), "{listed}");

    let back = using(&["--none"]).json();
    let secret = back["client_secret"].as_str().unwrap().to_owned();
    place.ask(&server, &(id.to_owned(), secret), &[]).well();
    get(&place, &server, id, "two").badly(5);
}

#[test]
fn a_key_says_what_it_is_and_when_it_ends() {
    let place = Place::new();
    let (id, _) = place.furnish();
    let pair = key(&place, &PKCS_RSA_SHA256, "rsa");
    let mut params = CertificateParams::default();
    params.not_after = date_time_ymd(2041, 1, 2);
    let certificate = params.self_signed(&pair).unwrap();
    place.put("rsa.crt", certificate.pem());
    let add = |more: &[&str]| {
        let add = ["client", "credential", "add", &id];
        place.run(&[&add[..], more].concat())
    };
    let added = add(&[
        "rsa.crt",
        "--expires-with-certificate",
        "--alg",
        "PS256",
        "--kid",
        "-a-kid-with-a-dash",
        "--name",
        "the key",
        "--json",
    ]);
    let added = added.json();
    assert_eq!(
        [
            &added["algorithm"],
            &added["kid"],
            &added["name"],
            &added["expires_at"]
        ],
        [
            &json!("PS256"),
            &json!("-a-kid-with-a-dash"),
            &json!("the key"),
            &json!(2_240_697_600_i64)
        ]
    );
    let listed = place.run(&["client", "credential", "list", &id]).well();
    for word in ["PS256", "the key", "2041-01-02", "no"] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    assert!(add(&["rsa.pem"]).badly(1).contains("this is a private key"));
    assert!(
        add(&["rsa.crt", "--alg", "ES256"])
            .badly(1)
            .contains("use RS256, RS384, PS256")
    );
    add(&["rsa.crt", "--expires", "tomorrow"]).badly(2);
    add(&["no-such-file"]).badly(1);
    let nobody = ["client", "credential", "add", "nobody", "rsa.pub.pem"];
    place.run(&nobody).badly(4);
}
