//! rulemint issues signed access tokens over local HTTP, after the user's own sandboxed WebAssembly rules had their say
//! about the claims.
//!
//! # A token's way through the house
//!
//! ```text
//! http::token ─► TokenRequest
//!   client::Authenticator ─► AuthenticatedClient   who asks
//!   grant::resolve        ─► Grant                 what they may have
//!   rule::run             ─► ApprovedClaims        what the rules make of it
//!   StatusLists::enroll   ─► Enrolled              with its place on a status list, if its API has one
//!   sign::sign            ─► SignedToken           not to be shown yet
//!   ledger::Ledger        ─► IssuedToken           what an answer may hold
//! ```
//!
//! Each step takes what the one before yields and nobody else can make, so leaving one out does not compile. [`issue`]
//! is this picture in code.
//!
//! # The map
//!
//! From the top down; a module only ever uses those below it (`tests/tidy.rs` sees to that).
//!
//! - [`cli`]: the commands, a file for each. Each calls one function of the library and prints what came of it.
//! - [`declared`]: `apply` and `export`: clients, APIs, grants and rules as files, in the formats of Auth0's deploy tool.
//! - [`server`]: puts a server together, accepts connections, plain and over TLS, drains and stops.
//! - [`workbench`]: what whoever writes rules works with: scaffold, check, try, measure, compare, build, deploy.
//! - [`http`]: every route on one screen: tokens, introspection, `/verify`, giving back, keys, what is revoked, status lists,
//!   health; where an error becomes a status.
//! - [`manage`]: the management API: in Auth0's shapes, what Auth0 never had (`manage/v1.rs`), and the description of both.
//! - [`follow`]: takes in what other processes changed in the store.
//! - [`issue`]: the spine.
//! - [`reload`]: keeps the live rules equal to the rules directory: watches, looks, swaps, reports, rolls back.
//! - [`verification`]: says whether a token is good at this moment.
//! - [`live`]: what is in force at this moment, replaced whole.
//! - [`ledger`]: remembers each token, and which rules did what to it: `token explain`.
//! - [`backup`]: copies a running installation, says whether one is sound, puts a copy back.
//! - [`sign`]: makes a JWT of approved claims, and checks one.
//! - [`status_list`]: lists that say of tokens whether they are revoked, for whoever checks offline.
//! - [`rules_dir`]: the files of rules, read and written; scripts as Auth0's Rules among them.
//! - [`rule`]: the sandbox, the contract with rules, scripts, and what a rule may do. The only place that knows wasmtime.
//! - [`grant`]: what a client may have: API, scopes, lifetime, claims so far. A grant type is a file in it.
//! - [`client`]: who is asking, and how often they may guess.
//! - [`revocation`]: takes tokens away again: single ones and cut-offs, in memory, how that changes, and the feed of it.
//! - [`registry`]: clients, APIs and client grants, in memory and as they are changed; secrets; what all scripts share.
//! - [`request`]: a token request.
//! - [`quota`]: how many tokens a client may have, and how many it has had.
//! - [`claims`]: a token's claims, and scopes.
//! - [`keys`]: signing keys, parsed once, and how they are made and rotated; the public keys of clients.
//! - [`store`]: rows in SQLite, and the change log. The only place that knows SQL.
//! - [`audit`]: who changes what, as every write to the store says it.
//! - [`data_dir`]: the directory of an installation.
//! - [`master_key`]: the key that seals the others.
//! - [`telemetry`]: log lines, metrics and traces.
//! - [`config`]: settings from file, environment and flags.
//! - [`document`]: reads TOML and JSON against a schema, and names every mistake.
//! - [`clock`], [`random`], [`shutdown`]: time, chance and tasks, which a test can take into its own hands.
//!   [`trust`]: certificates that are trusted.
//!
//! Beside `src`: `wit` has the contract, `rules` the shipped rule and examples, `javascript` the engine that scripts run in,
//! `migrations` the tables.
//!
//! # Where to add things
//!
//! A command: a file in [`cli`]. A setting: a field in [`config`]. A grant type: a module in [`grant`]. A getter for rules:
//! `wit/rule.wit` and `rule/host.rs`. A way to write rules, or a major of the contract: `rule/lane.rs`. A route: `http.rs`, or
//! `manage.rs`. A metric: [`telemetry`]. A table: `migrations/` and a module in [`store`].

pub mod cli;

pub mod declared;

pub mod server;
pub mod workbench;

pub mod http;

pub mod manage;

pub mod follow;

pub mod issue;
pub mod reload;
pub mod verification;

pub mod live;

pub mod ledger;

pub mod backup;

pub mod sign;

pub mod status_list;

pub mod rules_dir;

pub mod rule;

pub mod grant;

pub mod client;

pub mod revocation;

pub mod registry;
pub mod request;

pub mod quota;

pub mod claims;
pub mod keys;

pub mod store;

pub mod audit;

pub mod data_dir;
pub mod master_key;
pub mod telemetry;

pub mod config;

pub mod document;

pub mod clock;
pub mod random;
pub mod shutdown;
pub mod trust;
