//! The engine that rules run on, and the ticker that its time budgets need: one owner for both, so that neither is ever
//! there without the other.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::warn;
use wasmtime::{CacheStore, Config, InstanceAllocationStrategy, OptLevel, Strategy};

use super::pool;

/// The engine of a server. There is one, for its whole life.
pub struct Engine {
    engine: wasmtime::Engine,
    ticker: Arc<Ticker>,
}

impl Engine {
    /// Builds the engine and starts its ticker.
    ///
    /// # Errors
    /// When the machine cannot run it at all.
    pub fn new() -> wasmtime::Result<Self> {
        let mut config = config();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool::config()));
        let engine = wasmtime::Engine::new(&config).or_else(|problem| {
            // Containers with a limit on address space cannot reserve the pool.
            warn!(%problem, "no room for an instance pool; each call allocates its own, slower");
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            wasmtime::Engine::new(&config)
        })?;
        let ticker = Arc::new(Ticker::default());
        Ticker::start(&ticker, engine.clone());
        Ok(Self { engine, ticker })
    }

    /// An engine that only compiles, and reserves no memory for instances. It takes over functions that were compiled
    /// before.
    ///
    /// # Errors
    /// When the machine cannot run it at all.
    pub(super) fn compiler(
        functions: Option<Arc<dyn CacheStore>>,
    ) -> wasmtime::Result<wasmtime::Engine> {
        let mut config = config();
        config.parallel_compilation(false);
        if let Some(functions) = functions {
            config.enable_incremental_compilation(functions)?;
        }
        wasmtime::Engine::new(&config)
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// Keeps the ticker ticking until the guard is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        self.ticker.begin();
        Running(&self.ticker)
    }

    /// How many calls are under way.
    pub(super) fn calls_under_way(&self) -> u64 {
        self.ticker.running.load(Ordering::Relaxed)
    }

    /// Brings the ticks closer together until the guard is dropped.
    pub(super) fn slow(&self) -> Slow {
        self.ticker.slow.fetch_add(1, Ordering::Relaxed);
        Slow(Arc::clone(&self.ticker))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.ticker.stop();
    }
}

/// What compiling and running must agree on, or a compiled rule would be refused.
fn config() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(ASYNC_STACK_BYTES)
        .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES))
        .memory_reservation(MEMORY_RESERVATION_BYTES)
        .wasm_gc(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_exceptions(false)
        .wasm_stack_switching(false)
        .concurrency_support(false)
        .shared_memory(false);
    config
}

/// Advances the engine's epoch while rules run, and rests while none do.
///
/// Nearly every call is over before a tick comes, so ticks are far apart: each costs the processor that it interrupts
/// some microseconds. While a call runs that has seen one, they are close together.
#[derive(Default)]
struct Ticker {
    /// Calls under way.
    running: AtomicU64,
    /// Calls ever begun: how the ticker tells a lull from a pause between two calls.
    begun: AtomicU64,
    /// Calls under way that have seen a tick.
    slow: AtomicU64,
    resting: AtomicBool,
    stopped: AtomicBool,
    gate: Mutex<()>,
    wake: Condvar,
}

impl Ticker {
    fn start(ticker: &Arc<Self>, engine: wasmtime::Engine) {
        let ticker = Arc::clone(ticker);
        let tick = move || {
            while !ticker.stopped.load(Ordering::Acquire) {
                thread::sleep(match ticker.slow.load(Ordering::Relaxed) {
                    0 => FIRST_TICK,
                    _ => TICK,
                });
                engine.increment_epoch();
                ticker.rest_if_idle();
            }
        };
        let named = thread::Builder::new().name("rule-ticker".to_owned());
        named
            .spawn(tick)
            .expect("the process can start one more thread");
    }

    fn begin(&self) {
        self.running.fetch_add(1, Ordering::SeqCst);
        self.begun.fetch_add(1, Ordering::SeqCst);
        if self.resting.load(Ordering::SeqCst) {
            let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.resting.store(false, Ordering::SeqCst);
            self.wake.notify_one();
        }
    }

    /// Rests once nothing has run for [`IDLE_TICKS`]: an idle sidecar wakes nobody up.
    fn rest_if_idle(&self) {
        if self.running.load(Ordering::SeqCst) > 0 {
            return;
        }
        let begun = self.begun.load(Ordering::SeqCst);
        for _ in 0..IDLE_TICKS {
            thread::sleep(FIRST_TICK);
            if self.begun.load(Ordering::SeqCst) != begun {
                return;
            }
        }
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.resting.store(true, Ordering::SeqCst);
        // A call that began before it could see `resting` is seen here.
        while self.begun.load(Ordering::SeqCst) == begun && !self.stopped.load(Ordering::SeqCst) {
            gate = self.wake.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        self.resting.store(false, Ordering::SeqCst);
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_one();
    }
}

/// A call under way.
pub(super) struct Running<'e>(&'e Ticker);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A call that has seen a tick.
pub(super) struct Slow(Arc<Ticker>);

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.slow.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How far ticks are apart while a call runs that has seen one: the unit of its CPU budget from then on.
pub(super) const TICK: Duration = Duration::from_millis(1);
/// How far they are apart otherwise.
pub(super) const FIRST_TICK: Duration = Duration::from_millis(5);
const IDLE_TICKS: u32 = 20;
/// The JavaScript engine keeps a script's recursion below this, so that it ends in an error of the script's own.
const WASM_STACK_BYTES: usize = 1024 * 1024;
/// The difference to the guest's stack is what host functions have; 1 MiB is plenty and 0.5 MiB too little.
const ASYNC_STACK_BYTES: usize = 2 * 1024 * 1024;
const BACKTRACE_FRAMES: usize = 10;
/// A whole 32-bit address space behind each memory: then no access needs a bounds check.
const MEMORY_RESERVATION_BYTES: u64 = 1 << 32;
