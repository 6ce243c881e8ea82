//! What a rogue rule does to everybody else: nothing.

use std::fmt::Write;

use crate::harness::{AUDIENCE, CLIENT, Setup, assembled, rule_that_sets};
use rulemint::registry::{NewApi, NewGrant};

const ROGUES: &[&str] = &[
    "spin-in-call",
    "spin-in-realloc",
    "spin-after-return",
    "grow",
    "grow-table",
    "recurse",
    "flood-output",
    "flood-host",
    "flood-log",
    "flood-handles",
    "outside-memory",
    "broken-text",
];

fn api_of(rogue: &str) -> String {
    format!("https://{rogue}.example")
}

/// Every rogue at once, each for the tokens of an API of its own.
fn all_rogues() -> Setup {
    let well = rule_that_sets("well", "true");
    ROGUES
        .iter()
        .fold(Setup::new().with("90-well.wasm", well), |setup, rogue| {
            let manifest = format!("[when]\naudiences = [{:?}]\n", api_of(rogue));
            setup
                .with(
                    &format!("10-{rogue}.wasm"),
                    assembled(&format!("rogue/{rogue}")),
                )
                .with(&format!("10-{rogue}.toml"), manifest)
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_other_apis_are_issued_while_every_rogue_runs() {
    let server = all_rogues().start().await;
    for rogue in ROGUES {
        server
            .registrar
            .add_api(NewApi::named(&api_of(rogue)))
            .await
            .unwrap();
        let grant = NewGrant {
            client_id: CLIENT.to_owned(),
            audience: api_of(rogue),
            scope: None,
        };
        server.registrar.add_grant(grant).await.unwrap();
    }
    server
        .until_granted(&api_of(ROGUES[ROGUES.len() - 1]))
        .await;
    let apis: Vec<String> = ROGUES.iter().map(|rogue| api_of(rogue)).collect();
    let mut faults = String::new();
    for _ in 0..3 {
        let attacks = apis.iter().map(|api| server.ask_for(api));
        let attacks = futures_util::future::join_all(attacks);
        let honest = futures_util::future::join_all((0..20).map(|_| server.ask_for(AUDIENCE)));
        let (attacks, honest) = tokio::join!(attacks, honest);
        for answer in honest {
            assert_eq!(answer.claims()["well"], true);
        }
        for (rogue, answer) in ROGUES.iter().zip(attacks) {
            if answer.status != 500 {
                writeln!(faults, "{rogue}: {answer:?}").unwrap();
            }
        }
    }
    assert_eq!(faults, "");
}
