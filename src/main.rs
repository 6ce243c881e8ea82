//! The `rulemint` command. Everything it does is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A token costs some sixty short-lived allocations, and a rule call as many again.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    rulemint::cli::run(std::env::args_os())
}
