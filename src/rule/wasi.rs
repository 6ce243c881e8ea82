//! Inert WASI 0.2, for guests whose language insists on it: no files, no environment, no network. Clocks and randomness
//! work, and output goes to the rule's log. The context is made when a guest first calls WASI, which most never do.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{self, OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
};

use super::bindings::v1::rulemint::rule::host::Level;
use super::limits::{HANDLES_MAX, WASI_RANDOM_BYTES_MAX};
use super::log::CallLog;
use super::state::CallState;
use crate::clock::Clock;

/// The WASI context of one call.
pub(super) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    output: Output,
}

impl Wasi {
    fn new(clock: &Arc<dyn Clock>, log_bytes: u32) -> Self {
        let output = Output::new(log_bytes as usize);
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let context = WasiCtxBuilder::new()
            .stdout(output.clone())
            .stderr(output.clone())
            .max_random_size(WASI_RANDOM_BYTES_MAX)
            .wall_clock(Coarse(Arc::clone(clock)))
            .monotonic_clock(Coarse(Arc::clone(clock)))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        Self {
            context,
            table,
            output,
        }
    }

    /// Passes what the guest printed on to its log, line by line.
    pub(super) fn drain_into(&self, log: &mut CallLog) {
        let printed = self.output.take();
        for line in String::from_utf8_lossy(&printed).lines() {
            log.push(Level::Info, line);
        }
    }
}

/// Links WASI 0.2.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let rule = &self.rule;
        let wasi = self.wasi.get_or_insert_with(|| {
            let log_bytes = rule.manifest.limits.log_bytes;
            Box::new(Wasi::new(&rule.surroundings.clock, log_bytes))
        });
        WasiCtxView {
            ctx: &mut wasi.context,
            table: &mut wasi.table,
        }
    }
}

/// The server's clock in whole milliseconds: too coarse to time a cache with.
struct Coarse(Arc<dyn Clock>);

impl HostWallClock for Coarse {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let now = self.0.since_epoch();
        Duration::new(now.as_secs(), now.subsec_millis() * 1_000_000)
    }
}

impl HostMonotonicClock for Coarse {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        let millis = u64::try_from(self.0.monotonic().as_millis()).unwrap_or(u64::MAX);
        millis.saturating_mul(1_000_000)
    }
}

/// Standard output and error of a guest: keeps the first bytes and swallows the rest.
#[derive(Clone)]
struct Output {
    bytes_max: usize,
    /// Held for one write at a time, never across an await.
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Output {
    fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            kept: Arc::default(),
        }
    }

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.bytes_max.saturating_sub(kept.len());
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.keep(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.keep(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What a guest may write in one go, in bytes.
const WRITE_BYTES_MAX: usize = 4_096;
