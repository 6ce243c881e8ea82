//! TLS: where to listen with it, and with which certificate.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// TLS.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Where to listen with TLS, beside `listen`: `ADDRESS:PORT`. Nothing listens there unless there is a certificate.
    /// Port 0 takes a free one and prints it.
    #[schemars(with = "String", extend("format" = "tls-listen"))]
    pub listen: SocketAddr,
    /// The certificate, and those between it and its authority behind it: a PEM file. It is read again when it changes.
    pub cert: Option<PathBuf>,
    /// The certificate's private key: a PEM file. It is read again when it changes.
    pub key: Option<PathBuf>,
    /// Make a certificate for this machine, the issuer and `allowed_hosts`, sign it with its own key, and keep both in
    /// the data directory: for a laptop. Clients have to be told to trust it.
    pub self_signed: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT),
            cert: None,
            key: None,
            self_signed: false,
        }
    }
}

pub(super) fn check_listen(text: &str) -> Result<(), String> {
    match text.parse::<SocketAddr>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "{text:?} is no address; write ADDRESS:PORT such as 127.0.0.1:{DEFAULT_PORT}"
        )),
    }
}

const DEFAULT_PORT: u16 = 6443;
