//! `rulemint token`

mod explain;
mod get;
mod inspect;
mod jwt;
mod server;

use clap::Subcommand;

use super::Context;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Ask a running server for a token.
    Get(get::Get),
    /// Decode a token and check it the way an API would.
    Inspect(inspect::Inspect),
    /// Tell how a token came to be: who asked, which rules ran, what each changed.
    Explain(explain::Explain),
}

impl TokenCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        match self {
            Self::Get(get) => get.run(context),
            Self::Inspect(inspect) => inspect.run(context).await,
            Self::Explain(explain) => explain.run(context).await,
        }
    }
}
