//! What a rule needed where it ran, and the limits that would be enough for it.

use serde::Serialize;

use crate::rule::{Limits, Rehearsal};
use crate::workbench::bench::Spread;

/// What a rule needed, over every event it was tried with.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Needs {
    /// The most memory, in bytes.
    pub memory_bytes: u64,
    /// Processor time as the server counts it, in milliseconds.
    pub processor_ms: u64,
    /// From the file to a rule that can run, compiling included, in milliseconds.
    pub load_ms: u64,
    /// Whole calls, in microseconds.
    pub call_us: Option<Spread>,
    /// The limits that are too small, as lines for the manifest.
    pub raise: Vec<String>,
}

/// A limit and what would be enough.
struct Need {
    key: &'static str,
    needed: u64,
    limit: u64,
    enough: u64,
    /// The largest that a manifest may give.
    most: u64,
}

impl Needs {
    pub(super) fn note(&mut self, rehearsal: &Rehearsal) {
        self.memory_bytes = self.memory_bytes.max(rehearsal.memory_bytes);
        let processor = u64::try_from(rehearsal.processor.as_millis()).unwrap_or(u64::MAX);
        self.processor_ms = self.processor_ms.max(processor);
    }

    /// Compares with the limits in force.
    pub(super) fn judge(&mut self, limits: &Limits, file_bytes: u64) {
        let needs = self.against(limits, file_bytes);
        let short = needs.iter().filter(|need| need.needed > need.limit);
        let raise = short.map(|need| format!("{} = {}", need.key, need.enough.min(need.most)));
        self.raise.extend(raise);
    }

    /// Time gets some headroom: the server may have a busier machine.
    fn against(&self, limits: &Limits, file_bytes: u64) -> [Need; 4] {
        let most = Limits::largest();
        let wall_ms = self.call_us.map_or(0, |spread| (spread.max / 1e3) as u64);
        [
            Need {
                key: "file_bytes",
                needed: file_bytes,
                limit: limits.file_bytes,
                enough: up_to_mib(file_bytes),
                most: most.file_bytes,
            },
            Need {
                key: "memory_bytes",
                needed: self.memory_bytes,
                limit: limits.memory_bytes,
                enough: up_to_mib(self.memory_bytes),
                most: most.memory_bytes,
            },
            Need {
                key: "cpu_ms",
                needed: self.processor_ms,
                limit: limits.cpu_ms.into(),
                enough: self.processor_ms * HEADROOM,
                most: most.cpu_ms.into(),
            },
            Need {
                key: "wall_ms",
                needed: wall_ms,
                limit: limits.wall_ms.into(),
                enough: wall_ms * HEADROOM,
                most: most.wall_ms.into(),
            },
        ]
    }

    /// The time that loading took, in whole seconds begun, and a limit that leaves room for a busier machine.
    fn loading_seconds(&self) -> (u64, u64) {
        let took = self.load_ms.div_ceil(1000);
        let most = Limits::largest().compile_seconds.into();
        (took, (took * HEADROOM).min(most))
    }

    /// For a rule that did not load within its limits: whether time was among what it lacked.
    pub(super) fn judge_loading(&mut self, limits: &Limits) {
        let (took, advised) = self.loading_seconds();
        if took > limits.compile_seconds.into() {
            self.raise.push(format!("compile_seconds = {advised}"));
        }
    }

    /// For one that did load: the server takes it, but perhaps not on a busier machine.
    pub(super) fn tight_loading(&self, limits: &Limits) -> Option<String> {
        let (took, advised) = self.loading_seconds();
        let limit = u64::from(limits.compile_seconds);
        (took * TIGHT > limit).then(|| {
            format!(
                "loading it takes {took} s here, and may take {limit} s of processor time (limits.compile_seconds): on a \
                 busier machine that may be too little; compile_seconds = {advised} leaves room"
            )
        })
    }
}

fn up_to_mib(bytes: u64) -> u64 {
    bytes.div_ceil(MIB) * MIB
}

const HEADROOM: u64 = 3;
/// Loading that takes more than one in so many parts of its limit is worth a word.
const TIGHT: u64 = 2;
const MIB: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_never_leaves_the_range_that_a_manifest_may_give() {
        let mut needs = Needs {
            processor_ms: 4_000,
            ..Needs::default()
        };
        needs.judge(&Limits::default(), 0);
        assert_eq!(needs.raise, ["cpu_ms = 10000"]);
    }
}
