//! `rulemint completions`

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
        generate(
            self.shell,
            &mut Cli::command(),
            "rulemint",
            &mut std::io::stdout(),
        );
        Ok(())
    }
}
