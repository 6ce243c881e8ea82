//! rulemint as its users see it: a real server on a real socket with a real store, run through its own interfaces.
//!
//! One file for each part of what it does. [`harness`] starts servers and makes rules for them; only the time is its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod harness;
mod ledger;
mod reload;
mod rogue_rules;
mod rule_chain;
