//! `/status`

use std::time::Duration;

use serde_json::json;

use super::super::{Manager, setup};
use crate::harness::rule_that_sets;

#[tokio::test(flavor = "multi_thread")]
async fn the_server_tells_what_it_is_and_how_much_it_holds() {
    let server = setup()
        .with("10-version.wasm", rule_that_sets("version", "\"one\""))
        .start()
        .await;
    let admin = Manager::of(&server).await;
    admin
        .own("POST", "/cutoffs", Some(json!({ "subject": "a" })))
        .await;
    server.advance(Duration::from_secs(60));
    let told = admin.look("/status").await;
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(told["issuer"], server.address);
    assert!(told["uptime_seconds"].as_u64().unwrap() >= 60, "{told}");
    assert_eq!(told["generation"], 1);
    assert_eq!(told["ledger"]["mode"], "off");
    assert_eq!(
        (&told["store"]["kind"], &told["store"]["answers"]),
        (&json!("sqlite"), &json!(true))
    );
    assert_eq!(told["keys"][0]["algorithm"], "ES256");
    let index = &told["index"];
    assert_eq!((&index["clients"], &index["apis"]), (&json!(2), &json!(2)));
    assert_eq!(
        (&index["rules"], &index["revocations"]),
        (&json!(1), &json!(1))
    );
}
