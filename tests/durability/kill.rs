//! `kill -9` while everything is written to: what was acknowledged is there afterwards. For more kills than everyday's:
//! `RULEMINT_KILLS=200 cargo test --release --test durability kill -- --nocapture`.

use std::collections::BTreeSet;
use std::env;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::process::{AUDIENCE, Installation, Server};

/// How often the server is killed, unless `RULEMINT_KILLS` says otherwise.
const KILLS: u64 = 25;
/// Writers of each kind.
const WRITERS: u64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_every_kill() {
    let kills = env::var("RULEMINT_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let installation = Arc::new(Installation::new());
    let acknowledged = Arc::new(Acknowledged::default());
    let (mut slowest, began) = (Duration::ZERO, Instant::now());
    for round in 0..kills {
        let started = Instant::now();
        let server = Arc::new(installation.serve().await);
        slowest = slowest.max(started.elapsed());
        let writers = write_everything(&installation, &server, &acknowledged, round);
        sleep(pause(round)).await;
        for writer in &writers {
            writer.abort(); // Commands under way are killed with it.
        }
        for writer in writers {
            let _ = writer.await;
        }
        let server = Arc::into_inner(server).unwrap();
        server.kill();
    }
    let took = began.elapsed().as_secs_f64();
    let counts = acknowledged.counts();
    println!("{kills} kills in {took:.1} s, slowest start {slowest:?}, acknowledged: {counts}");
    acknowledged.check(&installation).await;
    let checked = installation.run(&["store", "check"]);
    assert!(checked.status.success(), "{checked:?}");
}

/// Between 50 and 350 ms, the same in every run.
fn pause(round: u64) -> Duration {
    Duration::from_millis(50 + round.wrapping_mul(0x9e37_79b9) % 301)
}

/// What somebody was told is done, by kind.
#[derive(Default)]
struct Acknowledged {
    clients: Mutex<BTreeSet<String>>,
    revoked: Mutex<BTreeSet<String>>,
    issued: Mutex<BTreeSet<String>>,
}

impl Acknowledged {
    fn note(into: &Mutex<BTreeSet<String>>, what: &str) {
        into.lock().unwrap().insert(what.to_owned());
    }

    fn counts(&self) -> String {
        let count = |of: &Mutex<BTreeSet<String>>| of.lock().unwrap().len();
        let (clients, revoked) = (count(&self.clients), count(&self.revoked));
        let issued = count(&self.issued);
        format!("{clients} clients, {revoked} revocations, {issued} tokens")
    }

    /// Looks for all of it on the disk.
    async fn check(&self, installation: &Installation) {
        let store = installation.store().await;
        let clients = store.clients().await.unwrap();
        let there: BTreeSet<String> = clients.into_iter().map(|client| client.name).collect();
        assert_eq!(lost(&self.clients, &there), Vec::<String>::new());
        let mut there = BTreeSet::new();
        let mut before = i64::MAX;
        loop {
            let part = store.revocations_before(before, 1_000, true).await.unwrap();
            let Some(last) = part.last() else { break };
            before = last.id;
            there.extend(part.into_iter().map(|row| row.value));
        }
        assert_eq!(lost(&self.revoked, &there), Vec::<String>::new());
        let issued = self.issued.lock().unwrap().clone();
        for jti in issued {
            assert_eq!(store.issued(&jti).await.unwrap().len(), 1, "{jti} is lost");
        }
    }
}

fn lost(acknowledged: &Mutex<BTreeSet<String>>, there: &BTreeSet<String>) -> Vec<String> {
    let acknowledged = acknowledged.lock().unwrap();
    acknowledged.difference(there).cloned().collect()
}

/// Everybody who writes, in this round.
fn write_everything(
    installation: &Arc<Installation>,
    server: &Arc<Server>,
    acknowledged: &Arc<Acknowledged>,
    round: u64,
) -> Vec<JoinHandle<()>> {
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (server, acknowledged) = (Arc::clone(server), Arc::clone(acknowledged));
        let name = format!("{round}-{writer}");
        writers.push(tokio::spawn(over_http(server, acknowledged, name)));
    }
    let (installation, acknowledged) = (Arc::clone(installation), Arc::clone(acknowledged));
    writers.push(tokio::spawn(by_command(installation, acknowledged, round)));
    writers
}

/// Clients, blacklist entries, tokens, and tokens given back. It ends when the server does.
async fn over_http(server: Arc<Server>, acknowledged: Arc<Acknowledged>, name: String) {
    for number in 0.. {
        let name = format!("http-{name}-{number}");
        match server.add_client(&name).await {
            Ok(said) if said.status == 201 => Acknowledged::note(&acknowledged.clients, &name),
            _ => return,
        }
        match server.blacklist(&name).await {
            Ok(said) if said.status == 204 => Acknowledged::note(&acknowledged.revoked, &name),
            _ => return,
        }
        let Ok(said) = server.ask().await else { return };
        if said.status != 200 {
            return;
        }
        let jti = jti(said.token());
        Acknowledged::note(&acknowledged.issued, &jti);
        match server.give_back(said.token()).await {
            Ok(said) if said.status == 200 => Acknowledged::note(&acknowledged.revoked, &jti),
            _ => return,
        }
    }
}

/// The same from the command line, where an exit code of 0 is the acknowledgement.
async fn by_command(installation: Arc<Installation>, acknowledged: Arc<Acknowledged>, round: u64) {
    for number in 0.. {
        let name = format!("command-{round}-{number}");
        if succeeds(&installation, &["client", "add", "--name", &name]).await {
            Acknowledged::note(&acknowledged.clients, &name);
        }
        // It waits for a server that may be gone by then: what it wrote counts if it says so.
        let revoke = ["revoke", "--jti", &name, "--audience", AUDIENCE];
        if succeeds(&installation, &revoke).await {
            Acknowledged::note(&acknowledged.revoked, &name);
        }
    }
}

async fn succeeds(installation: &Installation, arguments: &[&str]) -> bool {
    let mut command = Command::from(installation.command(arguments));
    let output = command.kill_on_drop(true).output().await;
    output.unwrap().status.success()
}

fn jti(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["jti"].as_str().unwrap().to_owned()
}
