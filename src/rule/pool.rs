//! The pool that sandboxes are taken from: how large it is, and how full at this moment.

use wasmtime::PoolingAllocationConfig;
use wasmtime::component::Component;

use super::Surroundings;
use super::limits::{CORE_INSTANCES_MAX, MEMORIES_MAX, MEMORY_BYTES_MAX, TABLE_ELEMENTS_MAX};

pub(super) fn config() -> PoolingAllocationConfig {
    let per_component = u32::try_from(CORE_INSTANCES_MAX).unwrap_or(u32::MAX);
    let memories = u32::try_from(MEMORIES_MAX).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(CALLS_AT_ONCE)
        .total_core_instances(CORE_INSTANCES)
        .total_memories(MEMORIES)
        .total_tables(TABLES)
        .total_stacks(CALLS_AT_ONCE)
        .max_core_instances_per_component(per_component)
        .max_memories_per_component(memories)
        .max_tables_per_component(per_component)
        .max_memories_per_module(2)
        .max_tables_per_module(2)
        .max_memory_size(MEMORY_BYTES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES);
    pool
}

/// How many calls' share of the pool an instance of a component takes.
pub(super) fn share(component: &Component) -> u32 {
    let Some(needed) = component.resources_required() else {
        return 1;
    };
    let memories = needed.num_memories.div_ceil(MEMORIES_BY_CALL);
    memories
        .max(needed.num_tables.div_ceil(TABLES_BY_CALL))
        .max(1)
}

impl Surroundings {
    /// Writes into the metrics how full the pool is now.
    pub fn observe_pool(&self) {
        let metrics = &self.metrics.pool;
        metrics.set_calls(self.engine.calls_under_way(), CALLS_AT_ONCE);
        let Some(pool) = self.engine.wasmtime().pooling_allocator_metrics() else {
            return; // The machine has no room for one.
        };
        let resources = [
            (
                "component_instances",
                pool.component_instances(),
                CALLS_AT_ONCE,
            ),
            ("core_instances", pool.core_instances(), CORE_INSTANCES),
            ("memories", pool.memories() as u64, MEMORIES),
            ("tables", pool.tables() as u64, TABLES),
            ("stacks", pool.stacks() as u64, CALLS_AT_ONCE),
        ];
        for (resource, used, max) in resources {
            metrics.set_used(resource, used, max);
        }
    }
}

/// Rule calls under way at the same moment; one more is told to come back later.
pub(super) const CALLS_AT_ONCE: u32 = 128;
/// As many as calls can have at most: a core instance takes no place beforehand.
const CORE_INSTANCES: u32 = CALLS_AT_ONCE * CORE_INSTANCES_MAX as u32;
const MEMORIES: u32 = CALLS_AT_ONCE * MEMORIES_BY_CALL;
const TABLES: u32 = CALLS_AT_ONCE * TABLES_BY_CALL;
/// Memories that there are for each call.
const MEMORIES_BY_CALL: u32 = 2;
/// Tables that there are for each call.
const TABLES_BY_CALL: u32 = 4;
/// What a call touches is kept for the next one instead of being handed back to the operating system each time.
const KEEP_RESIDENT_BYTES: usize = 4 * 1024 * 1024;
