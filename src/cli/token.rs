//! `rulemint token`

mod assertion;
mod explain;
mod get;
mod inspect;
mod jwt;
mod known;
mod revoked;
mod server;

use clap::Subcommand;

use super::Context;
pub(super) use jwt::read_token;
pub(super) use known::Known;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    Get(get::Get),
    Inspect(inspect::Inspect),
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
