//! `rulemint completions`

use std::io::{ErrorKind, Write};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::Cli;

/// Print a completion script for a shell: put it where your shell looks for them.
#[derive(Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "rulemint", &mut script);
        // The generator panics where it cannot write; a reader that has seen enough is no reason to.
        match std::io::stdout().write_all(&script) {
            Err(problem) if problem.kind() != ErrorKind::BrokenPipe => Err(problem.into()),
            _ => Ok(()),
        }
    }
}
