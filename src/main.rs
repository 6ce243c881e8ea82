//! The `rulemint` command. Everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    rulemint::cli::run(std::env::args_os())
}
