//! rulemint as its users see it: a real server on a real socket with a real store, run through its own interfaces.
//!
//! One file for each part of what it does. [`harness`] starts servers and makes rules for them; only the time is its own.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "a test that cannot go on, or meets what it did not expect, says so by panicking; it may wait and spawn"
)]

mod audit;
mod capabilities;
mod chosen_secrets;
mod client_assertions;
mod commands;
mod connections;
mod discovery;
mod following;
mod forward_auth;
mod giving_back;
mod guard;
mod harness;
mod health;
mod introspection;
mod kept;
mod kept_tokens;
mod ledger;
mod management;
mod registry;
mod reload;
mod revocation;
mod rogue_rules;
mod rule_chain;
mod scripts;
mod shutdown;
mod status_lists;
mod telemetry;
mod tls;
mod token_attacks;
mod token_endpoint;
mod verification;
