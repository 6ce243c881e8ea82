//! Puts a server together, runs it, and takes it apart again.
//!
//! Everything is ready before the first connection is accepted: the store is open, the keys are loaded, the rules run.

mod accept;
mod bootstrap;
mod connection;
mod installation;
mod listener;
mod prepare;
mod self_signed;
mod start_error;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

pub use bootstrap::{BootstrapError, Demo, FirstStart};
pub use installation::{Opened, open_installation};
pub use prepare::{Parts, check};
pub use self_signed::SelfSignedError;
pub use start_error::StartError;
pub use tls::{TlsError, TlsPlace};

use crate::config::{Config, Issuer};
use crate::data_dir::Claim;
use crate::http::App;
use crate::issue::TokenIssuer;
use crate::live::LiveHandle;
use crate::registry::{Registrar, Registry};
use crate::reload::{Report, Trigger};
use crate::shutdown::Shutdown;
use crate::store::Store;
use crate::telemetry::trace::Tracer;
use accept::Acceptor;

/// A server that is ready to accept connections.
pub struct Server {
    config: Config,
    acceptor: Acceptor,
    app: Arc<App>,
    live: Arc<LiveHandle>,
    registrar: Registrar,
    store: Store,
    report: Arc<ArcSwap<Report>>,
    triggers: UnboundedSender<Trigger>,
    first_start: Option<FirstStart>,
    stopping: Arc<AtomicBool>,
    tasks: Tasks,
    _claim: Claim,
}

/// The tasks of a server, in the order they end.
#[derive(Default)]
struct Tasks {
    /// Those that serve connections.
    connections: Shutdown,
    /// Those that keep the state up to date.
    upkeep: Shutdown,
    /// The ledger's writer, which ends when nobody issues tokens any more.
    ledger: Shutdown,
}

/// Tells a server to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Let load balancers notice first.
    Gently,
    /// Accept nothing more from now on.
    Now,
}

impl Server {
    /// Prepares a server: after this it only needs to be run.
    ///
    /// # Errors
    /// When anything it needs is not to be had, or a rule that must run cannot.
    pub async fn start(config: Config, parts: Parts) -> Result<Self, StartError> {
        prepare::server(config, parts).await
    }

    /// The issuer, which tells where it listens unless the configuration says otherwise.
    pub fn issuer(&self) -> Issuer {
        self.live.load().issuer.clone()
    }

    /// What issues the tokens, for callers in the same process: the endpoint calls nothing else.
    pub fn token_issuer(&self) -> Arc<TokenIssuer> {
        Arc::clone(&self.app.issuer)
    }

    /// Where it listens, as a URL or a socket path.
    pub fn address(&self) -> String {
        match self.acceptor.listeners.plain.address() {
            Ok(Some(address)) => format!("http://{address}"),
            _ => self.config.listen.to_string(),
        }
    }

    /// Where it listens with TLS, if it does.
    pub fn tls(&self) -> Option<&TlsPlace> {
        let secured = self.acceptor.listeners.secured.as_ref();
        secured.map(|secured| &secured.place)
    }

    /// The administrator, if this start made it.
    pub fn first_start(&self) -> Option<&FirstStart> {
        self.first_start.as_ref()
    }

    /// How the rules stand.
    pub fn rules(&self) -> Arc<Report> {
        self.report.load_full()
    }

    /// Makes it look at the rules directory again.
    pub fn reloader(&self) -> UnboundedSender<Trigger> {
        self.triggers.clone()
    }

    /// Makes an API, a client and a grant to try things with.
    ///
    /// # Errors
    /// When they cannot be stored.
    pub async fn demo(&self) -> Result<Demo, BootstrapError> {
        let demo = bootstrap::demo(&self.registrar).await?;
        // In force before anybody can paste the command that is printed next.
        let registry = Registry::load(&self.store).await?;
        self.live.change(|live| live.registry = registry);
        Ok(demo)
    }

    /// Changes clients, APIs and grants.
    pub fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    /// Serves until `stop` resolves, and then drains: what is under way is finished, the ledger is written, the store
    /// is closed.
    pub async fn run(self, stop: impl Future<Output = Stop>) {
        let token = self.tasks.connections.token();
        let accepting = self
            .acceptor
            .run(self.tasks.connections.clone(), token.clone());
        tokio::pin!(accepting);
        let how = tokio::select! {
            how = stop => how,
            _ = &mut accepting => Stop::Now,
        };
        self.stopping.store(true, Ordering::Release);
        if how == Stop::Gently {
            info!(
                delay_ms = self.config.shutdown.delay_ms,
                "stopping: not ready any more"
            );
            let delay = Duration::from_millis(self.config.shutdown.delay_ms);
            tokio::select! {
                () = sleep(delay) => {}
                _ = &mut accepting => {}
            }
        }
        token.cancel();
        accepting.await;
        let until = Instant::now() + Duration::from_millis(self.config.shutdown.timeout_ms);
        if timeout_at(until, self.tasks.connections.finish())
            .await
            .is_err()
        {
            warn!(
                timeout_ms = self.config.shutdown.timeout_ms,
                "requests still under way are cut off"
            );
        }
        self.tasks.upkeep.finish().await;
        self.tasks.ledger.finish().await;
        self.store.close().await;
        if let Some(tracer) = self.app.tracer.clone() {
            send_spans(tracer, until).await;
        }
        info!("stopped");
    }
}

/// Gives the spans that wait what is left of the time to stop, but no more than is decent.
async fn send_spans(tracer: Arc<Tracer>, until: Instant) {
    let left = until.saturating_duration_since(Instant::now());
    let stop = move || tracer.stop(left.min(SPANS_TIMEOUT));
    // It blocks: others go on in the meantime.
    let _ = tokio::task::spawn_blocking(stop).await;
}

/// How long a collector that does not answer may hold up the end.
const SPANS_TIMEOUT: Duration = Duration::from_secs(5);
