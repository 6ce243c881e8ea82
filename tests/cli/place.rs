//! A directory to run the program in.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

pub(crate) const RULEMINT: &str = env!("CARGO_BIN_EXE_rulemint");
/// The rule that the repository ships.
pub(crate) const JTI_RULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/10-jti.wasm");
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory with nothing in it.
pub(crate) struct Place(TempDir);

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let text = self.well();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
    }

    /// Checks the exit code, and gives the message.
    #[track_caller]
    pub(crate) fn badly(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.err
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn put_jti_rule(&self) {
        self.put("rules/10-jti.wasm", fs::read(JTI_RULE).unwrap());
    }

    /// The program, ready to be given more.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(RULEMINT);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        finish(&mut self.command(arguments))
    }

    /// The same with something on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        said(child.wait_with_output().unwrap())
    }

    /// Starts a server on a free port, and waits until it says where it listens.
    pub(crate) fn serve(&self, more: &[&str]) -> Serving {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        Serving::of(&mut self.command(&arguments))
    }

    /// Asks a server for a token, for the client and the API that [`furnish`](Self::furnish) makes.
    pub(crate) fn ask(&self, server: &Serving, client: &(String, String), more: &[&str]) -> Said {
        let (id, secret) = client;
        let usual = [
            "token",
            "get",
            "--client",
            id,
            "--secret-file",
            "-",
            "--audience",
            "https://api.example",
            "--server",
            &server.address,
        ];
        self.run_with(&[&usual, more].concat(), secret)
    }

    /// An API, a client and a grant. Gives the client's id and secret.
    pub(crate) fn furnish(&self) -> (String, String) {
        self.run(&[
            "api",
            "add",
            "https://api.example",
            "--scope",
            "read",
            "--scope",
            "write",
        ])
        .well();
        let client = self
            .run(&["client", "add", "--name", "tester", "--json"])
            .json();
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        self.run(&[
            "grant",
            "add",
            "--client",
            &id,
            "--audience",
            "https://api.example",
        ])
        .well();
        (id, secret)
    }
}

pub(crate) fn finish(command: &mut Command) -> Said {
    said(command.stdin(Stdio::null()).output().unwrap())
}

fn said(output: std::process::Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server that runs. It is killed when it is dropped.
pub(crate) struct Serving {
    child: Child,
    /// Where it listens, as a URL.
    pub(crate) address: String,
    /// What it printed for people.
    pub(crate) welcome: String,
    log: NamedTempFile,
}

impl Serving {
    /// Starts it, and waits until its log says that it is ready.
    pub(crate) fn of(command: &mut Command) -> Self {
        let (out, log) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(out.reopen().unwrap())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        until("the server to be ready", || {
            let said = fs::read_to_string(&log).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "{said}");
            (said.contains("ready") && said.contains("address")).then_some(())
        });
        let welcome = fs::read_to_string(&out).unwrap();
        let at = welcome.find("listens on ").unwrap() + "listens on ".len();
        let address = welcome[at..].lines().next().unwrap().to_owned();
        Self {
            child,
            address,
            welcome,
            log,
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end. Gives its exit code and its log.
    pub(crate) fn end(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, fs::read_to_string(&self.log).unwrap())
    }

    pub(crate) fn end_after(self, signal: Signal) -> (i32, String) {
        self.signal(signal);
        self.end()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until it is so.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(20));
    }
}
