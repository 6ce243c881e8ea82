//! What a token costs without HTTP: signing alone, issuing with 0, 1 and 5 rules, and one rule call in a fresh sandbox.
//!
//! `cargo bench --bench in_process`. Figures are comparable within one run only; see README.md.

#![expect(
    clippy::unwrap_used,
    reason = "a measuring tool has nobody to report to"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use mimalloc::MiMalloc;
use rulemint::clock::SystemClock;
use rulemint::config::{Config, Environment, LedgerMode, Listen, Traces};
use rulemint::keys::{Algorithm, SigningKey};
use rulemint::random::SystemRandom;
use rulemint::request::TokenRequest;
use rulemint::rule::{CompilerProgram, Outside};
use rulemint::server::{Parts, Server};
use rulemint::telemetry::metrics::Metrics;
use rulemint::telemetry::trace::{self, Tracer};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The same allocator as the server's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    divan::main();
}

/// A claims set of the size that a token with a few claims of its own has, in bytes.
const CLAIMS_BYTES: usize = 365;

#[divan::bench(args = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256])]
fn sign(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let key = SigningKey::parse(algorithm, &SigningKey::generate(algorithm).unwrap()).unwrap();
    let claims = format!("{{\"claim\":\"{}\"}}", "x".repeat(CLAIMS_BYTES - 12));
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench(|| key.sign(&claims).unwrap());
}

#[divan::bench(args = [0, 1, 5])]
fn issue(bencher: Bencher<'_, '_>, rules: usize) {
    let bench = Bench::new(rules);
    let issuer = bench.server.token_issuer();
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        bench
            .runtime
            .block_on(issuer.issue(bench.request()))
            .unwrap()
    });
}

/// The same with a span for the request and one for each rule, which go to a collector that is not there.
#[divan::bench(args = [0, 1, 5])]
fn issue_traced(bencher: Bencher<'_, '_>, rules: usize) {
    let bench = Bench::new(rules);
    let (issuer, tracer) = (bench.server.token_issuer(), tracer());
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        let mut request = bench.request();
        let (span, transaction) = (tracer.request(None), request.transaction_id.clone());
        request.trace = Some(span.trace());
        let token = bench.runtime.block_on(issuer.issue(request)).unwrap();
        span.end("issued", 200, &transaction);
        token
    });
}

fn tracer() -> Tracer {
    let config = Traces {
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        ..Traces::default()
    };
    let parts = trace::Parts {
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        metrics: Metrics::new(),
    };
    Tracer::start(&config, parts).unwrap().unwrap()
}

/// A server that nobody talks to over a socket, with a client that may have tokens.
struct Bench {
    runtime: Runtime,
    server: Server,
    parameters: Vec<(String, String)>,
    _files: TempDir,
}

impl Bench {
    fn new(rules: usize) -> Self {
        let files = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(start(files.path(), rules));
        let parameters = runtime.block_on(client(&server));
        Self {
            runtime,
            server,
            parameters,
            _files: files,
        }
    }

    fn request(&self) -> TokenRequest {
        let transaction = "0123456789abcdef0123456789abcdef".into();
        let parameters = self
            .parameters
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        TokenRequest::from_parameters(transaction, None, parameters).unwrap()
    }
}

async fn start(files: &Path, rules: usize) -> Server {
    let rules_dir = files.join("rules");
    fs::create_dir(&rules_dir).unwrap();
    for number in 0..rules {
        let jti = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/10-jti.wasm");
        fs::copy(jti, rules_dir.join(format!("{number}0-jti.wasm"))).unwrap();
    }
    let mut config = Config {
        listen: "127.0.0.1:0".parse::<Listen>().unwrap(),
        data_dir: files.join("data"),
        ..Config::default()
    };
    config.rules.dir = rules_dir;
    config.ledger.mode = LedgerMode::Off;
    let parts = Parts {
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        compiler: CompilerProgram {
            path: env!("CARGO_BIN_EXE_rulemint").into(),
            arguments: vec!["compile-rule".into()],
        },
        outside: Outside::of_system(Environment::of([])),
    };
    Server::start(config, parts).await.unwrap()
}

async fn client(server: &Server) -> Vec<(String, String)> {
    let demo = server.demo().await.unwrap();
    [
        ("grant_type", "client_credentials"),
        ("client_id", demo.client_id),
        ("client_secret", demo.secret.expose_secret()),
        ("audience", demo.audience),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
