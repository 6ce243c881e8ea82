//! Watches over one connection, so that nobody holds a place by being slow.
//!
//! The HTTP library can time a request's head, but takes an idle connection for a slow one and closes it after the same
//! few seconds, under the feet of clients that keep a pool. Here a connection may idle for long, and once the first
//! byte of a request is there the head has to arrive soon. One timer per connection, re-armed when it fires.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::sleep;

use super::listener::Stream;
use crate::clock::Clock;

/// What a connection is waiting for, and until when. Shared by the stream, the service and the watch.
#[derive(Clone)]
pub(super) struct Watch {
    /// Milliseconds on the monotonic clock; the lowest bit says whether the connection idles.
    deadline: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

impl Watch {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let watch = Self {
            deadline: Arc::default(),
            clock,
        };
        watch.idle();
        watch
    }

    /// Between requests.
    pub(super) fn idle(&self) {
        self.deadline
            .store(self.after(IDLE_TIMEOUT) | IDLE, Ordering::Relaxed);
    }

    /// A request is being answered: it has time limits of its own.
    pub(super) fn busy(&self) {
        self.deadline.store(NEVER, Ordering::Relaxed);
    }

    /// Bytes arrived: if they are a request's first, the rest of its head must follow.
    fn received(&self) {
        if self.deadline.load(Ordering::Relaxed) & IDLE == IDLE {
            self.deadline
                .store(self.after(HEAD_TIMEOUT) & !IDLE, Ordering::Relaxed);
        }
    }

    fn after(&self, time: Duration) -> u64 {
        let end = self.clock.monotonic() + time;
        u64::try_from(end.as_millis()).unwrap_or(NEVER)
    }

    /// Resolves when the connection is overdue.
    pub(super) async fn overdue(self) {
        loop {
            let now = u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(NEVER);
            let deadline = self.deadline.load(Ordering::Relaxed);
            let left = Duration::from_millis(deadline.saturating_sub(now));
            if left.is_zero() {
                return;
            }
            sleep(left.min(HEAD_TIMEOUT)).await;
        }
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
/// How long a request's head may take from its first byte to its last.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE: u64 = 1;
/// Even: not idle.
const NEVER: u64 = u64::MAX - 1;
