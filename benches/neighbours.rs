//! What rogue rules do to the tokens of others: p50 and p99 of an honest client, alone and beside every rogue of
//! `tests/fixtures/rules/rogue`, in turn and against the real program. `cargo bench --bench neighbours`.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measuring tool has nobody to report to, and the time is what it measures"
)]

#[path = "../tests/shared/assemble.rs"]
mod assemble;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use rulemint::audit::Actor;
use rulemint::clock::SystemClock;
use rulemint::data_dir::DataDir;
use rulemint::random::SystemRandom;
use rulemint::registry::{NewApi, NewClient, NewGrant, Registrar, Registrars};
use rulemint::server::open_installation;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Rounds of each kind, in turn.
const ROUNDS: usize = 5;
/// Honest requests of a round.
const REQUESTS: usize = 1_000;
/// From one honest request to the next: they keep coming, whether or not the last was answered.
const PACE: Duration = Duration::from_millis(4);
/// What each rogue's client waits between two requests.
const ROGUE_PAUSE: Duration = Duration::from_millis(20);
const ADDRESS: &str = "127.0.0.1:7040";
const CLIENT: &str = "bench";
const SECRET: &str = "a-secret-that-only-this-bench-knows-0123456789";
const HONEST: &str = "https://honest.example";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let directory = tempfile::tempdir().unwrap();
    let rogues = install(directory.path()).await;
    let server = Running(serve(directory.path()));
    let http = Client::builder().no_proxy().build().unwrap();
    while ask(&http, HONEST).await.is_none() {
        sleep(Duration::from_millis(10)).await;
    }
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.extend(honest_round(&http).await);
        let attacks: Vec<_> = rogues
            .iter()
            .map(|audience| attack(&http, audience))
            .collect();
        beside.extend(honest_round(&http).await);
        attacks.into_iter().for_each(|attack| attack.abort());
    }
    drop(server);
    let (alone, beside) = (Percentiles::of(alone), Percentiles::of(beside));
    println!("{:24}{:>10}{:>10}", "", "p50", "p99");
    for (name, of) in [("alone", &alone), ("beside every rogue", &beside)] {
        println!("{name:24}{:>10.2?}{:>10.2?}", of.p50, of.p99);
    }
    let ratio = |this: Duration, that: Duration| this.as_secs_f64() / that.as_secs_f64();
    println!(
        "{:24}{:>10.2}{:>10.2}",
        "ratio",
        ratio(beside.p50, alone.p50),
        ratio(beside.p99, alone.p99)
    );
}

/// Makes the rules directory and the APIs: one for honest clients, one for each rogue. Gives the rogues' audiences.
async fn install(directory: &Path) -> Vec<String> {
    let rules = directory.join("rules");
    fs::create_dir(&rules).unwrap();
    fs::write(
        rules.join("90-well.wasm"),
        assemble::rule_that_sets("well", "true"),
    )
    .unwrap();
    let data = DataDir::open(&directory.join("data")).unwrap();
    let opened = open_installation(&data, &SystemRandom).await.unwrap();
    let clock = Arc::new(SystemClock::new());
    let registrars = Registrars::new(opened.store, opened.master, clock, Arc::new(SystemRandom));
    let registrar = registrars.of(Actor::server());
    let client = NewClient {
        id: Some(CLIENT.to_owned()),
        name: "bench".to_owned(),
        secret: Some(SECRET.into()),
        ..NewClient::default()
    };
    registrar.add_client(client).await.unwrap();
    allow(&registrar, HONEST).await;
    let mut audiences = Vec::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rules/rogue");
    for fixture in fs::read_dir(fixtures).unwrap() {
        let path = fixture.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if NEVER_LIVE.contains(&&*name) {
            continue;
        }
        let audience = format!("https://{name}.example");
        let rule = assemble::from_text(&fs::read_to_string(&path).unwrap(), "rule");
        fs::write(rules.join(format!("10-{name}.wasm")), rule).unwrap();
        let manifest = format!("[when]\naudiences = [{audience:?}]\n");
        fs::write(rules.join(format!("10-{name}.toml")), manifest).unwrap();
        allow(&registrar, &audience).await;
        audiences.push(audience);
    }
    audiences
}

async fn allow(registrar: &Registrar, audience: &str) {
    registrar.add_api(NewApi::named(audience)).await.unwrap();
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: audience.to_owned(),
        scope: None,
    };
    registrar.add_grant(grant).await.unwrap();
}

/// A server that is killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(directory: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_rulemint"))
        .args([
            "serve",
            "--listen",
            ADDRESS,
            "--data-dir",
            "data",
            "--log-level",
            "off",
        ])
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Asks for a token; `None` where nobody answers.
async fn ask(http: &Client, audience: &str) -> Option<StatusCode> {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("audience", audience),
    ];
    let request = http
        .post(format!("http://{ADDRESS}/oauth/token"))
        .form(&form);
    let answer = request.send().await.ok()?;
    let status = answer.status();
    answer.bytes().await.ok()?;
    Some(status)
}

/// Sends requests at a steady pace, and gives how long each took.
async fn honest_round(http: &Client) -> Vec<Duration> {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let due = pace.tick().await.into_std();
        let http = http.clone();
        requests.push(tokio::spawn(async move {
            assert_eq!(ask(&http, HONEST).await, Some(StatusCode::OK));
            Instant::now() - due
        }));
    }
    let mut took = Vec::with_capacity(REQUESTS);
    for request in requests {
        took.push(request.await.unwrap());
    }
    took
}

/// A client of a rogue rule, until it is aborted.
fn attack(http: &Client, audience: &str) -> JoinHandle<()> {
    let (http, audience) = (http.clone(), audience.to_owned());
    tokio::spawn(async move {
        loop {
            assert_ne!(ask(&http, &audience).await, Some(StatusCode::OK));
            sleep(ROGUE_PAUSE).await;
        }
    })
}

struct Percentiles {
    p50: Duration,
    p99: Duration,
}

impl Percentiles {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        Self {
            p50: took[took.len() / 2],
            p99: took[took.len() * 99 / 100],
        }
    }
}

/// They are refused when they are loaded.
const NEVER_LIVE: &[&str] = &["spin-at-start", "vast-memory"];
