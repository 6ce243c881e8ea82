//! What tokens are checked with: keys and issuer, and where their revocations are.

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::super::access::Access;
use super::server::Server;
use crate::config::{Config, Issuer};
use crate::keys::KeyRing;
use crate::sign::Verification;
use crate::store::Store;

/// What tokens are checked with.
pub(in crate::cli) struct Known {
    pub(super) jwks: String,
    pub(super) issuer: Option<String>,
    /// Where its revocations are, if that is here.
    pub(super) store: Option<Store>,
}

impl Known {
    /// The keys in the store, whether or not a server runs. The issuer that the server last had stands in the name of its
    /// management API.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(in crate::cli) async fn of_installation(
        access: &Access,
        config: &Config,
    ) -> anyhow::Result<Self> {
        let keys = KeyRing::load(&access.store, &access.master).await?;
        let configured = config.issuer.as_ref().map(ToString::to_string);
        let issuer = match configured {
            Some(issuer) => Some(issuer),
            None => last_issuer(access).await?,
        };
        Ok(Self {
            jwks: keys.jwks().to_string(),
            issuer,
            store: Some(access.store.clone()),
        })
    }

    /// What a server publishes.
    pub(super) fn of_server(server: &Server) -> anyhow::Result<Self> {
        let metadata = fetch(server, "/.well-known/oauth-authorization-server")?;
        let metadata: Value =
            serde_json::from_str(&metadata).context("read the server's metadata")?;
        Ok(Self {
            jwks: fetch(server, "/.well-known/jwks.json")?,
            issuer: metadata["issuer"].as_str().map(str::to_owned),
            store: None,
        })
    }

    /// What is expected of a token for this API, or for whichever.
    pub(in crate::cli) fn expected<'k>(&'k self, audience: Option<&'k str>) -> Verification<'k> {
        Verification {
            jwks: &self.jwks,
            issuer: self.issuer.as_deref(),
            audience,
        }
    }
}

async fn last_issuer(access: &Access) -> anyhow::Result<Option<String>> {
    let apis = access.store.apis().await?;
    let management = apis.iter().find(|api| api.is_system);
    Ok(management.and_then(|api| Issuer::of_management_audience(&api.identifier)))
}

fn fetch(server: &Server, path: &str) -> anyhow::Result<String> {
    let url = server.url(path);
    let response = server.agent().get(&url).call();
    let mut response = response.map_err(|problem| server.silence(problem))?;
    if !response.status().is_success() {
        bail!("{url} answers {}", response.status());
    }
    response
        .body_mut()
        .read_to_string()
        .with_context(|| format!("read {url}"))
}
