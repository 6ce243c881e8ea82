//! `rulemint token`

mod explain;
mod get;
mod inspect;
mod jwt;

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

/// A client that hands back error answers instead of hiding them.
fn http_client() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}

/// Where `rulemint serve` listens by default.
const DEFAULT_SERVER: &str = "http://127.0.0.1:6468";
