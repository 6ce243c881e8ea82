//! The WASI of one call, inert: no files, no sockets, and nothing in the environment but what the manifest grants. Clocks and
//! randomness work.

mod output;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder, WasiView};

use super::Rule;
use super::limits::{HANDLES_MAX, WASI_RANDOM_BYTES_MAX};
use super::log::CallLog;
use super::secret::Secrets;
use crate::clock::Clock;
use output::Output;

/// The WASI context of one call, of either preview.
pub(super) struct Wasi {
    context: WasiP1Ctx,
    /// What the guest printed for its log.
    log: Output,
    /// What a program wrote to standard output, which is its answer.
    answer: Option<Output>,
}

/// What a program is given.
pub(super) struct Given {
    /// Its first argument: which call this is.
    pub(super) call: &'static str,
    /// Its standard input.
    pub(super) input: Vec<u8>,
}

impl Wasi {
    /// For a guest that imports WASI and needs nothing of it: whatever it prints goes to its log.
    pub(super) fn inert(rule: &Rule) -> Self {
        let log = log_of(rule);
        let mut builder = builder(rule, &log);
        builder.stdout(log.clone());
        Self::new(builder, log, None)
    }

    /// For a guest that is a program.
    pub(super) fn program(rule: &Rule, given: Given) -> Self {
        let log = log_of(rule);
        let answer = Output::new(rule.manifest.limits.output_bytes as usize);
        let mut builder = builder(rule, &log);
        builder
            .args(&[&*rule.name, given.call])
            .stdin(MemoryInputPipe::new(given.input))
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
