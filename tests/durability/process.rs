//! The real program on a data directory that outlives it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response};
use rulemint::store::Store;
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};
use tokio::time::sleep;

pub(crate) const RULEMINT: &str = env!("CARGO_BIN_EXE_rulemint");
/// The API that every installation has.
pub(crate) const AUDIENCE: &str = "https://api.example";
/// The client of it, which may have tokens for it.
pub(crate) const CLIENT: &str = "caller";
const ISSUER: &str = "http://127.0.0.1:6468";
const ADMIN: &str = "admin";
const PATIENCE: Duration = Duration::from_secs(30);

/// An installation, whether or not a server runs on it.
pub(crate) struct Installation {
    directory: TempDir,
    /// The secret of [`CLIENT`].
    pub(crate) secret: String,
}

impl Installation {
    /// One with an API, a client and a grant. A server on it writes each token down before it answers.
    pub(crate) fn new() -> Self {
        Self::with("[ledger]\nmode = \"sync\"\n")
    }

    /// The same with another configuration.
    pub(crate) fn with(configuration: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let limits = "[limits]\nmanagement_requests_per_second = 100000\n";
        let configuration = format!("issuer = \"{ISSUER}\"\n{limits}{configuration}");
        fs::write(directory.path().join("rulemint.toml"), configuration).unwrap();
        let mut installation = Self {
            directory,
            secret: String::new(),
        };
        installation.well(&["api", "add", AUDIENCE, "--scope", "read"]);
        let client = [
            "client", "add", "--id", CLIENT, "--name", "caller", "--json",
        ];
        let client: Value = serde_json::from_str(&installation.well(&client)).unwrap();
        installation.secret = client["client_secret"].as_str().unwrap().to_owned();
        installation.well(&["grant", "add", "--client", CLIENT, "--audience", AUDIENCE]);
        installation
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join(".rulemint")
    }

    /// The program in this place, ready to be given more.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(RULEMINT);
        command.args(arguments);
        self.place(&mut command);
        command
    }

    /// Lets a command run here, whatever it is.
    pub(crate) fn place(&self, command: &mut Command) {
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("RULEMINT_ADMIN_CLIENT_ID", ADMIN)
            .env("RULEMINT_ADMIN_CLIENT_SECRET", ADMIN_SECRET)
            .stdin(Stdio::null());
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and gives what it printed.
    #[track_caller]
    pub(crate) fn well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a server on a free port.
    pub(crate) async fn serve(&self) -> Server {
        let mut command = self.command(&SERVE);
        Server::start(&mut command, &self.secret).await
    }

    /// The store as the disk has it.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.data().join("rulemint.db")).await.unwrap()
    }
}

/// What makes a server of the program.
pub(crate) const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const ADMIN_SECRET: &str = "rms_durability-tests-know-this-secret-and-nobody-else";

/// A server that runs. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    secret: String,
    /// A token for the management API.
    bearer: String,
    http: Client,
    log: NamedTempFile,
}

impl Server {
    /// Starts what the command says, and waits until it answers.
    pub(crate) async fn start(command: &mut Command, secret: &str) -> Self {
        let (out, log) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
        let mut child = command
            .stdout(out.reopen().unwrap())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        let began = Instant::now();
        let address = loop {
            let said = fs::read_to_string(out.path()).unwrap();
            let line = said
                .lines()
                .find_map(|line| line.split("listens on ").nth(1));
            if let (Some(address), true) = (line, said.contains("issuer")) {
                break address.to_owned();
            }
            let problem = fs::read_to_string(log.path()).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "{problem}");
            assert!(began.elapsed() < PATIENCE, "it does not start: {problem}");
            sleep(Duration::from_millis(2)).await;
        };
        let http = Client::builder().no_proxy().build().unwrap();
        let mut server = Self {
            child,
            address,
            secret: secret.to_owned(),
            bearer: String::new(),
            http,
            log,
        };
        server.bearer = server.management_token().await;
        server
    }

    async fn management_token(&self) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", ADMIN),
            ("client_secret", ADMIN_SECRET),
            ("audience", &*format!("{ISSUER}/api/v2/")),
        ];
        let answer = self.post("/oauth/token").form(&form).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        // An installation that somebody else made has another administrator.
        body["access_token"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.address)).send();
        let answer = answer.await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Asks for a token; an error is what comes of a server that is killed meanwhile.
    pub(crate) async fn ask(&self) -> reqwest::Result<Said> {
        self.ask_as(CLIENT).await
    }

    /// The same for another client with the same secret.
    pub(crate) async fn ask_as(&self, client: &str) -> reqwest::Result<Said> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", &*self.secret),
            ("audience", AUDIENCE),
        ];
        Said::of(self.post("/oauth/token").form(&form).send().await?).await
    }

    /// Gives a token back.
    pub(crate) async fn give_back(&self, token: &str) -> reqwest::Result<Said> {
        let form = [
            ("client_id", CLIENT),
            ("client_secret", &*self.secret),
            ("token", token),
        ];
        Said::of(self.post("/oauth/revoke").form(&form).send().await?).await
    }

    /// Whether it says that a token is good.
    pub(crate) async fn is_good(&self, token: &str) -> bool {
        let asked = self
            .http
            .get(format!("{}/verify?audience={AUDIENCE}", self.address));
        let answer = asked.bearer_auth(token).send().await.unwrap();
        answer.status().is_success()
    }

    pub(crate) async fn add_client(&self, name: &str) -> reqwest::Result<Said> {
        self.manage("/api/v2/clients", &json!({ "name": name }))
            .await
    }

    pub(crate) async fn blacklist(&self, jti: &str) -> reqwest::Result<Said> {
        let body = json!({ "aud": AUDIENCE, "jti": jti });
        self.manage("/api/v2/blacklists/tokens", &body).await
    }

    async fn manage(&self, path: &str, body: &Value) -> reqwest::Result<Said> {
        self.change(Method::POST, path, body).await
    }

    /// A management call.
    pub(crate) async fn change(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> reqwest::Result<Said> {
        let request = self
            .http
            .request(method, format!("{}{path}", self.address))
            .bearer_auth(&self.bearer);
        Said::of(request.json(body).send().await?).await
    }

    /// Ends it on the spot, as a crash does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Said {
    async fn of(answer: Response) -> reqwest::Result<Self> {
        let header = answer.headers().get("retry-after");
        let retry_after = header.map(|value| value.to_str().unwrap().to_owned());
        Ok(Self {
            status: answer.status().as_u16(),
            retry_after,
            body: serde_json::from_str(&answer.text().await?).unwrap_or_default(),
        })
    }

    /// The token in it.
    #[track_caller]
    pub(crate) fn token(&self) -> &str {
        let token = self.body["access_token"].as_str();
        token.unwrap_or_else(|| panic!("no token: {self:?}"))
    }

    /// Checks that it is a refusal for now, with a time to come again.
    #[track_caller]
    pub(crate) fn refused(&self, code: &str) {
        let said = ["errorCode", "error"].map(|name| self.body[name].as_str());
        assert_eq!(self.status, 503, "{self:?}");
        assert!(said.contains(&Some(code)), "{self:?}");
        assert!(self.retry_after.is_some(), "{self:?}");
    }
}

/// Asks again and again until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
