//! Accepts connections and serves them.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;
use tracing::{debug, warn};

use super::connection::{Served, Supervisor, Watch, Watched};
use super::listener::{Accepted, Listeners};
use crate::audit::Peer;
use crate::clock::Clock;
use crate::http::HostGuard;
use crate::shutdown::Shutdown;
use crate::telemetry::metrics::Metrics;

/// Everything that serving a connection needs.
pub(super) struct Acceptor {
    pub(super) listeners: Listeners,
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
    /// Accepts until told to stop; then every connection ends with the request it is answering, and `tasks` knows when
    /// all have.
    pub(super) async fn run(self, tasks: Shutdown, stop: CancellationToken) {
        let supervisor = Arc::new(Supervisor::new(Arc::clone(&self.clock)));
        tasks.spawn(Arc::clone(&supervisor).run(stop.clone()));
        let places = Arc::new(Semaphore::new(self.connections_max));
        loop {
            // Without a free place connections wait in the kernel's queue.
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place,
                () = stop.cancelled() => break,
            };
            let accepted = tokio::select! {
                accepted = self.listeners.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok(accepted) => {
                    let served = self.serve(accepted, supervisor.watch());
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
        supervisor.finish_all();
    }

    fn serve(&self, accepted: Accepted, watch: Watch) -> impl Future<Output = ()> + Send + use<> {
        let service = Serve {
            site: Arc::clone(&self.site),
            watch,
            peer: None,
        };
        let open = self.metrics.connections.clone();
        async move {
            open.inc();
            if let Err(problem) = service.converse(accepted).await {
                debug!(problem, "a connection ended early");
            }
            open.dec();
        }
    }
}

/// Answers the requests of one connection.
struct Serve {
    site: Arc<Site>,
    watch: Watch,
    peer: Option<Peer>,
}

impl Serve {
    async fn converse(mut self, accepted: Accepted) -> Result<(), Box<dyn Error>> {
        let watch = self.watch.clone();
        let stream = accepted.establish().await?;
        self.peer = stream.peer().map(Peer);
        let stream = Watched::new(stream, watch.clone());
        let connection = http1::Builder::new()
            .max_header_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), self);
        Ok(Served::new(connection, watch).await?)
    }
}

impl Service<Request<Incoming>> for Serve {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        Box::pin(answer(Arc::clone(&self.site), self.watch.clone(), request))
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
        Err(refusal) => Ok(refusal.into_response()),
    };
    response.map(|response| until_sent(response, watch))
}

/// A connection idles from the moment there is an answer; if the answer goes on and on, from the moment it ends.
fn until_sent(response: Response, watch: Watch) -> Response {
    let until_end = IdleAtEnd(watch);
    match response.body().size_hint().exact() {
        Some(_) => response,
        None => response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _ = &until_end; // It is dropped with the body.
                frame
            }))
        }),
    }
}

struct IdleAtEnd(Watch);

impl Drop for IdleAtEnd {
    fn drop(&mut self) {
        self.0.idle();
    }
}

/// Request line and headers together, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
