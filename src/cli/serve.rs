//! `rulemint serve`

use std::sync::Arc;

use anstream::println;
use anyhow::Context as _;
use clap::Args;
use secrecy::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{info, warn};

use super::Context;
use super::access::{flag, load};
use super::output::{BAD, DIM, GOOD};
use crate::clock::SystemClock;
use crate::config::{Config, Flag};
use crate::random::SystemRandom;
use crate::reload::{Problem, RuleState, Trigger};
use crate::rule::{CompilerProgram, Outside};
use crate::server::{Demo, Parts, Server, Stop};
use crate::telemetry::log;

/// Run the server until SIGTERM or SIGINT.
///
/// Without any configuration it makes what it needs in `.rulemint`. SIGHUP makes it look at the rules directory again. SIGTERM stops it gently, SIGINT (ctrl-c) at once; either way
/// requests under way are finished. A second one ends it on the spot.
#[derive(Args)]
pub(super) struct Serve {
    /// Where to listen: ADDRESS:PORT, or unix:PATH; port 0 takes a free one [default: 127.0.0.1:6468].
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// What tokens carry as iss [default: https:// and the address listened on with TLS, else http:// and the other].
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The directory whose files are the rules [default: rules].
    #[arg(long, value_name = "DIR")]
    rules_dir: Option<String>,
    /// Start although rules that were live last are not in the rules directory, which is another one than theirs.
    #[arg(long)]
    accept_fewer_rules: bool,
    /// How changes in the rules directory are noticed: auto, poll or off [default: auto].
    #[arg(long, value_name = "HOW")]
    watch: Option<String>,
    /// When a token is written to the ledger: async, sync or off [default: async].
    #[arg(long, value_name = "WHEN")]
    ledger: Option<String>,
    /// The form of log lines: auto, human or json [default: auto, which is human on a terminal].
    #[arg(long, value_name = "FORM")]
    log_format: Option<String>,
    /// How much to log: error, warn, info, debug or trace [default: info].
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Listen without TLS where other machines can reach it.
    #[arg(long)]
    allow_plain_http: bool,
    /// Where to listen with TLS, beside --listen, if there is a certificate [default: 127.0.0.1:6443].
    #[arg(long, value_name = "ADDR")]
    tls_listen: Option<String>,
    /// The certificate, with those between it and its authority: a PEM file, read again when it changes.
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The certificate's private key: a PEM file, read again when it changes.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Make a certificate for this machine and sign it with its own key: for a laptop.
    #[arg(long)]
    tls_self_signed: bool,
    /// Add an API, a client and a grant to try things with, and print a command that gets a token.
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub(super) fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let config = load(context, self.flags())?.config;
        let outside = Outside::of_system(context.environment.clone());
        log::start(&config.log);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("start the runtime")?;
        runtime.block_on(serve(config, outside, self.demo))
    }

    fn flags(&self) -> Vec<Flag> {
        let given = [
            ("--listen", "listen", &self.listen),
            ("--issuer", "issuer", &self.issuer),
            ("--rules-dir", "rules.dir", &self.rules_dir),
            ("--watch", "rules.watch", &self.watch),
            ("--ledger", "ledger.mode", &self.ledger),
            ("--log-format", "log.format", &self.log_format),
            ("--log-level", "log.level", &self.log_level),
            ("--tls-listen", "tls.listen", &self.tls_listen),
            ("--tls-cert", "tls.cert", &self.tls_cert),
            ("--tls-key", "tls.key", &self.tls_key),
        ];
        let mut flags: Vec<Flag> = given
            .into_iter()
            .filter_map(|(name, path, value)| Some(flag(name, path, value.as_deref()?)))
            .collect();
        if self.allow_plain_http {
            flags.push(flag("--allow-plain-http", "allow_plain_http", true));
        }
        if self.accept_fewer_rules {
            flags.push(flag("--accept-fewer-rules", "rules.accept_fewer", true));
        }
        if self.tls_self_signed {
            flags.push(flag("--tls-self-signed", "tls.self_signed", true));
        }
        flags
    }
}

async fn serve(config: Config, outside: Outside, with_demo: bool) -> anyhow::Result<()> {
    // Before anything can go wrong half-way: a signal during the start must not be lost.
    let signals = Signals::new().context("listen for signals")?;
    let data_dir = config.data_dir.display().to_string();
    let parts = Parts {
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        compiler: CompilerProgram::this_one().context("find this program")?,
        outside,
    };
    let server = Server::start(config, parts).await?;
    let demo = match with_demo {
        true => Some(server.demo().await?),
        false => None,
    };
    welcome(&server, &data_dir);
    if let Some(demo) = &demo {
        show_demo(&server, demo);
    }
    info!(address = server.address(), issuer = %server.issuer(), data_dir, "ready");
    let reloader = server.reloader();
    server.run(signals.until_stop(reloader)).await;
    Ok(())
}

fn welcome(server: &Server, data_dir: &str) {
    let report = server.rules();
    println!("{GOOD}rulemint{GOOD:#} listens on {}", server.address());
    if let Some(tls) = server.tls() {
        println!("{GOOD}rulemint{GOOD:#} listens on https://{}", tls.address);
        let certificate = tls.certificate.display();
        println!("{DIM}trust{DIM:#}   {certificate}");
        println!("{DIM}sha256{DIM:#}  {}", tls.fingerprint);
    }
    println!("{DIM}issuer{DIM:#}  {}", server.issuer());
    println!("{DIM}data{DIM:#}    {data_dir}");
    println!("{DIM}rules{DIM:#}   {}", report.rules_dir);
    let is_new = |problem: &Problem| report.rules.is_empty() && problem.is_no_directory();
    match &report.directory_problem {
        Some(problem) if is_new(problem) => println!("        none yet: {}", problem.text),
        Some(problem) => println!("        {BAD}problem:{BAD:#} {}", problem.text),
        None => {}
    }
    for rule in &report.rules {
        match &rule.problem {
            None => println!("        {}", rule.name),
            Some(problem) => {
                let state = rule.state.as_str();
                println!(
                    "        {} {BAD}{state}:{BAD:#} {}",
                    rule.name, problem.text
                );
            }
        }
    }
    if report.rules.is_empty() && report.directory_problem.is_none() {
        println!("        none yet: put a .wasm or a .js file there");
    }
    if let Some(first) = server.first_start() {
        println!("\nAn administrator was made. Its secret is not shown again:");
        println!("  {DIM}client id{DIM:#}      {}", first.client_id);
        match &first.secret {
            Some(secret) => println!("  {DIM}client secret{DIM:#}  {}", secret.expose_secret()),
            None => println!("  {DIM}client secret{DIM:#}  the one that was configured"),
        }
    }
}

fn show_demo(server: &Server, demo: &Demo) {
    let socket = match server.address().strip_prefix("unix:") {
        Some(path) => format!(" --unix-socket {path}"),
        None => String::new(),
    };
    let address = match server.address() {
        address if address.starts_with("http") => address,
        _ => "http://localhost".to_owned(),
    };
    println!("\nGet a token:\n");
    println!(
        "curl -s{socket} {address}/oauth/token -d grant_type=client_credentials -d client_id={} \
         -d client_secret={} -d audience={}",
        demo.client_id,
        demo.secret.expose_secret(),
        demo.audience
    );
    let live = |state: RuleState| matches!(state, RuleState::Live | RuleState::Kept);
    if !server.rules().rules.iter().any(|rule| live(rule.state)) {
        println!("\n(No rule runs; the token's jti is the server's own.)");
    }
    println!();
}

/// The signals that a server obeys.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Resolves when the server is to stop. SIGHUP in between makes it look at the rules again.
    async fn until_stop(mut self, reloader: UnboundedSender<Trigger>) -> Stop {
        let how = loop {
            tokio::select! {
                _ = self.terminate.recv() => break Stop::Gently,
                _ = self.interrupt.recv() => break Stop::Now,
                _ = self.hangup.recv() => {
                    info!("SIGHUP: looking at the rules directory again");
                    let _ = reloader.send(Trigger::Retry(0)); // It is gone when the server stops.
                }
            }
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends the process, or the process ends it"
        )]
        tokio::task::spawn(self.end_on_the_spot());
        how
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "whoever asks twice does not want to wait for destructors"
    )]
    async fn end_on_the_spot(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        warn!("told to stop twice: ending on the spot");
        std::process::exit(EXIT_INTERRUPTED);
    }
}

/// 128 and the number of SIGINT, as shells have it.
const EXIT_INTERRUPTED: i32 = 130;
