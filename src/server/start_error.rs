//! Why a server does not start.

use std::io;

use super::bootstrap::BootstrapError;
use super::tls::TlsError;
use crate::config::Listen;
use crate::data_dir::DataDirError;
use crate::keys::KeyRingError;
use crate::master_key::MasterKeyError;
use crate::reload;
use crate::rule::EngineError;
use crate::status_list::StatusListError;
use crate::store::StoreError;
use crate::trust::TrustError;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Others could reach it and read along.
    #[error(
        "listen on {0}: other machines can reach it, and without TLS they can read secrets and tokens; \
         listen on 127.0.0.1 and with TLS beyond it (--tls-listen), or set allow_plain_http = true \
         (--allow-plain-http) if a proxy adds TLS"
    )]
    Exposed(Listen),
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// The WebAssembly engine does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The rules cannot run.
    #[error(transparent)]
    Rules(#[from] reload::StartError),
    /// The status lists cannot be made ready.
    #[error(transparent)]
    StatusLists(#[from] StatusListError),
    /// The address cannot be listened on.
    #[error("listen on {listen}")]
    Listen {
        /// The address.
        listen: Listen,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no certificate, or its address cannot be listened on.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nothing can be trusted that shows a collector's certificate to be its own.
    #[error("send traces to an https collector (telemetry.traces)")]
    Traces(#[from] TrustError),
    /// The first start could not make what it must.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
}
