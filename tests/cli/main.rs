//! The `rulemint` command as a stranger uses it: the real program, in a directory of its own, with a clean environment.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so by panicking, and waits by the machine's clock"
)]

mod administration;
#[path = "../shared/assemble.rs"]
mod assemble;
mod audit;
mod backup;
mod checking;
mod clients_with_secrets;
mod configuration;
mod credentials;
mod declared;
mod help;
mod incident;
mod place;
#[path = "../shared/program.rs"]
mod program;
mod projects;
mod revoke;
mod rules;
mod scripts;
mod serving;
mod tokens;
mod workbench;
