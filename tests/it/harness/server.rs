//! A server of a test's own: its directories, its clock, its first API, client and grant.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response};
use rulemint::audit::Actor;
use rulemint::config::{Config, Environment, LedgerMode, Listen};
use rulemint::data_dir::DataDir;
use rulemint::issue::{IssueError, TokenIssuer};
use rulemint::ledger::IssuedToken;
use rulemint::master_key::MasterKey;
use rulemint::random::SystemRandom;
use rulemint::registry::{NewApi, NewClient, NewGrant, Registrar, Registrars};
use rulemint::reload::{Report, RuleReport, RuleState, Trigger};
use rulemint::request::{Credentials, TokenRequest, Wanted};
use rulemint::rule::{CompilerProgram, Fault, Outside, Resolver, RuleError};
use rulemint::server::{Parts, Server, StartError, Stop, TlsPlace, open_installation};
use rulemint::store::{ScopeRow, Store};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Answer, HandClock, until, until_ok};

/// The API that every test server has, with the scopes `read`, `write` and `admin`.
pub(crate) const AUDIENCE: &str = "https://api.example";
/// The client that every test server has. It may have tokens for `AUDIENCE` with `read` and `write`.
pub(crate) const CLIENT: &str = "c1";
/// Its secret, in the form of those that are made here: those that are chosen are hashed slowly.
pub(crate) const SECRET: &str = "rms_only-tests-know-this-secret-0123456789abcdesabYc8";

/// What a server is started with.
pub(crate) struct Setup {
    directory: TempDir,
    pub(crate) config: Config,
    pub(crate) clock: Arc<HandClock>,
    outside: Outside,
}

impl Setup {
    /// An empty rules directory, no ledger, no events waited for: what most tests need.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: Listen::Tcp(([127, 0, 0, 1], 0).into()),
            data_dir: directory.path().join("data"),
            ..Config::default()
        };
        config.rules.dir = directory.path().join("rules");
        config.ledger.mode = LedgerMode::Off;
        config.shutdown.delay_ms = 0;
        fs::create_dir(&config.rules.dir).unwrap();
        Self {
            directory,
            config,
            clock: Arc::new(HandClock::new()),
            outside: Outside::of_system(Environment::of([])),
        }
    }

    /// The same with one more file in the rules directory.
    pub(crate) fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        fs::write(self.config.rules.dir.join(name), bytes).unwrap();
        self
    }

    /// The same with a changed configuration.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// The same with a variable in the environment.
    pub(crate) fn with_variable(self, name: &str, value: &str) -> Self {
        self.with_variables([(name, value)])
    }

    /// The same with several.
    pub(crate) fn with_variables<const N: usize>(mut self, variables: [(&str, &str); N]) -> Self {
        self.outside.environment = Environment::of(variables);
        self
    }

    /// The same with names that mean what the test says.
    pub(crate) fn resolving(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.outside.resolver = resolver;
        self
    }

    /// A path in the directory that goes away with the server.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts it, and expects that to work.
    pub(crate) async fn start(self) -> TestServer {
        let started = self.try_start().await;
        started.unwrap_or_else(|problem| panic!("the server does not start: {problem}"))
    }

    /// Starts it, expects that not to work, and gives the reason.
    pub(crate) async fn refusal(self) -> String {
        let started = self.try_start().await;
        started.err().expect("it does not start").to_string()
    }

    pub(crate) async fn try_start(self) -> Result<TestServer, StartError> {
        let (server, registrar, store) = self.attempt().await?;
        Ok(TestServer::run(server, self, registrar, store))
    }

    /// Makes a server ready that nobody runs yet.
    pub(crate) async fn attempt(&self) -> Result<(Server, Registrar, Store), StartError> {
        let data = DataDir::open(&self.config.data_dir).unwrap();
        let opened = open_installation(&data, &SystemRandom).await.unwrap();
        let registrar = Registrars::new(
            opened.store.clone(),
            opened.master,
            self.clock.clone(),
            Arc::new(SystemRandom),
        )
        .of(Actor::user("a test"));
        furnish(&registrar).await;
        let parts = Parts {
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom),
            compiler: compiler(),
            outside: self.outside.clone(),
        };
        let server = Server::start(self.config.clone(), parts).await?;
        Ok((server, registrar, opened.store))
    }
}

/// Makes the API, the client and the grant that every test server has, unless it has them from an earlier run.
async fn furnish(registrar: &Registrar) {
    if registrar.api(AUDIENCE).await.is_ok() {
        return;
    }
    let scope = |value: &str| ScopeRow {
        value: value.to_owned(),
        description: String::new(),
    };
    let api = NewApi {
        scopes: ["read", "write", "admin"].map(scope).to_vec(),
        ..NewApi::named(AUDIENCE)
    };
    registrar.add_api(api).await.unwrap();
    let client = NewClient {
        id: Some(CLIENT.to_owned()),
        name: "the first client".to_owned(),
        secret: Some(SECRET.into()),
        metadata: [("tier".to_owned(), "gold".to_owned())].into(),
        ..NewClient::default()
    };
    registrar.add_client(client).await.unwrap();
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: AUDIENCE.to_owned(),
        scope: Some("read write".to_owned()),
    };
    registrar.add_grant(grant).await.unwrap();
}

pub(crate) fn compiler() -> CompilerProgram {
    CompilerProgram {
        path: env!("CARGO_BIN_EXE_rulemint").into(),
        arguments: vec!["compile-rule".into()],
    }
}

/// A server that is running. It stops when it is dropped, at the latest.
pub(crate) struct TestServer {
    /// Where it listens, as a URL.
    pub(crate) address: String,
    /// Where it listens with TLS.
    pub(crate) tls: Option<TlsPlace>,
    /// Changes clients, APIs and grants as another process would: through the store.
    pub(crate) registrar: Registrar,
    pub(crate) store: Store,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) http: Client,
    /// What the token endpoint calls.
    pub(crate) issuer: Arc<TokenIssuer>,
    pub(crate) reloader: UnboundedSender<Trigger>,
    setup: Option<Setup>,
    stop: Option<oneshot::Sender<Stop>>,
    running: JoinHandle<()>,
}

impl TestServer {
    fn run(server: Server, setup: Setup, registrar: Registrar, store: Store) -> Self {
        let (stop, stopped) = oneshot::channel();
        let address = server.address();
        let reloader = server.reloader();
        let stopped = async { stopped.await.unwrap_or(Stop::Now) };
        Self {
            address,
            tls: server.tls().cloned(),
            registrar,
            store,
            clock: setup.clock.clone(),
            issuer: server.token_issuer(),
            http: Client::builder().no_proxy().build().unwrap(),
            reloader,
            setup: Some(setup),
            stop: Some(stop),
            running: tokio::spawn(server.run(stopped)),
        }
    }

    /// Stops it, waits until it has, and gives what the next one can start with.
    pub(crate) async fn stop(mut self) -> Setup {
        self.store.close().await;
        let _ = self.stop.take().unwrap().send(Stop::Now);
        (&mut self.running).await.unwrap();
        self.setup.take().unwrap()
    }

    /// What changes things where the ledger is as this says.
    pub(crate) fn registrar_with(&self, ledger: LedgerMode) -> Registrar {
        let setup = self.setup.as_ref().unwrap();
        let master = MasterKey::load_or_create(&setup.config.data_dir, &SystemRandom).unwrap();
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let random = Arc::new(SystemRandom);
        Registrars::new(store, Arc::new(master), clock, random)
            .with_ledger(ledger)
            .of(Actor::user("a test"))
    }

    /// The rules directory.
    pub(crate) fn rules_dir(&self) -> &Path {
        &self.setup.as_ref().unwrap().config.rules.dir
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.setup.as_ref().unwrap().config.data_dir
    }

    /// A path in the directory that goes away with the server.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.setup.as_ref().unwrap().scratch(name)
    }

    /// Puts a file into the rules directory as a careful tool does: whole or not at all.
    pub(crate) fn put_rule(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let draft = self.scratch("draft");
        fs::write(&draft, bytes).unwrap();
        fs::rename(draft, self.rules_dir().join(name)).unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let response = self.http.get(format!("{}{path}", self.address)).send();
        Answer::read(response.await.unwrap()).await
    }

    /// Posts a form to the token endpoint.
    pub(crate) async fn post(&self, form: &[(&str, &str)]) -> Answer {
        Answer::read(self.send(form).await.unwrap()).await
    }

    pub(crate) async fn send(&self, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        let url = format!("{}/oauth/token", self.address);
        self.http.post(url).form(form).send().await
    }

    /// Asks for a token as the client that every test server has, with more parameters than the usual ones.
    pub(crate) async fn ask(&self, more: &[(&str, &str)]) -> Answer {
        let usual = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("audience", AUDIENCE),
        ];
        self.post(&[&usual, more].concat()).await
    }

    /// Asks for a token for another API.
    pub(crate) async fn ask_for(&self, audience: &str) -> Answer {
        self.post(&[
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("audience", audience),
        ])
        .await
    }

    /// Waits until the server knows of a grant that was added beside it.
    pub(crate) async fn until_granted(&self, audience: &str) {
        until("the new grant", async || {
            let live = self.issuer.live.load();
            live.registry.client(CLIENT)?.grant(audience).map(drop)
        })
        .await
    }

    /// Asks without HTTP, which tells what it tells the operator rather than the caller.
    pub(crate) async fn issue(&self, more: &[(&str, &str)]) -> Result<IssuedToken, IssueError> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let request = TokenRequest {
            transaction_id: "a-transaction".into(),
            credentials: Credentials::Post {
                id: CLIENT.to_owned(),
                secret: SECRET.into(),
            },
            wanted: Wanted {
                grant_type: "client_credentials".to_owned(),
                audience: Some(AUDIENCE.to_owned()),
                parameters: more.iter().map(owned).collect(),
                ..Wanted::default()
            },
            trace: None,
        };
        self.issuer.issue(request).await
    }

    /// Asks for a token that a rule must fail to make, and gives what happened in the rule.
    pub(crate) async fn fault(&self, more: &[(&str, &str)]) -> Fault {
        match self.issue(more).await {
            Err(IssueError::Rule(RuleError::Failed { fault, .. })) => fault,
            Err(other) => panic!("another error: {other}"),
            Ok(token) => panic!("a token: {}", token.access_token()),
        }
    }

    /// What the server says about its rules.
    pub(crate) async fn report(&self) -> Report {
        let text = self.store.report(Report::TOPIC).await.unwrap();
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    /// Waits until the report about the rules is as it should be, and none of them is still being built.
    pub(crate) async fn until_rules(&self, what: &str, is_so: impl Fn(&Report) -> bool) -> Report {
        until_ok(what, async || {
            let report = self.report().await;
            let is_pending = |rule: &RuleReport| rule.state == RuleState::Pending;
            if is_so(&report) && !report.rules.iter().any(is_pending) {
                Ok(report)
            } else {
                Err(report)
            }
        })
        .await
    }

    /// Waits until a file of the rules directory has a problem, and gives what is said about that rule.
    pub(crate) async fn until_problem(&self, rule: &str, code: &str) -> RuleReport {
        let is_it = |report: &&RuleReport| {
            report.name == rule && report.problem.as_ref().is_some_and(|it| it.code == code)
        };
        until_ok(&format!("the problem {code} of {rule}"), async || {
            let report = self.report().await;
            let found = report.rules.iter().find(is_it).cloned();
            found.ok_or(report)
        })
        .await
    }

    /// Lets time pass for the server.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}
