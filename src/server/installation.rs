//! The parts of an installation that its commands need too.

use std::sync::Arc;

use super::start_error::StartError;
use crate::data_dir::DataDir;
use crate::master_key::MasterKey;
use crate::random::Random;
use crate::store::Store;

/// An installation's key and store.
pub struct Opened {
    /// The master key.
    pub master: Arc<MasterKey>,
    /// The store, its tables up to date.
    pub store: Store,
}

/// Opens the master key and the store of a data directory, or makes them. Safe beside a running server, and beside
/// another process that does the same.
///
/// # Errors
/// When they cannot be used.
pub async fn open_installation(data: &DataDir, random: &dyn Random) -> Result<Opened, StartError> {
    let _alone = data.set_up_alone()?;
    data.settle()?;
    let master = Arc::new(MasterKey::load_or_create(data.path(), random)?);
    let store = Store::open(&data.store()).await?;
    Ok(Opened { master, store })
}
