//! Starts servers and makes rules for them.

mod clock;
mod guests;
mod server;
mod tokens;
mod until;

pub(crate) use clock::HandClock;
pub(crate) use guests::{
    Change, assembled, bomb, from_text, jti_rule, many_imports, mirror, rule_that_sets, typed,
};
pub(crate) use server::{AUDIENCE, CLIENT, SECRET, Setup, TestServer};
pub(crate) use tokens::{Answer, claims, header};
pub(crate) use until::{until, until_ok};
