//! Looks names up: once for each request, here and nowhere else. What comes out is checked and connected to, so a name
//! that means something else a moment later leads nowhere else.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Turns a name into addresses. A test can give its own.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// Every address of a name, in the order of preference.
    ///
    /// # Errors
    /// When it has none, or nobody answers.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system, with its hosts file and search list.
pub struct SystemResolver {
    /// The system's resolver cannot be interrupted: a name server that is silent must not use up every thread.
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            lookups: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)),
        }
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let turn = Arc::clone(&self.lookups).acquire_owned().await;
        let name = name.to_owned();
        let lookup = move || {
            let _turn = turn; // Until it is over, whether or not anybody still waits for it.
            let found = (name.as_str(), 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        };
        spawn_blocking(lookup).await.map_err(io::Error::other)?
    }
}

const LOOKUPS_AT_ONCE: usize = 32;
