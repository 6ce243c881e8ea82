//! What one sandbox holds: the draft that it serves, its log, and what it has used of its limits.

use std::mem;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};

use super::Rule;
use super::bindings::v1::rulemint::rule::host::Level;
use super::engine::{FIRST_TICK, Slow, TICK};
use super::error::LimitHit;
use super::limits::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX};
use super::log::CallLog;
use super::outbound::Calls;
use super::wasi::Wasi;
use crate::grant::Draft;
use crate::telemetry::metrics::HostCalls;

/// The state of one call. It moves into the sandbox's store and out again. In a sandbox that is kept, the next call's takes
/// its place.
pub(super) struct CallState {
    pub(super) draft: Option<Box<Draft>>,
    pub(super) rule: Employer,
    /// Which of the sandbox's calls it is: what the guest holds of an earlier one's request is worth nothing.
    pub(super) turn: u32,
    /// In place of the rule's own, for a rehearsal.
    pub(super) settings: Option<Arc<RawValue>>,
    pub(super) log: CallLog,
    /// Made when the guest first calls WASI: most never do.
    pub(super) wasi: Option<Box<Wasi>>,
    /// Made when the guest first calls wasi:http.
    pub(super) http: Option<Box<Calls>>,
    pub(super) memory: MemoryMeter,
    pub(super) pace: Pace,
    /// When the call began, on the monotonic clock.
    pub(super) started: Duration,
    /// Time spent inside the guest, as far as ticks have shown it.
    spent: Duration,
    /// Ticks that found the guest running.
    ticks: u32,
    /// Set from the first tick on.
    slow: Option<Slow>,
    host_call_bytes_left: usize,
    pub(super) host_calls: HostCalls,
}

impl CallState {
    pub(super) fn new(rule: Arc<Rule>, draft: Option<Box<Draft>>, pace: Pace) -> Self {
        let limits = &rule.manifest.limits;
        Self {
            log: CallLog::new(limits.log_bytes),
            memory: MemoryMeter::new(limits.memory_bytes),
            host_call_bytes_left: limits.host_call_bytes as usize,
            host_calls: HostCalls::default(),
            wasi: None,
            http: None,
            settings: None,
            pace,
            started: rule.surroundings.clock.monotonic(),
            spent: Duration::ZERO,
            ticks: 0,
            slow: None,
            turn: 0,
            draft,
            rule: Employer(Some(rule)),
        }
    }

    /// Begins the next call in a sandbox that was kept. Only what is the guest's own stays: its memory, and the handles
    /// of WASI that it holds.
    pub(super) fn begin(&mut self, rule: Arc<Rule>, draft: Box<Draft>) {
        let next = Self::new(rule, Some(draft), Pace::Patient);
        let last = mem::replace(self, next);
        self.turn = last.turn.wrapping_add(1);
        self.wasi = last.wasi;
        self.memory.used = last.memory.used;
    }

    /// Lets go of the rule, once a call is over and its outcome was taken out.
    pub(super) fn rest(&mut self) {
        self.rule = Employer(None);
        self.slow = None;
    }

    /// Whether something goes on that the call has begun: a request whose answer it did not wait for.
    pub(super) fn is_busy(&self) -> bool {
        self.http
            .as_ref()
            .is_some_and(|calls| calls.hooks.is_busy())
    }

    /// The request, which is there whenever a guest can ask for it.
    pub(super) fn request(&self) -> wasmtime::Result<&Draft> {
        self.draft
            .as_deref()
            .ok_or_else(|| wasmtime::format_err!("there is no request in this call"))
    }

    /// What the rule reads as its settings.
    pub(super) fn settings_in_force(&self) -> &RawValue {
        self.settings.as_deref().unwrap_or(&self.rule.settings)
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            ticks: self.ticks,
            processor: self.spent,
            memory_bytes: self.memory.used,
            host_calls: self.host_calls,
        }
    }

    /// Moves what the guest printed, and what there is to say about its requests, into its log.
    pub(super) fn collect_printed(&mut self) {
        let secrets = &self.rule.capabilities.secrets;
        if let Some(wasi) = &self.wasi {
            wasi.drain_into(&mut self.log, secrets);
        }
        let notes = self.http.take().map(|calls| calls.notes());
        for note in notes.into_iter().flatten() {
            self.log.push(Level::Warn, &secrets.scrub(&note));
        }
    }

    /// Charges what the guest hands over: host functions run outside its processor time.
    pub(super) fn charge(&mut self, bytes: usize) -> wasmtime::Result<()> {
        match self.host_call_bytes_left.checked_sub(bytes) {
            Some(left) => self.host_call_bytes_left = left,
            None => {
                let limit = self.rule.manifest.limits.host_call_bytes;
                return Err(LimitHit::HostCalls(limit).into());
            }
        }
        Ok(())
    }
}

/// The rule that a sandbox works for. One that waits for its next call has none: it belongs to its rule, and would keep
/// it alive for ever.
pub(super) struct Employer(Option<Arc<Rule>>);

impl Deref for Employer {
    type Target = Arc<Rule>;

    fn deref(&self) -> &Arc<Rule> {
        self.0
            .as_ref()
            .expect("a guest runs only in a call, and each begins with its rule")
    }
}

/// What a call has used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Ticks that found the guest running: 0 for a call that was over before the first one came.
    pub(super) ticks: u32,
    /// Processor time inside the guest, as far as ticks have shown it.
    pub(super) processor: Duration,
    /// The most that any one of its memories had, in bytes.
    pub(super) memory_bytes: u64,
    /// What it asked the host for.
    pub(super) host_calls: HostCalls,
}

/// How a call runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// On the caller's stack: the cheapest way, for a call that is over before the first tick.
    Quick,
    /// On a stack of its own, from which it can let others run in between.
    Patient,
}

/// A quick call has seen a tick: it is to begin again as a patient one.
#[derive(Debug, thiserror::Error)]
#[error("the call takes longer than a quick one may")]
pub(super) struct NotQuick;

/// Called at each epoch tick that finds the guest running: counts it, and lets other requests run before going on.
pub(super) fn on_tick(
    mut store: StoreContextMut<'_, CallState>,
) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data_mut();
    let surroundings = &state.rule.surroundings;
    state.ticks = state.ticks.saturating_add(1);
    if state.pace == Pace::Quick {
        return Err(NotQuick.into());
    }
    if state.slow.is_none() {
        // What is longer than the first tick was spent waiting: a guest that ran all the time would have been seen.
        let since = surroundings.clock.monotonic().saturating_sub(state.started);
        state.spent += since.min(FIRST_TICK);
        state.slow = Some(surroundings.engine.slow());
    } else {
        state.spent += TICK;
    }
    let budget = state.rule.manifest.limits.cpu_ms;
    if state.spent > Duration::from_millis(budget.into()) {
        return Err(LimitHit::Cpu(budget).into());
    }
    // Tokio's own yield lets its I/O driver run too; waking oneself would starve it.
    Ok(UpdateDeadline::YieldCustom(
        1,
        Box::pin(tokio::task::yield_now()),
    ))
}

/// Holds a sandbox to its memory, and says which limit it was.
pub(super) struct MemoryMeter {
    limit: u64,
    /// The most that any one memory had, in bytes.
    pub(super) used: u64,
}

impl MemoryMeter {
    /// A meter for a sandbox that may have this many bytes.
    pub(super) const fn new(limit: u64) -> Self {
        Self { limit, used: 0 }
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let (wanted, limit) = (desired as u64, self.limit);
        if wanted > limit {
            return Err(LimitHit::Memory { wanted, limit }.into());
        }
        self.used = self.used.max(wanted);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS_MAX {
            let (wanted, limit) = (desired as u64, TABLE_ELEMENTS_MAX as u64);
            return Err(LimitHit::Table { wanted, limit }.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        CORE_INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}
