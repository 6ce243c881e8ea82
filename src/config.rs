//! The configuration: every key, its default and its reason.
//!
//! A value comes from the first of these that has one: a flag, an environment variable, the file, the default. The
//! variable of a key is its path in capitals behind `RULEMINT_`, with `_` for each dot: `rules.dir` is
//! `RULEMINT_RULES_DIR`. Some keys have a variable of OpenTelemetry behind that. `docs/configuration.md` is generated from this file.

mod client_assertions;
mod listen;
mod reference;
mod source;
mod telemetry;
mod tls;
mod verification;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};

pub use client_assertions::ClientAssertions;
pub use listen::{Issuer, Listen, TOKEN_PATH};
pub use reference::reference;
pub use source::{Effective, Environment, Flag, Loaded, load};
pub use telemetry::{Telemetry, Traces};
pub use tls::Tls;
pub use verification::Verification;

use crate::document::Format;

/// All of it. Unknown keys are mistakes.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `ADDRESS:PORT`, or `unix:PATH`. Port 0 takes a free one and prints it.
    #[schemars(with = "String", extend("format" = "listen"))]
    pub listen: Listen,
    /// The issuer identifier that tokens carry as `iss`: an https URL, or an http one on this machine. Where it is not
    /// set it is `https://` and the address listened on with TLS; without TLS, `http://` and the address listened on.
    #[schemars(with = "Option<String>", extend("format" = "issuer"))]
    pub issuer: Option<Issuer>,
    /// The directory of the store, the keys and what rules leave behind. Made, for the owner alone, where it is missing.
    pub data_dir: PathBuf,
    /// Names that a request may give as its Host, besides those of this machine and the issuer's. A request with any
    /// other is refused, which keeps a web page in a browser on this machine away (DNS rebinding).
    pub allowed_hosts: Vec<String>,
    /// Listen without TLS on an address that other machines can reach. Secrets and tokens then travel in the clear.
    pub allow_plain_http: bool,
    /// TLS.
    pub tls: Tls,
    /// The first administrator.
    pub admin: Admin,
    /// The rules directory.
    pub rules: Rules,
    /// The record of issued tokens.
    pub ledger: Ledger,
    /// Lists that say which tokens are revoked.
    pub status_lists: StatusLists,
    /// What the server takes on at once.
    pub limits: Limits,
    /// Verifying tokens.
    pub verification: Verification,
    /// Clients that prove themselves by a signature (`private_key_jwt`).
    pub client_assertions: ClientAssertions,
    /// Logging.
    pub log: Log,
    /// Traces.
    pub telemetry: Telemetry,
    /// How the server stops.
    pub shutdown: Shutdown,
}

/// The administrator client, made at the first start.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// The administrator's client id, instead of a made-up one.
    pub client_id: Option<String>,
    /// The administrator's secret, instead of a generated one that is shown once: 32 or more characters.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", extend("format" = "long-secret"))]
    pub client_secret: Option<SecretString>,
}

/// Where rules come from.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// The directory whose files are the rules. It may be made later.
    pub dir: PathBuf,
    /// How changes are noticed: `auto` uses the operating system's events where there are any, `poll` looks every few
    /// seconds, `off` looks only when told to (SIGHUP, `rulemint rule reload`).
    pub watch: Watch,
    /// A change is acted on when the directory has been quiet for this long, in milliseconds.
    #[schemars(range(min = 1, max = 10_000))]
    pub debounce_ms: u64,
    /// The directory is read again after this many seconds even if no event said so.
    #[schemars(range(min = 1, max = 3_600))]
    pub rescan_seconds: u64,
    /// Names of rules (file names without ending) that must run: without one of them the server does not start.
    pub required: Vec<String>,
    /// Start although rules that were live last are not in this directory, which is another one than theirs: they end.
    /// For one start, after which the directory is the one that counts.
    pub accept_fewer: bool,
    /// How many generations of the rule chain can be rolled back to.
    #[schemars(range(min = 1, max = 1_000))]
    pub generations_kept: u32,
}

/// How changes in the rules directory are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Watch {
    /// Events, or polling where there are none.
    Auto,
    /// Polling.
    Poll,
    /// Neither.
    Off,
}

/// The ledger.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// `async` writes in groups a moment after the answer, `sync` answers only when the token is on record, `off` keeps
    /// no record.
    pub mode: LedgerMode,
    /// A record is forgotten this many days after its token expired.
    #[schemars(range(min = 0, max = 3_650))]
    pub keep_days: u32,
}

/// When a token is written to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LedgerMode {
    /// Never.
    Off,
    /// Soon after the answer.
    Async,
    /// Before the answer.
    Sync,
}

/// The status lists of APIs that have the setting.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StatusLists {
    /// How long whoever fetched a list may keep it, in seconds: as long can a revoked token be taken for good.
    #[schemars(range(min = 1, max = 86_400))]
    pub ttl_seconds: u32,
}

/// What the server takes on at once.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections open at the same time; further ones wait to be accepted.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections: usize,
    /// Calls of the management API that each client may make in a second.
    #[schemars(with = "u32", range(min = 1, max = 1_000_000))]
    pub management_requests_per_second: NonZeroU32,
    /// Revocations in force at the same time, at some 50 bytes of memory each; one more is refused.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub revocations: usize,
}

/// Logging.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `auto` writes for people on a terminal and JSON elsewhere.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, for all or by module: `info,rulemint::reload=debug`.
    #[schemars(extend("format" = "log-level"))]
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// By where it goes.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// How the server stops at SIGTERM.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// How long it goes on accepting, in milliseconds, while `/readyz` already says no: time for a load balancer to see.
    #[schemars(range(max = 600_000))]
    pub delay_ms: u64,
    /// How long requests under way may still take after that, in milliseconds.
    #[schemars(range(max = 3_600_000))]
    pub timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            issuer: None,
            data_dir: Path::new(".rulemint").to_owned(),
            allowed_hosts: Vec::new(),
            allow_plain_http: false,
            tls: Tls::default(),
            admin: Admin::default(),
            rules: Rules::default(),
            ledger: Ledger::default(),
            status_lists: StatusLists::default(),
            limits: Limits::default(),
            verification: Verification::default(),
            client_assertions: ClientAssertions::default(),
            log: Log::default(),
            telemetry: Telemetry::default(),
            shutdown: Shutdown::default(),
        }
    }
}

impl Rules {
    /// The directory's whole path, by which generations remember where they came from.
    pub fn whole_dir(&self) -> PathBuf {
        std::path::absolute(&self.dir).unwrap_or_else(|_| self.dir.clone())
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            dir: Path::new("rules").to_owned(),
            watch: Watch::Auto,
            debounce_ms: 40,
            rescan_seconds: 30,
            required: Vec::new(),
            accept_fewer: false,
            generations_kept: 10,
        }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            mode: LedgerMode::Async,
            keep_days: 30,
        }
    }
}

impl Default for StatusLists {
    fn default() -> Self {
        Self { ttl_seconds: 60 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            management_requests_per_second: const { NonZeroU32::new(100).expect("100 is not 0") },
            revocations: 2_000_000,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Auto,
            level: "info".to_owned(),
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            delay_ms: 2_000,
            timeout_ms: 30_000,
        }
    }
}

fn check_level(text: &str) -> Result<(), String> {
    let is_level = |word: &str| word.contains('=') || word.parse::<LevelFilter>().is_ok();
    if text.parse::<Targets>().is_ok() && text.split(',').all(is_level) {
        return Ok(());
    }
    Err(format!(
        "{text:?} is no level; write error, warn, info, debug or trace, or info,MODULE=debug"
    ))
}

/// What a right value looks like, for the strings that are more than text.
pub(crate) const FORMATS: &[Format] = &[
    ("listen", |text| text.parse::<Listen>().map(drop)),
    ("issuer", |text| text.parse::<Issuer>().map(drop)),
    ("tls-listen", tls::check_listen),
    ("log-level", check_level),
    ("otlp-endpoint", telemetry::check_endpoint),
    ("otlp-headers", telemetry::check_headers),
    ("long-secret", |text| match text.len() {
        0..32 => Err(
            "is too short: use 32 or more random characters, such as those of \
                      `openssl rand -hex 32`"
                .to_owned(),
        ),
        _ => Ok(()),
    }),
];
