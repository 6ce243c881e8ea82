//! Inert WASI, for programs and for guests whose language insists on it: no files, no sockets, and nothing in the environment
//! but what the manifest grants. Clocks and randomness work. The context is made when a guest first calls WASI, which most never do.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{self, OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::Rule;
use super::limits::{HANDLES_MAX, WASI_RANDOM_BYTES_MAX};
use super::log::CallLog;
use super::outbound::Calls;
use super::secret::Secrets;
use super::state::CallState;
use crate::clock::Clock;

/// The WASI context of one call, of either preview.
pub(super) struct Wasi {
    context: WasiP1Ctx,
    /// What the guest printed for its log.
    log: Output,
    /// What a program wrote to standard output, which is its answer.
    answer: Option<Output>,
}

/// What a program is given.
pub(super) struct Program {
    /// Its first argument: which call this is.
    pub(super) call: &'static str,
    /// Its standard input.
    pub(super) input: Vec<u8>,
}

impl Wasi {
    /// For a guest that imports WASI and needs nothing of it: whatever it prints goes to its log.
    fn inert(rule: &Rule) -> Self {
        let log = log_of(rule);
        let mut builder = builder(rule, &log);
        builder.stdout(log.clone());
        Self::new(builder, log, None)
    }

    /// For a guest that is a program.
    pub(super) fn program(rule: &Rule, program: Program) -> Self {
        let log = log_of(rule);
        let answer = Output::new(rule.manifest.limits.output_bytes as usize);
        let mut builder = builder(rule, &log);
        builder
            .args(&[&*rule.name, program.call])
            .stdin(MemoryInputPipe::new(program.input))
            .stdout(answer.clone());
        Self::new(builder, log, Some(answer))
    }

    fn new(mut builder: WasiCtxBuilder, log: Output, answer: Option<Output>) -> Self {
        let mut context = builder.build_p1();
        context.ctx().table.set_max_capacity(HANDLES_MAX);
        Self {
            context,
            log,
            answer,
        }
    }

    pub(super) fn preview1(&mut self) -> &mut WasiP1Ctx {
        &mut self.context
    }

    /// What a program has written to standard output: as much as it may, and how many bytes it was in all.
    pub(super) fn written(&self) -> (Vec<u8>, usize) {
        self.answer.as_ref().map(Output::take).unwrap_or_default()
    }

    /// Where the handles of this call are kept.
    pub(super) fn table(&mut self) -> &mut ResourceTable {
        self.context.ctx().table
    }

    /// Passes what the guest printed on to its log, line by line.
    pub(super) fn drain_into(&self, log: &mut CallLog, secrets: &Secrets) {
        let (printed, _) = self.log.take();
        for line in secrets.scrub(&String::from_utf8_lossy(&printed)).lines() {
            log.push_printed(line);
        }
    }
}

/// A secret at the end of what the log holds is kept whole until it has been found.
fn log_of(rule: &Rule) -> Output {
    let longest = rule.capabilities.secrets.bytes_max();
    Output::new(rule.manifest.limits.log_bytes as usize + longest)
}

fn builder(rule: &Rule, log: &Output) -> WasiCtxBuilder {
    let clock = &rule.surroundings.clock;
    let mut builder = WasiCtxBuilder::new();
    builder
        .stderr(log.clone())
        .max_random_size(WASI_RANDOM_BYTES_MAX)
        .wall_clock(Coarse(Arc::clone(clock)))
        .monotonic_clock(Coarse(Arc::clone(clock)))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    for (name, value) in rule.capabilities.secrets.all_visible() {
        builder.env(name, value);
    }
    builder
}

/// Links WASI 0.2.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)
}

/// Links wasi:http 0.2, for rules whose manifest names hosts.
pub(super) fn link_http(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let (rule, answers_token) = (&self.rule, self.draft.is_some());
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::inert(rule)));
        let calls = self
            .http
            .get_or_insert_with(|| Calls::of(rule, answers_token));
        WasiHttpCtxView {
            hooks: &mut calls.hooks,
            table: wasi.table(),
            ctx: &mut calls.context,
        }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi().context.ctx()
    }
}

impl CallState {
    /// What this call sends.
    pub(super) fn calls(&mut self) -> &mut Calls {
        let (rule, answers_token) = (&self.rule, self.draft.is_some());
        self.http
            .get_or_insert_with(|| Calls::of(rule, answers_token))
    }

    /// The context, made when it is first asked for: most guests never do.
    pub(super) fn wasi(&mut self) -> &mut Wasi {
        let rule = &self.rule;
        self.wasi.get_or_insert_with(|| Box::new(Wasi::inert(rule)))
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

/// A stream that a guest writes to: keeps the first bytes, swallows the rest, and counts.
#[derive(Clone)]
struct Output {
    bytes_max: usize,
    /// Held for one write at a time, never across an await.
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    beginning: Vec<u8>,
    bytes: usize,
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
        let room = self.bytes_max.saturating_sub(kept.beginning.len());
        kept.beginning
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        kept.bytes = kept.bytes.saturating_add(bytes.len());
    }

    fn take(&self) -> (Vec<u8>, usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { beginning, bytes } = std::mem::take(&mut *kept);
        (beginning, bytes)
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

/// What a guest may write in one go, in bytes: as much as an answer can have, for there are languages whose libraries
/// forget what was left over.
const WRITE_BYTES_MAX: usize = 1024 * 1024;
