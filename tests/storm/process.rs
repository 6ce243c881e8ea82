//! The real program, as it is started by hand.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Client;
use serde_json::Value;

/// A server. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    address: String,
    form: Vec<(String, String)>,
    http: Client,
}

/// What a process uses.
#[derive(Debug)]
pub(crate) struct Usage {
    pub(crate) resident_kib: u64,
    pub(crate) descriptors: usize,
}

impl Process {
    pub(crate) async fn start(directory: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rulemint"))
            .args([
                "serve",
                "--demo",
                "--listen",
                "127.0.0.1:0",
                "--ledger",
                "off",
                "--log-level",
                "error",
            ])
            .current_dir(directory)
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let line = lines.find(|line| line.starts_with("curl ")).unwrap();
        // Nobody reads on: what the server prints later goes nowhere.
        let mut words = line.split_whitespace();
        let url = words.find(|word| word.starts_with("http://")).unwrap();
        let address = url.trim_end_matches("/oauth/token").to_owned();
        let pair = |word: &str| {
            word.split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let form = words.filter_map(pair).collect();
        let http = Client::builder().no_proxy().build().unwrap();
        Self {
            child,
            address,
            form,
            http,
        }
    }

    /// Gets a token, and gives what its claim `version` says.
    pub(crate) async fn token_version(&self) -> Result<String, reqwest::Error> {
        let url = format!("{}/oauth/token", self.address);
        let answer = self
            .http
            .post(url)
            .form(&self.form)
            .send()
            .await?
            .error_for_status()?;
        let answer: Value = answer.json().await?;
        let token = answer["access_token"].as_str().unwrap();
        let payload = URL_SAFE_NO_PAD
            .decode(token.split('.').nth(1).unwrap())
            .unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        Ok(claims["version"].as_str().unwrap_or("none").to_owned())
    }

    pub(crate) fn usage(&self) -> Usage {
        let process = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let resident = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        Usage {
            resident_kib: resident.split_whitespace().nth(1).unwrap().parse().unwrap(),
            descriptors: fs::read_dir(format!("{process}/fd")).unwrap().count(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
