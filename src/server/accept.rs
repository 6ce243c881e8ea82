//! Accepts connections and serves them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower_service::Service;
use tracing::{debug, warn};

use super::connection::{Watch, Watched};
use super::listener::{Listener, Stream};
use crate::clock::Clock;
use crate::http::HostGuard;
use crate::shutdown::Shutdown;
use crate::telemetry::metrics::Metrics;

/// Everything that serving a connection needs.
pub(super) struct Acceptor {
    pub(super) listener: Listener,
    pub(super) site: Arc<Site>,
    pub(super) connections_max: usize,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Metrics,
}

/// What is served, and to whom.
pub(super) struct Site {
    pub(super) router: Router,
    pub(super) guard: HostGuard,
}

impl Acceptor {
    /// Accepts until told to stop; then every connection ends with the request it is answering.
    pub(super) async fn run(self, tasks: Shutdown, stop: CancellationToken) -> GracefulShutdown {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(self.connections_max));
        loop {
            // Without a free place connections wait in the kernel's queue.
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place,
                () = stop.cancelled() => return graceful,
            };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => return graceful,
            };
            match accepted {
                Ok(stream) => {
                    let served = self.serve(stream, graceful.watcher());
                    tasks.spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
                Err(problem) => {
                    // A client that went away already, or no file descriptors left: others may have better luck soon.
                    warn!(%problem, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn serve(&self, stream: Stream, watcher: Watcher) -> impl Future<Output = ()> + Send + use<> {
        let watch = Watch::new(Arc::clone(&self.clock));
        let stream = TokioIo::new(Watched::new(stream, watch.clone()));
        let (site, watched) = (Arc::clone(&self.site), watch.clone());
        let service =
            service_fn(move |request| answer(Arc::clone(&site), watched.clone(), request));
        let connection = http1::Builder::new()
            .max_header_size(HEAD_BYTES_MAX)
            .serve_connection(stream, service);
        let connection = watcher.watch(connection);
        let open = self.metrics.connections.clone();
        async move {
            open.inc();
            tokio::select! {
                ended = connection => if let Err(problem) = ended {
                    debug!(%problem, "a connection ended early");
                },
                () = watch.overdue() => debug!("a connection was too slow and is closed"),
            }
            open.dec();
        }
    }
}

async fn answer(
    site: Arc<Site>,
    watch: Watch,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    watch.busy();
    let response = match site.guard.check(&request) {
        Ok(()) => site.router.clone().call(request.map(Body::new)).await,
        Err(refusal) => Ok(refusal),
    };
    watch.idle();
    response
}

/// Request line and headers together, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
