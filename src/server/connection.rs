//! Watches over connections, so that nobody holds a place by being slow, and ends them when the server stops.
//!
//! The HTTP library can time a request's head, but takes an idle connection for a slow one and closes it after the same
//! few seconds, under the feet of clients that keep a pool. Here a connection may idle for long, and once the first
//! byte of a request is there the head has to arrive soon. One task looks after all connections once a second: a
//! request pays for two stores and no timer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::listener::{HEAD_TIMEOUT, Stream};
use crate::clock::Clock;

/// Knows every open connection.
pub(super) struct Supervisor {
    clock: Arc<dyn Clock>,
    /// Held for a push or a pass, never across an await.
    watches: Mutex<Vec<Weak<State>>>,
}

/// What is known about one connection. Shared by its stream, its service, its task and the supervisor.
struct State {
    /// Milliseconds on the monotonic clock; the lowest bit says whether the connection idles.
    deadline: AtomicU64,
    /// What the supervisor wants of it: one of the orders below.
    order: AtomicU8,
    waker: AtomicWaker,
}

const GO_ON: u8 = 0;
/// End with the request under way, or at once between requests.
const FINISH: u8 = 1;
const END: u8 = 2;

impl Supervisor {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            watches: Mutex::default(),
        }
    }

    /// Begins to watch a connection.
    pub(super) fn watch(&self) -> Watch {
        let watch = Watch {
            clock: Arc::clone(&self.clock),
            state: Arc::new(State {
                deadline: AtomicU64::new(0),
                order: AtomicU8::new(GO_ON),
                waker: AtomicWaker::new(),
            }),
        };
        watch.idle();
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches.push(Arc::downgrade(&watch.state));
        watch
    }

    /// Ends connections that are overdue, until told to stop.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = sleep(ROUND) => self.end_overdue(),
                () = stop.cancelled() => return,
            }
        }
    }

    fn end_overdue(&self) {
        let now = millis(self.clock.monotonic());
        self.each(|state| {
            if state.deadline.load(Ordering::Relaxed) <= now {
                state.give(END);
            }
        });
    }

    /// Lets every connection end with the request under way.
    pub(super) fn finish_all(&self) {
        self.each(|state| state.give(FINISH));
    }

    fn each(&self, act: impl Fn(&State)) {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|watch| watch.upgrade().inspect(|state| act(state)).is_some());
    }
}

impl State {
    fn give(&self, order: u8) {
        self.order.fetch_max(order, Ordering::AcqRel);
        self.waker.wake();
    }
}

/// What a connection is waiting for, and until when.
#[derive(Clone)]
pub(super) struct Watch {
    state: Arc<State>,
    clock: Arc<dyn Clock>,
}

impl Watch {
    /// Between requests.
    pub(super) fn idle(&self) {
        self.state
            .deadline
            .store(self.after(IDLE_TIMEOUT) | IDLE, Ordering::Relaxed);
    }

    /// A request is being answered: it has time limits of its own.
    pub(super) fn busy(&self) {
        self.state.deadline.store(NEVER, Ordering::Relaxed);
    }

    /// Bytes arrived: if they are a request's first, the rest of its head must follow.
    fn received(&self) {
        if self.state.deadline.load(Ordering::Relaxed) & IDLE == IDLE {
            self.state
                .deadline
                .store(self.after(HEAD_TIMEOUT) & !IDLE, Ordering::Relaxed);
        }
    }

    fn after(&self, time: Duration) -> u64 {
        millis(self.clock.monotonic() + time)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER)
}

/// A connection being served, which also obeys its watch.
pub(super) struct Served<C> {
    connection: C,
    watch: Watch,
    finishing: bool,
}

impl<C> Served<C> {
    pub(super) fn new(connection: C, watch: Watch) -> Self {
        Self {
            connection,
            watch,
            finishing: false,
        }
    }
}

impl<C: GracefulConnection + Unpin> Future for Served<C> {
    type Output = Result<(), C::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.watch.state.waker.register(context.waker());
        match this.watch.state.order.load(Ordering::Acquire) {
            END => return Poll::Ready(Ok(())),
            FINISH if !this.finishing => {
                this.finishing = true;
                Pin::new(&mut this.connection).graceful_shutdown();
            }
            _ => {}
        }
        Pin::new(&mut this.connection).poll(context)
    }
}

/// A connection whose first bytes are noticed.
pub(super) struct Watched {
    stream: Stream,
    watch: Watch,
}

impl Watched {
    pub(super) fn new(stream: Stream, watch: Watch) -> Self {
        Self { stream, watch }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            this.watch.received();
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }
}

/// How long a connection may idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// How often the supervisor looks.
const ROUND: Duration = Duration::from_secs(1);
const IDLE: u64 = 1;
/// Even: not idle.
const NEVER: u64 = u64::MAX - 1;
