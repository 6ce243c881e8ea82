//! Starts servers and makes rules for them.

#[path = "../shared/assemble.rs"]
mod assemble;
mod clock;
mod guests;
mod lines;
#[path = "../shared/program.rs"]
mod program;
mod questions;
pub(crate) mod raw;
mod scripts;
mod server;
mod signer;
#[path = "../shared/status_list.rs"]
mod status_list;
mod tls;
mod tokens;
mod until;
mod upstream;

pub(crate) use assemble::{from_text, rule_that_sets, typed};
pub(crate) use clock::HandClock;
pub(crate) use guests::{
    Change, assembled, bomb, core_module, fetcher, jti_rule, many_imports, mirror,
};
pub(crate) use lines::Lines;
pub(crate) use program::Program;
pub(crate) use questions::{a_test, revocation};
pub(crate) use scripts::running_script;
pub(crate) use server::{AUDIENCE, CLIENT, SECRET, Setup, TestServer};
pub(crate) use signer::{ASSERTION_TYPE, Signer};
pub(crate) use status_list::{bits_in, is_set, place_in};
pub(crate) use tls::tls_acceptor;
pub(crate) use tokens::{Answer, claims, header};
pub(crate) use until::{until, until_ok};
pub(crate) use upstream::{Names, Upstream};
