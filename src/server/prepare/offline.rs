//! What APIs that check offline are answered from.

use std::sync::Arc;

use super::super::{StartError, Tasks};
use super::Base;
use crate::config::LedgerMode;
use crate::http::Following;
use crate::revocation::Feed;
use crate::status_list::{self, StatusLists};

/// The list of revocations and the status lists, ready.
pub(super) struct Offline {
    pub(super) feed: Arc<Feed>,
    pub(super) following: Following,
    pub(super) status_lists: Arc<StatusLists>,
}

impl Base {
    /// Makes them ready, and keeps them so from now on. What is revoked is in memory already.
    pub(super) async fn offline(&self, tasks: &Tasks) -> Result<Offline, StartError> {
        let feed = Arc::new(Feed::load(self.store.clone()).await?);
        Ok(Offline {
            following: Following::new(Arc::clone(&feed), tasks.connections.token()),
            feed,
            status_lists: self.status_lists(tasks).await?,
        })
    }

    async fn status_lists(&self, tasks: &Tasks) -> Result<Arc<StatusLists>, StartError> {
        let live = self.live.load();
        let (lists, keeper) = StatusLists::load(status_list::Parts {
            store: self.store.clone(),
            revocations: Arc::clone(&live.revocations),
            issuer: live.issuer.shared(),
            has_ledger: self.config.ledger.mode != LedgerMode::Off,
            ttl: self.config.status_lists.ttl_seconds,
            clock: Arc::clone(&self.parts.clock),
            random: Arc::clone(&self.parts.random),
        })
        .await?;
        lists.check_ledger(&live.registry)?;
        lists.prepare(&live.registry).await?;
        let live = Arc::clone(&self.live);
        let keeping = keeper.run(move || live.load().registry.clone(), tasks.upkeep.token());
        tasks.upkeep.spawn(keeping);
        Ok(lists)
    }
}
