//! How much a rule may use. Every limit has a number and a unit; none can be switched off.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limits of one rule. A manifest's `[limits]` changes them, within the ranges given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Time spent inside the sandbox for one token, in milliseconds. Waiting does not count.
    #[schemars(range(min = 1, max = 10_000))]
    pub cpu_ms: u32,
    /// Time from the start of a call to its end, in milliseconds, waiting included.
    #[schemars(range(min = 1, max = 60_000))]
    pub wall_ms: u32,
    /// Each linear memory of the sandbox, in bytes.
    #[schemars(range(min = 65_536, max = 268_435_456))]
    pub memory_bytes: u64,
    /// The answer of a call: all names and values together, in bytes.
    #[schemars(range(min = 64, max = 1_048_576))]
    pub output_bytes: u32,
    /// The log of a call, in bytes; what is over it is cut.
    #[schemars(range(max = 1_048_576))]
    pub log_bytes: u32,
    /// What a call may hand to host functions, and any one answer, in bytes.
    #[schemars(range(min = 1_024, max = 67_108_864))]
    pub host_call_bytes: u32,
    /// The file, in bytes.
    #[schemars(range(min = 8, max = 67_108_864))]
    pub file_bytes: u64,
    /// Processor time for compiling the file, in seconds.
    #[schemars(range(min = 1, max = 600))]
    pub compile_seconds: u32,
    /// Address space for compiling the file, in bytes.
    #[schemars(range(min = 268_435_456_u64, max = 17_179_869_184_u64))]
    pub compile_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_ms: 50,
            wall_ms: 250,
            memory_bytes: 32 * MIB,
            output_bytes: 64 * 1024,
            log_bytes: 8 * 1024,
            host_call_bytes: 1024 * 1024,
            file_bytes: 4 * MIB,
            compile_seconds: 10,
            compile_bytes: 1024 * MIB,
        }
    }
}

impl Limits {
    /// The largest limits a manifest may give: to find out what a rule needs.
    pub(crate) fn largest() -> Self {
        Self {
            cpu_ms: 10_000,
            wall_ms: 60_000,
            memory_bytes: MEMORY_BYTES_MAX as u64,
            output_bytes: 1024 * 1024,
            log_bytes: 1024 * 1024,
            host_call_bytes: 64 * 1024 * 1024,
            file_bytes: FILE_BYTES_MAX,
            compile_seconds: 600,
            compile_bytes: 16 * 1024 * MIB,
        }
    }

    /// The wall budget as a duration.
    pub(super) fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms.into())
    }
}

const MIB: u64 = 1024 * 1024;

/// The largest `memory_bytes` a manifest may give, in bytes: what the pool reserves address space for.
pub(super) const MEMORY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The largest `file_bytes` a manifest may give, in bytes: what the directory scan reads at most.
pub const FILE_BYTES_MAX: u64 = 64 * MIB;
/// Lines in the log of one call.
pub(super) const LOG_LINES_MAX: u32 = 50;
/// Live handles to host resources in one call.
pub(super) const HANDLES_MAX: usize = 1_000;
/// Elements of each table of the sandbox.
pub(super) const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Core instances, and tables, that a component may consist of.
pub(super) const CORE_INSTANCES_MAX: usize = 32;
/// Linear memories that a component may have in all.
pub(super) const MEMORIES_MAX: usize = 4;
/// Random bytes a guest may ask the host for at once.
pub(super) const RANDOM_BYTES_MAX: u32 = 64 * 1024;
/// Random bytes a guest may ask WASI for at once.
pub(super) const WASI_RANDOM_BYTES_MAX: u64 = 64 * 1024;
