//! What one sandbox can see and use: the request it serves, its limits, and the host functions of `wit/rule.wit`.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Resource;
use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};

use super::Rule;
use super::bindings::RequestHandle;
use super::bindings::v1::rulemint::rule::{cache, host, types};
use super::engine::{Slow, TICK};
use super::error::LimitHit;
use super::event::{Event, requested_scopes};
use super::limits::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX};
use super::log::CallLog;
use super::wasi::Wasi;
use crate::grant::Grant;

/// The state of one call. It moves into the sandbox's store and out again.
pub(super) struct CallState {
    pub(super) grant: Option<Box<Grant>>,
    pub(super) rule: Arc<Rule>,
    pub(super) log: CallLog,
    /// Made when the guest first calls WASI: most never do.
    pub(super) wasi: Option<Box<Wasi>>,
    pub(super) memory: MemoryMeter,
    pub(super) pace: Pace,
    /// When the call began, on the monotonic clock.
    pub(super) started: Duration,
    /// Time spent inside the guest, as far as ticks have shown it.
    spent: Duration,
    /// Set from the first tick on.
    slow: Option<Slow>,
    host_call_bytes_left: usize,
}

impl CallState {
    pub(super) fn new(rule: Arc<Rule>, grant: Option<Box<Grant>>, pace: Pace) -> Self {
        let limits = &rule.manifest.limits;
        Self {
            log: CallLog::new(limits.log_bytes),
            memory: MemoryMeter {
                limit: limits.memory_bytes,
                used: 0,
            },
            host_call_bytes_left: limits.host_call_bytes as usize,
            wasi: None,
            pace,
            started: rule.surroundings.clock.monotonic(),
            spent: Duration::ZERO,
            slow: None,
            grant,
            rule,
        }
    }

    /// The request, which is there whenever a guest can ask for it.
    fn request(&self) -> wasmtime::Result<&Grant> {
        self.grant
            .as_deref()
            .ok_or_else(|| wasmtime::format_err!("there is no request in this call"))
    }

    /// Charges what the guest hands over: host functions run outside its processor time.
    fn charge(&mut self, bytes: usize) -> wasmtime::Result<()> {
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
    if state.pace == Pace::Quick {
        return Err(NotQuick.into());
    }
    if state.slow.is_none() {
        state.spent += surroundings.clock.monotonic().saturating_sub(state.started);
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

type Request = Resource<RequestHandle>;

impl types::Host for CallState {}

impl types::HostRequest for CallState {
    fn transaction_id(&mut self, _: Request) -> wasmtime::Result<String> {
        Ok(self.request()?.transaction_id.to_string())
    }

    fn issued_at(&mut self, _: Request) -> wasmtime::Result<u64> {
        Ok(self.request()?.claims.issued_at)
    }

    fn lifetime(&mut self, _: Request) -> wasmtime::Result<u32> {
        Ok(self.request()?.claims.lifetime)
    }

    fn grant_type(&mut self, _: Request) -> wasmtime::Result<String> {
        Ok(self.request()?.wanted.grant_type.clone())
    }

    fn audience(&mut self, _: Request) -> wasmtime::Result<String> {
        Ok(self.request()?.claims.audience.to_string())
    }

    fn client_id(&mut self, _: Request) -> wasmtime::Result<String> {
        Ok(self.request()?.client.id.to_string())
    }

    fn client_name(&mut self, _: Request) -> wasmtime::Result<String> {
        Ok(self.request()?.client.name.to_string())
    }

    fn client_metadata(&mut self, _: Request, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.request()?.client.metadata.get(&name).cloned())
    }

    fn grant_id(&mut self, _: Request) -> wasmtime::Result<String> {
        Ok(self.request()?.permission.id.to_string())
    }

    fn subject_id(&mut self, _: Request) -> wasmtime::Result<Option<String>> {
        Ok(None) // Client credentials have no subject but the client.
    }

    fn subject_claim(&mut self, _: Request, _: String) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }

    fn requested_scopes(&mut self, _: Request) -> wasmtime::Result<Vec<String>> {
        Ok(requested_scopes(self.request()?)
            .map(str::to_owned)
            .collect())
    }

    fn granted_scopes(&mut self, _: Request) -> wasmtime::Result<Vec<String>> {
        Ok(self
            .request()?
            .claims
            .scope
            .values()
            .map(str::to_owned)
            .collect())
    }

    fn parameter(&mut self, _: Request, name: String) -> wasmtime::Result<Option<String>> {
        let parameters = &self.request()?.wanted.parameters;
        let found = parameters.iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn claim(&mut self, _: Request, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.request()?.claims.get(&name))
    }

    fn settings(&mut self, _: Request) -> wasmtime::Result<String> {
        Ok(self.rule.settings.get().to_owned())
    }

    fn event(&mut self, _: Request) -> wasmtime::Result<String> {
        let event = Event::new(self.request()?, &self.rule.settings)?;
        Ok(serde_json::to_string(&event)?)
    }

    fn drop(&mut self, _: Request) -> wasmtime::Result<()> {
        Ok(()) // A guest only ever borrows the request.
    }
}

impl host::Host for CallState {
    fn log(&mut self, level: host::Level, message: String) -> wasmtime::Result<()> {
        self.charge(message.len())?;
        self.log.push(level, &message);
        Ok(())
    }

    fn uuid_v4(&mut self) -> wasmtime::Result<String> {
        Ok(self.rule.surroundings.random.uuid_v4())
    }

    fn uuid_v7(&mut self) -> wasmtime::Result<String> {
        let surroundings = &self.rule.surroundings;
        Ok(surroundings
            .random
            .uuid_v7(surroundings.clock.since_epoch()))
    }
}

impl cache::Host for CallState {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.charge(key.len())?;
        let now = self.rule.surroundings.clock.monotonic();
        Ok(self
            .rule
            .cache
            .as_ref()
            .and_then(|cache| cache.get(&key, now)))
    }

    fn set(
        &mut self,
        key: String,
        value: String,
        ttl_seconds: u32,
    ) -> wasmtime::Result<Result<(), String>> {
        self.charge(key.len() + value.len())?;
        let now = self.rule.surroundings.clock.monotonic();
        let expires_at = now + Duration::from_secs(ttl_seconds.into());
        Ok(match &self.rule.cache {
            Some(cache) => cache.set(&key, &value, expires_at),
            None => Err("the manifest grants no cache; add a [cache] table".to_owned()),
        })
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.charge(key.len())?;
        if let Some(cache) = &self.rule.cache {
            cache.delete(&key);
        }
        Ok(())
    }
}
