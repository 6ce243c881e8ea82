//! What a manifest grants a rule beyond the request: secrets, and HTTP to named hosts. Both are made ready when the rule is
//! loaded, off to the side.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::configuration::{Configuration, Shared};
use super::outbound::{Outbound, Resolver, SystemResolver};
use super::secret::{self, Fingerprint, Secrets};
use super::{Form, LoadError, Manifest, Surroundings};
use crate::config::Environment;

/// What manifests can refer to, outside of the rules directory.
#[derive(Clone)]
pub struct Outside {
    /// Where secrets may be.
    pub environment: Environment,
    /// Finds hosts by their names.
    pub resolver: Arc<dyn Resolver>,
    /// What all scripts share.
    pub configuration: Arc<Configuration>,
}

impl Outside {
    /// What there is on this machine, with these variables.
    pub fn of_system(environment: Environment) -> Self {
        Self {
            environment,
            resolver: Arc::new(SystemResolver::default()),
            configuration: Arc::default(),
        }
    }
}

/// What one rule was granted.
pub(super) struct Capabilities {
    pub(super) secrets: Arc<Secrets>,
    /// There where the manifest has an `[http]` table.
    pub(super) outbound: Option<Arc<Outbound>>,
}

impl Capabilities {
    /// Makes ready what a manifest grants.
    ///
    /// # Errors
    /// What cannot be had.
    pub(super) async fn new(
        name: &str,
        (manifest, shared): (&Manifest, Shared),
        surroundings: &Arc<Surroundings>,
    ) -> Result<Self, LoadError> {
        if manifest.secrets.is_empty() && manifest.http.is_none() && shared.is_empty() {
            return Ok(Self {
                secrets: Arc::default(),
                outbound: None,
            });
        }
        let (name, manifest) = (name.to_owned(), manifest.clone());
        let surroundings = Arc::clone(surroundings);
        let work = move || Self::read(&name, (&manifest, shared), &surroundings);
        spawn_blocking(work)
            .await
            .unwrap_or_else(|problem| Err(LoadError::Secret(problem.to_string())))
    }

    fn read(
        name: &str,
        (manifest, shared): (&Manifest, Shared),
        surroundings: &Surroundings,
    ) -> Result<Self, LoadError> {
        let outside = &surroundings.outside;
        let secrets = secret::read_all(&manifest.secrets, &outside.environment);
        let secrets = Arc::new(secrets.map_err(LoadError::Secret)?.and(shared));
        let metrics = || surroundings.metrics.for_http(name, &Outbound::endings());
        let outbound = manifest.http.as_ref().map(|allowed| {
            let means = (Arc::clone(&outside.resolver), metrics());
            Outbound::new(allowed, &manifest.secrets, &secrets, means)
        });
        let outbound = outbound.transpose().map_err(LoadError::Http)?;
        Ok(Self {
            outbound: outbound.map(Arc::new),
            secrets,
        })
    }
}

impl Surroundings {
    /// What a rule gets of what all of its form share.
    pub(super) fn shared_with(&self, form: Form, manifest: &Manifest) -> Shared {
        let is_own = |name: &str| manifest.names(name);
        self.outside.configuration.shared_with(form, is_own)
    }

    /// Takes the fingerprint of what a rule's manifest refers to, and of what its form shares. Blocks.
    pub(super) fn fingerprint(&self, form: Form, manifest: Option<&str>) -> Fingerprint {
        let print = |text| secret::fingerprint(text, &self.outside.environment, &self.fingerprints);
        let own = manifest.map(print).unwrap_or_default();
        let shared = self.outside.configuration.all_for(form);
        own.and(&shared, &self.fingerprints)
    }
}
